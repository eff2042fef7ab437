"""What becomes of an airing whose instant is near, here, or past: play it, join it in step, or leave it.

In step means that the speaker sounds what all others sound at that moment: the part that was missed stays missed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OnTime:
    """The instant has not passed: play from the beginning, then."""


@dataclass(frozen=True, slots=True)
class JoinInStep:
    """Late within the window: begin ``from_us`` into the airing, now."""

    from_us: int


@dataclass(frozen=True, slots=True)
class TooLate:
    """Late beyond the window, or nothing is left of it: leave it, with the reason."""

    late_us: int


Verdict = OnTime | JoinInStep | TooLate


def judge(now_us: int, due_us: int, duration_us: int, window_us: int) -> Verdict:
    """What to do now with an airing due at ``due_us`` that lasts ``duration_us``.

    Late by exactly ``window_us`` still joins. Raises `ValueError` for a negative duration or window.
    """
    if duration_us < 0 or window_us < 0:
        raise ValueError("an airing lasts no less than nothing, and no window is shorter than nothing")
    late_us = now_us - due_us
    if late_us <= 0:
        return OnTime()
    if late_us <= window_us and late_us < duration_us:
        return JoinInStep(late_us)
    return TooLate(late_us)


def last_chance_us(due_us: int, duration_us: int, window_us: int) -> int:
    """The last instant at which it may still begin."""
    return due_us + max(0, min(window_us, duration_us - 1))
