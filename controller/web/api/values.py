"""What the rooms of the API share: instants, lists, and how a record of the domain becomes one of the API."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from controller.web.api.endpoint import Query

T = TypeVar("T", bound=Struct)
LIST_LENGTH = 100
LONGEST_LIST = 1_000

Limit = Annotated[int, Meta(ge=1, le=LONGEST_LIST, description="How many at most.")]


class ListQuery(Query):
    """How much of a list."""

    limit: Limit = LIST_LENGTH


class Told(Struct, kw_only=True):
    """Base of what is answered."""


def told(kind: type[T], of: object, /, **more: Any) -> T:
    """``kind`` with those of its fields that ``of`` has; ``more`` gives the others."""
    names = [one.encode_name for one in msgspec.structs.fields(kind) if one.encode_name not in more]
    return kind(**{name: getattr(of, name) for name in names if hasattr(of, name)}, **more)
