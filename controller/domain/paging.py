"""Where one page of a list ends and the next begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a list of which the newest is first: by its instant, and by its id among equals."""

    at_us: int
    key: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """Part of a list. ``next`` is where the last of it stands, None where nothing comes after it."""

    items: Sequence[T_co]
    next: Place | None
