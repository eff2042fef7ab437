"""What a speaker says when it is asked who it is: its short code, digit by digit.

Rules of the module: the clips ship with the program (``agents/assets/digits/vi``, made by ``tools/make_digits.py``), so
that this works on a speaker that has never seen a controller. Volume and how often it may be said are judged elsewhere.
"""

from pathlib import Path

import agents
from agents.io.decode import RATE_HZ, count_frames
from agents.io.sequence import ClipPart, SequencePart, SilencePart

_BETWEEN_DIGITS = SilencePart(RATE_HZ // 10)
_AT_A_GAP = SilencePart(RATE_HZ // 2)
_BETWEEN_REPEATS = SilencePart(RATE_HZ)


def digits_folder() -> Path:
    """Where the clips lie."""
    return Path(agents.__file__).parent / "assets" / "digits" / "vi"


def identify_sequence(code: str, repeats: int = 2) -> list[SequencePart]:
    """The parts of "Mã số ..." with every digit of ``code``, said ``repeats`` times.

    Spaces and hyphens are heard as a short pause. Raises ValueError for anything else that is not a digit, DecodeError
    where a clip is damaged.
    """
    once: list[SequencePart] = [_clip("intro"), _AT_A_GAP]
    for sign in code:
        if sign in " -":
            once.append(_AT_A_GAP)
        elif sign in "0123456789":
            once += (_clip(sign), _BETWEEN_DIGITS)
        else:
            raise ValueError(f"a code is made of digits, {sign!r} is none")
    parts: list[SequencePart] = []
    for _ in range(repeats):
        parts += (*once, _BETWEEN_REPEATS)
    return parts[:-1]


def _clip(name: str) -> ClipPart:
    path = digits_folder() / f"{name}.opus"
    return ClipPart(path, count_frames(path))
