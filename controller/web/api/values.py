"""What the rooms of the API share: instants, lists, and how a record of the domain becomes one of the API."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from controller.domain.errors import Invalid
from controller.domain.paging import Place
from controller.web.api.endpoint import Query

T = TypeVar("T", bound=Struct)
LIST_LENGTH = 100
LONGEST_LIST = 1_000

Before = Annotated[str, Meta(description="What `next` of the page before said; empty for the first page.")]
Limit = Annotated[int, Meta(ge=1, le=LONGEST_LIST, description="How many at most.")]


class ListQuery(Query):
    """How much of a list."""

    limit: Limit = LIST_LENGTH


class PageQuery(ListQuery):
    """How much of a list, and where it begins."""

    before: Before = ""


class Told(Struct, kw_only=True):
    """Base of what is answered."""


def place(before: str) -> Place | None:
    """What `following` wrote. Raises `Invalid` (``bad_request``)."""
    if not before:
        return None
    at_us, dot, key = before.partition(".")
    if not (dot and at_us.isascii() and at_us.isdigit() and len(at_us) < 19):
        raise Invalid("before is not what next said", code="bad_request")
    return Place(int(at_us), key)


def following(after: Place | None) -> str | None:
    """``next`` of a page."""
    return None if after is None else f"{after.at_us}.{after.key}"


def told(kind: type[T], of: object, /, **more: Any) -> T:
    """``kind`` with those of its fields that ``of`` has; ``more`` gives the others."""
    names = [one.encode_name for one in msgspec.structs.fields(kind) if one.encode_name not in more]
    return kind(**{name: getattr(of, name) for name in names if hasattr(of, name)}, **more)
