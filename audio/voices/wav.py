"""WAV files of all kinds -> mono, 16 bits, at the rate they have.

Only plain WAV is read here, without another library: whole numbers of 8 to 32 bits, fractions of 32 or 64 bits, A-law
and µ-law, any number of channels, and files written to a pipe, whose header does not know their length.
"""

import audioop
import struct
import sys
import wave
from array import array
from dataclasses import dataclass
from pathlib import Path

from audio import runner
from audio.clip import VoiceFailed

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_WIDTHS = {_PCM: (1, 2, 3, 4), _FLOAT: (4, 8), _ALAW: (1,), _ULAW: (1,)}
_RATES_HZ = range(4_000, 192_001)
_MOST_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class _Form:
    tag: int
    channels: int
    rate_hz: int
    width: int


@dataclass(frozen=True, slots=True)
class Samples:
    """Mono, 16 bits, as they stand in a WAV."""

    data: bytes
    rate_hz: int


def read_wav(content: bytes) -> Samples:
    """The samples of a WAV, made mono and 16 bits. Raises VoiceFailed when it is none, or has no sound."""
    if len(content) < 12 or content[:4] not in {b"RIFF", b"RF64"} or content[8:12] != b"WAVE":
        raise VoiceFailed("what came back is no WAV")
    form: _Form | None = None
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        body = content[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = _form(body)
        elif name == b"data":
            if form is None:
                break
            return Samples(_mono(body, form), form.rate_hz)
        at += 8 + size + size % 2
    raise VoiceFailed("the WAV is damaged: it has no format or no samples")


def _form(body: bytes) -> _Form:
    if len(body) < 16:
        raise VoiceFailed("the WAV is damaged: its format is cut off")
    tag, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        (tag,) = struct.unpack_from("<H", body, 24)
    form = _Form(tag, channels, rate_hz, bits // 8)
    good = form.width in _WIDTHS.get(tag, ()) and bits % 8 == 0
    if not good or not 1 <= channels <= _MOST_CHANNELS or rate_hz not in _RATES_HZ:
        raise VoiceFailed(f"the WAV has kind {tag}, {channels} channels of {bits} bits at {rate_hz} Hz")
    return form


def _mono(body: bytes, form: _Form) -> bytes:
    whole = body[: len(body) - len(body) % (form.width * form.channels)]
    narrow = _narrowed(whole, form)
    if form.channels == 1:
        return narrow
    if form.channels == 2:
        return audioop.tomono(narrow, 2, 0.5, 0.5)
    frames = array("h", narrow)
    if sys.byteorder == "big":
        frames.byteswap()
    # More than two channels: the first is the front left one, which has the speech.
    first = frames[:: form.channels]
    if sys.byteorder == "big":
        first.byteswap()
    return first.tobytes()


def _narrowed(whole: bytes, form: _Form) -> bytes:
    match form.tag, form.width:
        case 3, _:
            values = array("f" if form.width == 4 else "d", whole)
            return array("h", (_clipped(value) for value in values)).tobytes()
        case 6, _:
            return audioop.alaw2lin(whole, 2)
        case 7, _:
            return audioop.ulaw2lin(whole, 2)
        case _, 1:
            # 8 bits are without a sign.
            return audioop.lin2lin(audioop.bias(whole, 1, -128), 1, 2)
        case _:
            return audioop.lin2lin(whole, form.width, 2)


def _clipped(value: float) -> int:
    # Not a number is silence.
    return round(max(-1.0, min(value, 1.0)) * 32767) if value == value else 0  # noqa: PLR0124


def resampled(samples: Samples, rate_hz: int) -> Samples:
    """The same sound at another rate."""
    if samples.rate_hz == rate_hz:
        return samples
    data, _ = audioop.ratecv(samples.data, 2, 1, samples.rate_hz, rate_hz, None)
    return Samples(data, rate_hz)


def write_wav(samples: Samples, out: Path) -> None:
    """Write them to a file. Raises OutOfSpace."""
    with runner.space_errors(), wave.open(str(out), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(samples.rate_hz)
        file.writeframes(samples.data)
