"""Pure: what is wanted -> the arguments of ffmpeg, built with ffmpeg-python, which is imported here alone.

The way to a clip: one measuring pass over the recording as shaped, one run that encodes every rendition, and one look
at each rendition as decoded. Where the measuring cannot foretell what limiter and compressor will do, trial passes that
only move the gain (no encoding, so they are cheap) come before the encoding.

Every command for a recording reads one file whose container is named (no guessing by content of what the probe did not
see), knows the protocols `file` and `pipe` alone, never reads standard input, and stops at a given length. What is
relayed is the one thing that comes from outside: it knows the protocols of the web alone, so that no playlist leads to
a file, and the formats that stations send.

Opus, measured on Vietnamese and English speech, noise and music: at these rates the speech coder (libopus'
application `voip`, SILK below, CELT above 8 kHz) keeps the bands between 1 and 8 kHz, where consonants are, almost
twice as near to the original as CELT alone. Music it turns into peaks; a recording that shows this is encoded by CELT
(`lowdelay`). Complexity 6 costs 75 % of the CPU of complexity 10. The variable rate is constrained, or a tune would
take twice the bytes that a SIM is planned for. What lies below 80 Hz is taken out first: no horn gives it, and it costs
headroom.

The small rendition of speech, and every one that is shaped for a horn, ends at 8 kHz: what a horn cannot give is not
paid for. At 16 kbit/s that brings the bands up to 7.7 kHz nearer to the original (mean error of the band levels 3.1
instead of 3.2 dB between 1 and 7.7 kHz, 1.7 instead of 1.9 below) although complexity 5 is enough then, a quarter less
CPU. At the full bandwidth complexity 5 would lose 0.2 dB of nearness, and now and then a frame bursts by 3 to 5 dB.

Two channels become the mean of both, by a matrix that is written here: the default one differs between sample formats.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import ffmpeg

from audio.clip import SAMPLE_RATE_HZ, AudioSettings, Card, Profile, Rendition, Station

# Enough to see where sound begins (an "s" lies above 4 kHz), how loud it is, and what to draw.
VIEW_RATE_HZ = 16_000
# BS.1770 measures blocks of 400 ms; what is shorter is measured with silence behind it.
SHORTEST_MEASURED_FRAMES = SAMPLE_RATE_HZ * 4 // 10
CHECK_HEADROOM_DB = 6
_PROTOCOLS = "file,pipe"
_MEAN = "mono|c0=0.5*c0+0.5*c1"
_FULL_COMPLEXITY, _NARROW_COMPLEXITY = 6, 5
_NARROW_HZ = 8000
_RUMBLE_HZ = 80
# A horn: 24 dB an octave on both sides, as two Butterworth sections.
_HORN_HZ = (300, 6000)
_SECTIONS_Q = (0.541, 1.307)
# Speech is put at `PRESSED_LUFS` and what is above the threshold is pressed by half.
PRESSED_LUFS = -20.0
_COMPRESSOR = {"threshold": "-26dB", "ratio": 2, "attack": 10, "release": 150, "knee": 4, "detection": "rms"}
# What a station may send; HLS holds MPEG-TS, ADTS or fragments of MP4.
_WEB_PROTOCOLS = "http,https,tls,tcp,httpproxy,hls,crypto"
_STREAM_FORMATS = "mp3,aac,ogg,flac,hls,mpegts,mov,wav"
_NAME = "Loa"
# In the middle of an MP3, ffmpeg would else wait for 5 s of it before it says that it is one.
_GUESSED_BYTES = 16_384
_PAGE_US = 100_000
_FRAME_US = 20_000
# What browsers record: WebM, Ogg, or MP4 in fragments.
_RECORDER_FORMATS = "matroska,webm,ogg,mov,mp4,m4a,3gp,3g2,mj2"
_STREAM_LOSS_DB = 0.7
_STREAM_OVERSHOOT_DB = 2.5
_ATTACK_MS = 5
RELEASE_MS = 60
_FADE_IN_S = 0.003
_DIPS_A_FILTER = 50  # ffmpeg takes no expression of more than a hundred levels
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
    profile: Profile = Profile.PLAIN


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
    """A static gain, the ceiling in dBFS that a look-ahead limiter holds after it, and dips behind both.

    With `pressing_db`, a gentle compressor works where so much of the gain has been given.
    """

    gain_db: float
    ceiling_dbfs: float
    dips: tuple[Dip, ...] = ()
    pressing_db: float | None = None


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
    profile: Profile = Profile.PLAIN

    @property
    def is_narrow(self) -> bool:
        """Whether it ends at 8 kHz."""
        return self.coder is Coder.SPEECH and (self.rendition is Rendition.OPUS16 or self.profile is Profile.HORN)


def measuring(source: Source) -> Arguments:
    """Measure the loudness (summary on standard error) and write a small view of the sound to standard output.

    The view is raw 16-bit PCM at `VIEW_RATE_HZ`, for `measure.View`: the sound as it came, which shows clipping; where
    two channels are mixed, their difference, which shows channels that cancel each other; and the sound as shaped.
    """
    if source.mix is Mix.ALL and source.channels > 1:
        read, raw = _fork(_read(source).filter("aformat", channel_layouts="stereo"), 2)
        mono = read.filter("pan", args=_MEAN)
        came = _view(raw, "stereo|c0=0.5*c0+0.5*c1|c1=0.5*c0-0.5*c1")
    else:
        mono, raw = _fork(_mono(source), 2)
        came = _view(raw)
    heard, drawn = _fork(_shaped(mono, source), 2)
    nowhere = ffmpeg.output(_meter(heard), "-", f="null")
    # amerge puts left and right before the centre that a mono sound is.
    view = ffmpeg.filter([came, _view(drawn)], "amerge", inputs=2)
    return _arguments(ffmpeg.merge_outputs(nowhere, _pcm(view, "pipe:1")))


def _view(sound: Any, mix: str = "") -> Any:
    small = sound.filter("aresample", VIEW_RATE_HZ)
    if mix:
        small = small.filter("pan", args=mix)
    return small.filter("aformat", sample_fmts="s16", channel_layouts="stereo" if mix else "mono")


def straightening(source: Source, flac: Path) -> Arguments:
    """Write the recording with one rate and two channels from beginning to end.

    When rate or channels change on the way (a tune and a talk joined by hand, a damaged file), ffmpeg begins every
    filter anew: fades and delays would come again in the middle.
    """
    form = {"c:a": "flac", "compression_level": 0, "sample_fmt": "s16", "ac": 2, "ar": SAMPLE_RATE_HZ}
    return _arguments(ffmpeg.output(_open(source), _file(flac), f="flac", t=source.limit_s, **form, **_anonymous()))


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


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of a rendition, from one frame up to another, to encode by itself into `path`."""

    start_frame: int
    end_frame: int
    path: Path


