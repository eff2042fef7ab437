"""Pure: what is wanted -> the arguments of ffmpeg, built with ffmpeg-python, which is imported here alone.

The way to a clip: one measuring pass over the recording, trial passes that only move the gain (no encoding, so they
are cheap), one run that encodes every rendition, and one look at each rendition as decoded.

Every command reads one file whose container is named (no guessing by content of what the probe did not see), knows
the protocols `file` and `pipe` alone, never reads standard input, and stops at a given length.

Opus, measured on Vietnamese and English speech, noise and music: at these rates the speech coder (libopus'
application `voip`, SILK below, CELT above 8 kHz) keeps the bands between 1 and 8 kHz, where consonants are, almost
twice as near to the original as CELT alone. Music it turns into peaks; a recording that shows this is encoded by CELT
(`lowdelay`). Complexity 6 costs 75 % of the CPU of complexity 10; at 5 single frames of speech burst 3 dB over their
input. The variable rate is constrained, or a tune would take twice the bytes that a SIM is planned for. What lies
below 80 Hz is taken out first: no horn gives it, and it costs headroom.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import ffmpeg

from audio.clip import SAMPLE_RATE_HZ, Rendition

# Enough to see where sound begins (an "s" lies above 4 kHz), how loud it is, and what to draw.
VIEW_RATE_HZ = 16_000
# BS.1770 measures blocks of 400 ms; what is shorter is measured with silence behind it.
SHORTEST_MEASURED_FRAMES = SAMPLE_RATE_HZ * 4 // 10
CHECK_HEADROOM_DB = 6
_PROTOCOLS = "file,pipe"
_COMPLEXITY = 6
_RUMBLE_HZ = 80
_ATTACK_MS = 5
RELEASE_MS = 60
_FADE_IN_S = 0.003
_GLOBAL = ("-nostdin", "-hide_banner", "-loglevel", "info", "-nostats", "-y")

Arguments = tuple[str, ...]


class Mix(StrEnum):
    """How the channels become one."""

    ALL = "all"
    FIRST_OF_TWO = "first_of_two"  # the channels cancel each other


@dataclass(frozen=True, slots=True)
class Source:
    """A probed recording: `format` names its demuxer; reading stops after `limit_s`."""

    path: Path
    format: str
    channels: int
    limit_s: float
    mix: Mix = Mix.ALL


@dataclass(frozen=True, slots=True)
class Cut:
    """The part that is kept, in frames from the beginning; `end_frame` None keeps to the end."""

    start_frame: int = 0
    end_frame: int | None = None


@dataclass(frozen=True, slots=True)
class Dip:
    """A moment, in seconds of the kept part, that is made `depth_db` quieter: Opus bursts there."""

    at_s: float
    depth_db: float


@dataclass(frozen=True, slots=True)
class Level:
    """A static gain, the ceiling in dBFS that a look-ahead limiter holds after it, and dips behind both."""

    gain_db: float
    ceiling_dbfs: float
    dips: tuple[Dip, ...] = ()


class Coder(StrEnum):
    """Which of Opus' coders works, as libopus' word for the application."""

    SPEECH = "voip"
    MUSIC = "lowdelay"


@dataclass(frozen=True, slots=True)
class Target:
    """One file to encode."""

    rendition: Rendition
    coder: Coder
    level: Level
    path: Path


def measuring(source: Source) -> Arguments:
    """Measure the loudness (summary on standard error) and write a small view of the sound to standard output.

    The view is raw 16-bit PCM at `VIEW_RATE_HZ`: mono for a mono source, else the mix and the difference of left and
    right as two channels, which shows channels that cancel each other.
    """
    if source.channels == 1 or source.mix is not Mix.ALL:
        view = _meter(_mono(source)).filter("aresample", VIEW_RATE_HZ)
        return _arguments(_pcm(view, "pipe:1"))
    both = _read(source).filter("aformat", channel_layouts="stereo").asplit()
    mixed = _meter(both[0].filter("aformat", channel_layouts="mono"))
    seen = both[1].filter("aresample", VIEW_RATE_HZ)
    seen = seen.filter("pan", args="stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1")
    nowhere = ffmpeg.output(mixed, "-", f="null")
    return _arguments(ffmpeg.merge_outputs(nowhere, _pcm(seen, "pipe:1")))


def levelling(source: Source, cut: Cut, level: Level, preroll_ms: int, *, wav: Path | None = None) -> Arguments:
    """Measure what `level` makes of the recording, without encoding; with `wav`, keep it as 32-bit float WAV."""
    sound = _levelled(_cut(source, cut), level, preroll_ms)
    if wav is not None:
        output = ffmpeg.output(sound, _file(wav), f="wav", **{"c:a": "pcm_f32le"}, **_anonymous())
    else:
        padded = sound.filter("apad", whole_len=SHORTEST_MEASURED_FRAMES)
        output = ffmpeg.output(_meter(padded), "-", f="null")
    return _arguments(output, progress=True)


def encoding(source: Source, cut: Cut, targets: tuple[Target, ...], preroll_ms: int) -> Arguments:
    """Encode every target in one run; targets of one level share one limiter."""
    by_level: dict[Level, list[Target]] = {}
    for target in targets:
        by_level.setdefault(target.level, []).append(target)
    sound = _cut(source, cut)
    branches = _fork(sound, len(by_level))
    outputs = []
    for branch, (level, group) in zip(branches, by_level.items(), strict=True):
        levelled = _levelled(branch, level, preroll_ms)
        for copy, target in zip(_fork(levelled, len(group)), group, strict=True):
            outputs.append(_opus(copy, target))
    return _arguments(ffmpeg.merge_outputs(*outputs), progress=True)


def checking(path: Path) -> Arguments:
    """Decode a finished rendition, measure its loudness (summary on standard error), and write it to standard output.

    The sound comes as raw 16-bit PCM at 48 kHz, made `CHECK_HEADROOM_DB` quieter so that no peak is cut, for
    `measure.Peaks`.
    """
    sound = ffmpeg.input(_file(path), f="ogg", protocol_whitelist=_PROTOCOLS)["a:0"]
    metered = _meter(sound.filter("apad", whole_len=SHORTEST_MEASURED_FRAMES))
    return _arguments(_pcm(metered.filter("volume", f"-{CHECK_HEADROOM_DB}dB", precision="float"), "pipe:1"))


def _read(source: Source) -> Any:
    options = {"f": source.format, "protocol_whitelist": _PROTOCOLS, "format_whitelist": source.format}
    stream = ffmpeg.input(_file(source.path), t=source.limit_s, **options)
    # Times are counted anew from the samples: a gap or a jump in the recording's own would move the start.
    return stream["a:0"].filter("aresample", SAMPLE_RATE_HZ).filter("asetpts", "N/SR/TB")


def _mono(source: Source) -> Any:
    sound = _read(source)
    if source.mix is Mix.FIRST_OF_TWO:
        return sound.filter("aformat", channel_layouts="stereo").filter("pan", args="mono|c0=c0")
    return sound.filter("aformat", channel_layouts="mono")


def _cut(source: Source, cut: Cut) -> Any:
    sound = _mono(source).filter("highpass", f=_RUMBLE_HZ)
    if cut == Cut():
        return sound
    bounds = {"start_sample": cut.start_frame}
    if cut.end_frame is not None:
        bounds["end_sample"] = cut.end_frame
    sound = sound.filter("atrim", **bounds).filter("asetpts", "N/SR/TB")
    return sound.filter("afade", t="in", d=_FADE_IN_S) if cut.start_frame else sound


def _levelled(sound: Any, level: Level, preroll_ms: int) -> Any:
    # latency=1 takes the look-ahead out again, so that sound stays where it was to the frame; level=0 keeps the
    # limiter from raising the whole to full scale.
    limit = 10 ** (level.ceiling_dbfs / 20)
    louder = sound.filter("volume", f"{level.gain_db:.2f}dB", precision="float")
    limited = louder.filter("alimiter", limit=f"{limit:.5f}", attack=_ATTACK_MS, release=RELEASE_MS, level=0, latency=1)
    if level.dips:
        limited = limited.filter("asetnsamples", n=SAMPLE_RATE_HZ // 200)
        limited = limited.filter("volume", volume=_dips(level.dips), eval="frame", precision="float")
    return limited.filter("adelay", delays=f"{preroll_ms * SAMPLE_RATE_HZ // 1000}S", all=1)


def _dips(dips: tuple[Dip, ...]) -> str:
    # 30 ms down, 60 ms held, 30 ms up, in steps of 5 ms; what overlaps adds up.
    shapes = (f"{dip.depth_db:.2f}*clip(2-abs(t-{dip.at_s:.3f})/0.03,0,1)" for dip in dips)
    return f"pow(10,-({'+'.join(shapes)})/20)"


def _meter(sound: Any, **options: str) -> Any:
    return sound.filter("ebur128", framelog="verbose", **options)


def _fork(sound: Any, branches: int) -> list[Any]:
    if branches == 1:
        return [sound]
    split = sound.asplit()
    return [split[index] for index in range(branches)]


def _opus(sound: Any, target: Target) -> Any:
    codec = {
        "c:a": "libopus",
        "b:a": target.rendition.bit_rate_bps,
        "application": target.coder.value,
        "compression_level": _COMPLEXITY,
        "vbr": "constrained",
        "frame_duration": 20,
    }
    return ffmpeg.output(sound, _file(target.path), f="ogg", **codec, **_anonymous())


def _pcm(sound: Any, to: str) -> Any:
    return ffmpeg.output(sound, to, f="s16le", **{"c:a": "pcm_s16le"})


def _anonymous() -> dict[str, Any]:
    # The same sound gives the same bytes: no encoder name, no random stream number, nothing of the person's tags.
    return {"map_metadata": -1, "fflags": "+bitexact", "flags:a": "+bitexact"}


def _file(path: Path) -> str:
    # A name such as "concat:a|b" or "-i" is a name and nothing else.
    return f"file:{path.absolute()}"


def _arguments(output: Any, *, progress: bool = False) -> Arguments:
    told = ("-progress", "pipe:1") if progress else ()
    return (*_GLOBAL, *told, *(str(part) for part in ffmpeg.get_args(output)))
