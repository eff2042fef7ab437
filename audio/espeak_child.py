"""Speaks one text with the espeak-ng library into a WAV file; a process of its own, because the library is C.

Run by `voices.espeak`: arguments library, data directory, voice, speed, word gap, WAV file; the text comes on
standard input in UTF-8. It imports nothing of this project.
"""

import ctypes
import sys
import wave
from pathlib import Path

# From espeak-ng's speak_lib.h.
_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_RATE = 1
_WORD_GAP = 7
_UTF8 = 1
_POSITION_CHARACTER = 1
_OK = 0

_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


def speak(espeak: ctypes.CDLL, data: str, voice: str, pace: tuple[int, int], text: bytes, *, out: Path) -> str | None:
    """Write the speech; return what failed, or None."""
    rate_hz = espeak.espeak_Initialize(_SYNCHRONOUS, 0, data.encode(), _DONT_EXIT)
    if rate_hz <= 0:
        return "the voice data cannot be read"
    if espeak.espeak_SetVoiceByName(voice.encode()) != _OK:
        return f"there is no voice {voice}"
    speed, word_gap = pace
    espeak.espeak_SetParameter(_RATE, speed, 0)
    espeak.espeak_SetParameter(_WORD_GAP, word_gap, 0)
    pieces: list[bytes] = []

    def take(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    callback = _CALLBACK(take)
    espeak.espeak_SetSynthCallback(callback)
    espeak.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    if espeak.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, _UTF8, None, None) != _OK:
        return "the text was not accepted"
    espeak.espeak_Synchronize()
    with wave.open(str(out), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate_hz)
        sound.writeframes(b"".join(pieces))
    return None


def main() -> int:
    """Exit code 0, or 1 with the reason on standard error."""
    library, data, voice, speed, word_gap, out = sys.argv[1:]
    pace = (int(speed), int(word_gap))
    failed = speak(ctypes.CDLL(library), data, voice, pace, sys.stdin.buffer.read(), out=Path(out))
    if failed is not None:
        sys.stderr.write(failed)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