def patching(source: Source, cut: Cut, target: Target, patches: tuple[Patch, ...], preroll_ms: int) -> Arguments:
    """Encode parts of a rendition by themselves, in one run."""
    levelled = _levelled(_cut(source, cut), target.level, preroll_ms)
    outputs = []
    for copy, patch in zip(_fork(levelled, len(patches)), patches, strict=True):
        part = copy.filter("atrim", start_sample=patch.start_frame, end_sample=patch.end_frame)
        outputs.append(_opus(part.filter("asetpts", "N/SR/TB"), replace(target, path=patch.path)))
    return _arguments(ffmpeg.merge_outputs(*outputs), progress=True)


def checking(path: Path) -> Arguments:
    """Decode a finished rendition, measure its loudness (summary on standard error), and write it to standard output.

    The sound comes as raw 16-bit PCM at 48 kHz, made `CHECK_HEADROOM_DB` quieter so that no peak is cut, for
    `measure.Peaks`.
    """
    sound = ffmpeg.input(_file(path), f="ogg", protocol_whitelist=_PROTOCOLS)["a:0"]
    metered = _meter(sound.filter("apad", whole_len=SHORTEST_MEASURED_FRAMES))
    return _arguments(_pcm(metered.filter("volume", f"-{CHECK_HEADROOM_DB}dB", precision="float"), "pipe:1"))


