"""Events as programs are told them: one JSON object each, its ``type`` first. An event says what to read again, not how
it is.

Each is made of the event of the services whose name it has, so that what is told and what is documented is one thing.
"""

import re
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, Union, get_args, get_type_hints

import msgspec
from msgspec import Struct

from controller.services.events import Lagged
from controller.web import sse
from controller.web.api.values import Told

_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")


def _name(kind: type[sse.Told]) -> str:
    return "everything_changed" if kind is Lagged else _WORD.sub("_", kind.__name__).lower()


def _struct(kind: type[sse.Told]) -> type[Struct]:
    hints = get_type_hints(kind)
    return msgspec.defstruct(
        f"{kind.__name__}Told",
        [(one.name, hints[one.name]) for one in fields(kind)],
        bases=(Told,),
        namespace={"__doc__": kind.__doc__},
        tag_field="type",
        tag=_name(kind),
    )


_STRUCTS: Final[Mapping[type, type[Struct]]] = {kind: _struct(kind) for kind in get_args(sse.Told)}
EventTold: Final[Any] = Union[tuple(_STRUCTS.values())]  # noqa: UP007 - of what is known only here


def api_voice(event: sse.Told) -> tuple[tuple[str, str], ...]:
    """The event for programs."""
    told = _STRUCTS[type(event)](**{one.name: getattr(event, one.name) for one in fields(event)})
    return ((_name(type(event)), msgspec.json.encode(told).decode()),)
