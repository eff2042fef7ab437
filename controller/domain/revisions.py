"""What a bulletin or a programme was before it was changed."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """One state of one subject (a bulletin or a programme), as plain JSON; ``number`` counts from 1, without gaps.

    Sounds are in it by their ids: they never change and are kept.
    """

    subject_id: str
    number: int
    at_us: int
    by: str
    content: dict[str, Any]