def receiving(source: Station | Card, settings: AudioSettings, silence_db: float) -> Arguments:
    """Write a source as it comes, levelled, as Ogg Opus of 24 kbit/s in pages of 100 ms to standard output.

    Standard error says where it is silent for a second or longer (`silencedetect`, in seconds from its beginning).

    One pass of `loudnorm`, which looks 3 s ahead, brings speech and music to within 2 to 3 LU of the target; a limiter
    behind it keeps the peaks where those of clips are.
    """
    sound = _listen(source).filter("aresample", SAMPLE_RATE_HZ).filter("asetpts", "N/SR/TB")
    sound = sound.filter("aformat", sample_fmts="fltp", channel_layouts="stereo").filter("pan", args=_MEAN)
    sound = sound.filter("silencedetect", noise=f"{silence_db:.1f}dB", duration=1).filter("highpass", f=_RUMBLE_HZ)
    target = {"I": settings.target_lufs + _STREAM_LOSS_DB, "TP": -1, "LRA": 7}
    sound = sound.filter("loudnorm", **target).filter("aresample", SAMPLE_RATE_HZ)
    limit = 10 ** ((settings.true_peak_limit_dbtp - _STREAM_OVERSHOOT_DB) / 20)
    sound = sound.filter("aformat", sample_fmts="fltp", channel_layouts="mono")
    limited = sound.filter("alimiter", limit=f"{limit:.5f}", attack=_ATTACK_MS, release=RELEASE_MS, level=0, latency=1)
    codec = {"c:a": "libopus", "b:a": Rendition.OPUS24.bit_rate_bps, "application": "audio", "vbr": "constrained"}
    codec |= {"compression_level": _NARROW_COMPLEXITY, "frame_duration": 20}
    paging = {"f": "ogg", "page_duration": _PAGE_US, "flush_packets": 1}
    return _arguments(ffmpeg.output(limited, "pipe:1", **codec, **paging, **_anonymous()))


def recoding() -> Arguments:
    """Make Ogg Opus of 24 kbit/s, a page for every 20 ms, of what a browser records and standard input brings, at once.

    A microphone in a browser is levelled there; here it is made mono and no more, since levelling would look ahead.
    """
    limits = {"probesize": 4_096, "analyzeduration": 0, "fflags": "nobuffer"}
    allowed = {"protocol_whitelist": "pipe", "format_whitelist": _RECORDER_FORMATS}
    sound = ffmpeg.input("pipe:0", **limits, **allowed)["a:0"].filter("aresample", SAMPLE_RATE_HZ)
    mono = sound.filter("aformat", sample_fmts="fltp", channel_layouts="mono")
    codec = {"c:a": "libopus", "b:a": Rendition.OPUS24.bit_rate_bps, "application": "voip", "frame_duration": 20}
    paging = {"f": "ogg", "page_duration": _FRAME_US, "flush_packets": 1}
    return _arguments(ffmpeg.output(mono, "pipe:1", **codec, **paging, **_anonymous()))


def _listen(source: Station | Card) -> Any:
    match source:
        case Station(url=url, patience_s=patience_s, certificates=certificates):
            limits: dict[str, Any] = {
                "rw_timeout": round(patience_s * 1e6),
                "probesize": 1_000_000,
                "analyzeduration": 3_000_000,
            }
            limits["formatprobesize"] = _GUESSED_BYTES
            if url.lower().startswith("https:"):
                limits |= {"tls_verify": 1} | ({"ca_file": certificates} if certificates is not None else {})
            allowed = {"protocol_whitelist": _WEB_PROTOCOLS, "format_whitelist": _STREAM_FORMATS}
            return ffmpeg.input(url, user_agent=_NAME, **limits, **allowed)["a:0"]
        case Card(system=system, device=device):
            return ffmpeg.input(device, f=system)["a:0"]


