"""``libopus`` by ctypes: packets become sound. Everything comes out as signed 16-bit mono at 48 kHz, native byte order.

Rules of the module: thin; functions are declared with their types once, when the library is first asked for. The
library is that of the system or, where it has none, the copy inside the ``av`` wheel: it needs nothing else from
there, and FFmpeg is not loaded.
"""

import ctypes
import functools
import importlib.util
from collections.abc import Iterator
from ctypes import POINTER, c_char_p, c_int, c_int16, c_int32, c_void_p
from pathlib import Path
from typing import Any, Final

from agents.io.ogg import MAX_PACKET_FRAMES

RATE_HZ: Final = 48_000

_SONAME: Final = "libopus.so.0"
_RESET_STATE: Final = 4028
_SET_GAIN: Final = 4034
_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "opus_get_version_string": (c_char_p, []),
    "opus_strerror": (c_char_p, [c_int]),
    "opus_decoder_get_size": (c_int, [c_int]),
    "opus_decoder_init": (c_int, [c_void_p, c_int32, c_int]),
    "opus_decode": (c_int, [c_void_p, c_char_p, c_int32, POINTER(c_int16), c_int, c_int]),
    "opus_decoder_ctl": (c_int, [c_void_p, c_int]),
}


class NoOpus(Exception):
    """This machine has no libopus; the sentence says what to install."""


class BadPacket(Exception):
    """A packet cannot be decoded; the words are those of libopus."""


@functools.cache
def library() -> ctypes.CDLL:
    """The loaded library. Raises NoOpus."""
    for name in (_SONAME, *_in_wheel()):
        try:
            lib = ctypes.CDLL(name)
            for function, (result, arguments) in _SIGNATURES.items():
                declared = getattr(lib, function)
                declared.restype, declared.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        if lib.opus_get_version_string().startswith(b"libopus"):
            return lib
    raise NoOpus("libopus is missing, so that nothing could be played. Install it (Debian: apt install libopus0).")


class Decoder:
    """One stream's state; stereo comes out as mono. Its memory is Python's, so there is nothing to close."""

    def __init__(self) -> None:
        """Raises NoOpus."""
        self._lib = library()
        self._state = ctypes.create_string_buffer(self._lib.opus_decoder_get_size(1))
        self._sound = (c_int16 * MAX_PACKET_FRAMES)()
        self._check(self._lib.opus_decoder_init(self._state, RATE_HZ, 1))

    def decode(self, packet: bytes) -> bytes:
        """The sound of one packet. Raises BadPacket."""
        frames = self._lib.opus_decode(self._state, packet, len(packet), self._sound, MAX_PACKET_FRAMES, 0)
        self._check(frames)
        return ctypes.string_at(self._sound, frames * 2)

    def conceal(self, frames: int, following: bytes | None = None) -> bytes:
        """What may have been in a packet that was lost: from what was heard before, and from the packet ``following``
        it, where that carries some of it (in-band error correction, RFC 6716, 2.1.7). ``frames`` is a multiple of 120.

        Raises BadPacket.
        """
        size = 0 if following is None else len(following)
        fec = 0 if following is None else 1
        made = self._lib.opus_decode(self._state, following, size, self._sound, frames, fec)
        self._check(made)
        return ctypes.string_at(self._sound, made * 2)

    def set_gain(self, gain_q8: int) -> None:
        """Turn everything up by ``gain_q8`` / 256 dB; a reset leaves that as it is."""
        self._check(self._lib.opus_decoder_ctl(self._state, _SET_GAIN, c_int32(gain_q8)))

    def reset(self) -> None:
        """Forget what was decoded: what comes next does not follow on it."""
        self._check(self._lib.opus_decoder_ctl(self._state, _RESET_STATE))

    def _check(self, code: int) -> None:
        if code < 0:
            raise BadPacket(self._lib.opus_strerror(code).decode(errors="replace"))


def _in_wheel() -> Iterator[str]:
    wheel = importlib.util.find_spec("av")
    if wheel is not None and wheel.origin is not None:
        beside = Path(wheel.origin).parent.parent / "av.libs"
        yield from map(str, sorted(beside.glob("libopus[-.]*so*")))
