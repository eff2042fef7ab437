"""Messages to bytes and back. Unknown types and fields from outside are ignored and counted."""

from typing import Any, Generic, TypeVar, get_args

import msgspec

from agents.protocol.documents import Document, Order, Play, Rundown
from agents.protocol.errors import MalformedMessage, TooLarge
from agents.protocol.messages import ClearMessage, FromController, FromDevice, Message
from agents.protocol.values import RenditionName
from agents.protocol.version import (
    FRAMES_PER_SECOND,
    MAX_AIRING_S,
    MAX_DOCUMENT_BYTES,
    MAX_HELLO_BYTES,
    MAX_MESSAGE_BYTES,
)

_encoder = msgspec.json.Encoder()
_M = TypeVar("_M", bound=Message)
_DOCUMENT: Any = Document


def encode(message: Message) -> bytes:
    """The JSON of a message, ``type`` first."""
    return _encoder.encode(message)


def encode_document(document: Document) -> bytes:
    """The JSON of a document: the bytes to sign."""
    return _encoder.encode(document)


def decode_document(payload: bytes) -> Document:
    """Raises `TooLarge` or `MalformedMessage`."""
    if len(payload) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"a document of {len(payload)} bytes; at most {MAX_DOCUMENT_BYTES} are allowed")
    try:
        document: Document = msgspec.json.decode(payload, type=_DOCUMENT)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedMessage(str(error)) from error
    _require_playable(document)
    return document


def _require_playable(document: Document) -> None:
    """What would sound for ages is no airing, and its figures would fit no report. Raises `MalformedMessage`."""
    match document:
        case Rundown(airings=airings):
            planned = airings
        case Order(action=Play(airing=airing)):
            planned = (airing,)
        case _:
            return
    most_frames = MAX_AIRING_S * FRAMES_PER_SECOND
    for airing in planned:
        if any(airing.whole_frames(name) > most_frames for name in RenditionName):
            raise MalformedMessage(f"the airing {airing.airing_id} is longer than {MAX_AIRING_S} s")


class Decoder(Generic[_M]):
    """Decodes one direction of one link, and counts what it did not know.

    ``unknown_types`` and ``unknown_fields`` count over the decoder's life; only the fields of the message itself are
    counted, not those of values inside it.
    """

    def __init__(self, union: Any, limit_bytes: int = MAX_MESSAGE_BYTES) -> None:
        self._typed = msgspec.json.Decoder(union)
        self._limit_bytes = limit_bytes
        self._fields = {_tag(kind): frozenset(kind.__struct_encode_fields__) for kind in get_args(union)}
        self.unknown_types = 0
        self.unknown_fields = 0

    def decode(self, raw: bytes) -> _M | None:
        """The message, or None where its type is unknown. Raises `TooLarge` or `MalformedMessage`."""
        if len(raw) > self._limit_bytes:
            raise TooLarge(f"a message of {len(raw)} bytes; at most {self._limit_bytes} are allowed")
        try:
            message: _M = self._typed.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._unusual(raw)
        # What is written again as it came holds nothing unknown; nearly everything does, and is parsed but once.
        if _encoder.encode(message) != raw:
            self._look(raw)
        return message

    def _unusual(self, raw: bytes) -> _M | None:
        """What does not fit at once: of an unknown type, or malformed."""
        if not self._look(raw):
            return None
        try:
            message: _M = self._typed.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedMessage(str(error)) from error
        return message

    def _look(self, raw: bytes) -> bool:
        """Counts what is unknown; returns whether the type is known. Raises `MalformedMessage`."""
        try:
            loose = msgspec.json.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedMessage(str(error)) from error
        if not isinstance(loose, dict) or not isinstance(loose.get("type"), str):
            raise MalformedMessage("a message must be an object whose first field is type")
        known = self._fields.get(loose["type"])
        if known is None:
            self.unknown_types += 1
            return False
        self.unknown_fields += sum(1 for name in loose if name not in known and name != "type")
        return True


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def device_decoder() -> "Decoder[Any]":
    """For the controller: what devices say inside the channel."""
    return Decoder(FromDevice)


def controller_decoder() -> "Decoder[Any]":
    """For the device: what the controller says inside the channel."""
    return Decoder(FromController)


def clear_decoder() -> "Decoder[Any]":
    """For both: the messages before the channel."""
    return Decoder(ClearMessage, MAX_HELLO_BYTES)
