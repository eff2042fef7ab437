"""How this station says a word that the voices get wrong."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Pronunciation:
    """``written`` in a text of ``language`` is read as ``spoken``. One in lower case stands for every case."""

    language: str
    written: str
    spoken: str
    changed_at_us: int
    changed_by: str