def _open(source: Source) -> Any:
    options = {"f": source.format, "protocol_whitelist": _PROTOCOLS, "format_whitelist": source.format}
    return ffmpeg.input(_file(source.path), t=source.limit_s, **options)["a:0"]


def _read(source: Source) -> Any:
    # Times are counted anew from the samples: a gap or a jump in the recording's own would move the start, and a
    # recording whose times stand still would have no end.
    sound = _open(source).filter("aresample", SAMPLE_RATE_HZ).filter("asetpts", "N/SR/TB")
    return sound.filter("atrim", end_sample=round(source.limit_s * SAMPLE_RATE_HZ))


def _mono(source: Source) -> Any:
    sound = _read(source)
    if source.channels == 1:
        return sound.filter("aformat", channel_layouts="mono")
    args = "mono|c0=c0" if source.mix is Mix.FIRST_OF_TWO else _MEAN
    return sound.filter("aformat", channel_layouts="stereo").filter("pan", args=args)


def _shaped(sound: Any, source: Source) -> Any:
    # In floating point: turning phases raises peaks, and a loud recording would be clipped.
    sound = sound.filter("aformat", sample_fmts="fltp")
    if source.profile is Profile.PLAIN:
        return sound.filter("highpass", f=_RUMBLE_HZ)
    lowest, highest = _HORN_HZ
    for q in _SECTIONS_Q:
        sound = sound.filter("highpass", f=lowest, t="q", w=q).filter("lowpass", f=highest, t="q", w=q)
    return sound


def _cut(source: Source, cut: Cut) -> Any:
    sound = _shaped(_mono(source), source)
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
    gain_db = level.gain_db
    if level.pressing_db is not None:
        sound = sound.filter("volume", f"{level.pressing_db:.2f}dB", precision="float")
        sound = sound.filter("acompressor", **_COMPRESSOR)
        gain_db -= level.pressing_db
    louder = sound.filter("volume", f"{gain_db:.2f}dB", precision="float")
    limited = louder.filter("alimiter", limit=f"{limit:.5f}", attack=_ATTACK_MS, release=RELEASE_MS, level=0, latency=1)
    if level.dips:
        limited = limited.filter("asetnsamples", n=SAMPLE_RATE_HZ // 200, p=0)
        for first in range(0, len(level.dips), _DIPS_A_FILTER):
            shape = _dips(level.dips[first : first + _DIPS_A_FILTER])
            limited = limited.filter("volume", volume=shape, eval="frame", precision="float")
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
        "compression_level": _NARROW_COMPLEXITY if target.is_narrow else _FULL_COMPLEXITY,
        "vbr": "constrained",
        "frame_duration": 20,
    }
    if target.is_narrow:
        codec["cutoff"] = _NARROW_HZ
    return ffmpeg.output(sound, _file(target.path), f="ogg", **codec, **_anonymous())


def _pcm(sound: Any, to: str) -> Any:
    # In big pieces: a reader that is woken for every 20 ms costs more than the meter that it feeds.
    return ffmpeg.output(sound, to, f="s16le", flush_packets=0, **{"c:a": "pcm_s16le"})


def _anonymous() -> dict[str, Any]:
    # The same sound gives the same bytes: no encoder name, no random stream number, nothing of the person's tags.
    return {"map_metadata": -1, "fflags": "+bitexact", "flags:a": "+bitexact"}


def _file(path: Path) -> str:
    # A name such as "concat:a|b" or "-i" is a name and nothing else.
    return f"file:{path.absolute()}"


def _arguments(output: Any, *, progress: bool = False) -> Arguments:
    told = ("-progress", "pipe:1") if progress else ()
    return (*_GLOBAL, *told, *(str(part) for part in ffmpeg.get_args(output)))
