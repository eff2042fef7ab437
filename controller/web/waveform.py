"""The picture of a sound, as the path of an SVG."""

from collections.abc import Sequence
from statistics import fmean

BAR_STEP = 4
BAR_WIDTH = 2
HEIGHT = 48


def waveform_path(peaks: Sequence[int], bars: int = 160) -> str:
    """One upright bar for each of at most ``bars`` stretches of ``peaks`` (levels 0 to 100), mirrored on the middle.

    A bar is as high as the mean of its stretch: the highest level is the same nearly everywhere in levelled speech. The
    picture is ``HEIGHT`` units high and ``BAR_STEP`` units wide a bar; silence stays visible as a dot.
    """
    if not peaks:
        return ""
    count = min(bars, len(peaks))
    levels = [fmean(peaks[i * len(peaks) // count : (i + 1) * len(peaks) // count]) for i in range(count)]
    return "".join(_bar(i, level) for i, level in enumerate(levels))


def _bar(index: int, level: float) -> str:
    half = max(1, round(min(100, max(0, level)) / 100 * (HEIGHT / 2 - 1)))
    return f"M{index * BAR_STEP + 1} {HEIGHT // 2 - half}h{BAR_WIDTH}v{2 * half}h-{BAR_WIDTH}z"
