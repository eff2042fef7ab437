"""Value types of the room, its settings and its errors. No I/O here, and no heavy import.

Frames are always counted at 48 kHz, mono, as a decoder returns them: after the Opus pre-skip and the end trim.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

SAMPLE_RATE_HZ = 48_000
NO_VALUES: Mapping[str, float] = MappingProxyType({})


class Rendition(StrEnum):
    """One form of a clip; both are Opus, mono, 48 kHz, named by bit rate in kbit/s."""

    OPUS24 = "opus24"
    OPUS16 = "opus16"

    @property
    def bit_rate_bps(self) -> int:
        return 24_000 if self is Rendition.OPUS24 else 16_000


class Profile(StrEnum):
    """What a clip is shaped for: any speaker, or a horn (300 to 6,000 Hz, gently compressed)."""

    PLAIN = "plain"
    HORN = "horn"


@dataclass(frozen=True, slots=True)
class Loudness:
    """EBU R128 of a mono file measured as mono: programme loudness in LUFS, true peak in dBTP."""

    integrated_lufs: float
    true_peak_dbtp: float


@dataclass(frozen=True, slots=True)
class ClipFile:
    """A finished rendition on disk; `frames` is exactly what a decoder returns."""

    rendition: Rendition
    path: Path
    sha256: str
    size_bytes: int
    frames: int
    loudness: Loudness

    @property
    def duration_s(self) -> float:
        return self.frames / SAMPLE_RATE_HZ


class FindingCode(StrEnum):
    """What was noticed about a recording that was accepted all the same."""

    VERY_QUIET = "very_quiet"  # values: loudness_lufs, gain_db
    CLIPPED = "clipped"  # values: percent of the sounding time
    MOSTLY_SILENT = "mostly_silent"  # values: percent of the whole
    SILENCE_TRIMMED = "silence_trimmed"  # values: start_s, end_s
    OUT_OF_PHASE = "out_of_phase"  # left and right cancel each other
    TRUNCATED = "truncated"  # values: duration_s, promised_s
    OFF_LEVEL = "off_level"  # values: loudness_lufs, true_peak_dbtp


class Remedy(StrEnum):
    """What was done about a finding."""

    AMPLIFIED = "amplified"
    TRIMMED = "trimmed"
    ONE_CHANNEL_USED = "one_channel_used"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark for the person who handed in the recording; the web layer makes the sentence."""

    code: FindingCode
    remedy: Remedy
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MadeClips:
    """Everything made from one recording.

    `waveform` has one level from 0 to 100 per equal part of the rendition (preroll included), for drawing: how loud the
    part is to the ear, 100 where it is loudest.
    """

    renditions: Mapping[Rendition, ClipFile]
    waveform: tuple[int, ...]
    findings: tuple[Finding, ...]
    source_loudness_lufs: float

    @property
    def frames(self) -> int:
        """Length at 48 kHz; the renditions of one clip are equally long."""
        return next(iter(self.renditions.values())).frames


@dataclass(frozen=True, slots=True)
class Mark:
    """When one sentence of a reading is heard: seconds from the beginning of the WAV, its pause left out."""

    text: str  # as it was written
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Spoken:
    """A finished reading: a mono 16-bit WAV at `path`, and when each of its sentences is heard."""

    path: Path
    sentences: int
    duration_s: float
    marks: tuple[Mark, ...] = ()


class Stage(StrEnum):
    """Where the work is, for a person who waits."""

    MEASURING = "measuring"
    LEVELLING = "levelling"
    ENCODING = "encoding"
    CHECKING = "checking"
    SPEAKING = "speaking"


# Called with the stage and the share of the whole work that is done, 0..1, never falling.
Progress = Callable[[Stage, float], None]


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """Settings of the room; each name carries its unit.

    `ffmpeg` None means: look for it at every use (see `tools.find_ffmpeg`); resolve it once at start instead.
    """

    ffmpeg: Path | None = None
    duration_limit_s: float = 3600.0
    target_lufs: float = -16.0
    true_peak_limit_dbtp: float = -1.5
    preroll_ms: int = 200
    memory_limit_bytes: int = 2 * 1024**3
    output_limit_bytes: int = 64 * 1024**2
    waveform_buckets: int = 400


@dataclass(frozen=True, slots=True)
class Station:
    """A stream of the web: HTTP, Icecast or HLS. A connection on which nothing comes for `patience_s` is given up.

    Whoever answers under https shows a certificate that `certificates` (a file; None: ffmpeg's own) vouch for.
    """

    url: str
    patience_s: float = 10.0
    certificates: Path | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card of this machine: `system` is alsa or pulse, `device` its name there."""

    system: str
    device: str


class ErrorCode(StrEnum):
    """Every way to fail; the web layer has one sentence a code in each language."""

    RECORDING_UNREADABLE = "recording_unreadable"
    RECORDING_WITHOUT_SOUND = "recording_without_sound"
    RECORDING_EMPTY = "recording_empty"
    RECORDING_SILENT = "recording_silent"
    RECORDING_TOO_LONG = "recording_too_long"
    TEXT_EMPTY = "text_empty"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_OTHER_SCRIPT = "text_other_script"
    VOICE_MISSING = "voice_missing"
    VOICE_FAILED = "voice_failed"
    TOOL_MISSING = "tool_missing"
    TOOL_FAILED = "tool_failed"
    TOOL_TIMED_OUT = "tool_timed_out"
    OUT_OF_SPACE = "out_of_space"
    PRONUNCIATION_EMPTY = "pronunciation_empty"
    PRONUNCIATION_TOO_LONG = "pronunciation_too_long"  # values: characters, limit
    PRONUNCIATIONS_TOO_MANY = "pronunciations_too_many"  # values: entries, limit
    VOICES_UNUSABLE = "voices_unusable"
    SOURCE_REFUSED = "source_refused"
    SOURCE_UNREACHABLE = "source_unreachable"
    SOURCE_UNREADABLE = "source_unreadable"
    SOURCE_STALLED = "source_stalled"


class AudioError(Exception):
    """The sound could not be made.

    `code` is stable and translated by the web layer with `values`; `detail` is for the log of a technician.
    """

    default_code = ErrorCode.TOOL_FAILED

    def __init__(
        self, detail: str = "", *, code: ErrorCode | None = None, values: Mapping[str, float] = NO_VALUES
    ) -> None:
        self.code: str = (code or self.default_code).value
        self.detail = detail
        self.values = values
        meaning = (type(self).__doc__ or "").partition("\n")[0]
        super().__init__(f"{meaning} ({detail})" if detail else meaning)


class RecordingRefused(AudioError):
    """The recording cannot be used: hand in another one."""

    default_code = ErrorCode.RECORDING_UNREADABLE


class UnreadableRecording(RecordingRefused):
    """The file is not a recording that can be read: hand in a sound file, for example MP3 or WAV."""

    default_code = ErrorCode.RECORDING_UNREADABLE


class EmptyRecording(RecordingRefused):
    """The recording has no content: record it again."""

    default_code = ErrorCode.RECORDING_EMPTY


class SilentRecording(RecordingRefused):
    """Nothing is heard in the recording: check the microphone and record it again."""

    default_code = ErrorCode.RECORDING_SILENT


class TooLongRecording(RecordingRefused):
    """The recording is longer than the station allows: cut it into parts."""

    default_code = ErrorCode.RECORDING_TOO_LONG

    def __init__(self, duration_s: float, limit_s: float) -> None:
        values = {"duration_s": duration_s, "limit_s": limit_s}
        super().__init__(f"{duration_s:.0f} s of at most {limit_s:.0f} s", values=values)


class TextUnspeakable(AudioError):
    """The text cannot be read aloud: change the text."""

    default_code = ErrorCode.TEXT_EMPTY


class StationTrouble(AudioError):
    """The station's computer cannot do it: call the technician."""

    default_code = ErrorCode.TOOL_FAILED


class VoiceMissing(StationTrouble):
    """No voice for this language is installed: install espeak-ng."""

    default_code = ErrorCode.VOICE_MISSING


class VoicesUnusable(StationTrouble):
    """The file of voices cannot be used: correct the line that is named."""

    default_code = ErrorCode.VOICES_UNUSABLE


class VoiceFailed(StationTrouble):
    """The voice did not read the text: try again, or choose another voice."""

    default_code = ErrorCode.VOICE_FAILED


class ToolMissing(StationTrouble):
    """A program that is needed is not installed or too old: install ffmpeg."""

    default_code = ErrorCode.TOOL_MISSING


class ToolFailed(StationTrouble):
    """A program that works on the sound has failed: try again, then look into the log."""

    default_code = ErrorCode.TOOL_FAILED


class ToolTimedOut(ToolFailed):
    """A program that works on the sound did not finish in time and was ended: try again."""

    default_code = ErrorCode.TOOL_TIMED_OUT


class OutOfSpace(StationTrouble):
    """The disk is full: free space and try again."""

    default_code = ErrorCode.OUT_OF_SPACE


class SourceFailed(AudioError):
    """The source of a relay cannot be heard: look at its address, and whether it is on the air."""

    default_code = ErrorCode.SOURCE_UNREACHABLE


class SourceRefused(SourceFailed):
    """The source of a relay leads to where this station does not connect: choose another address, or allow it."""

    default_code = ErrorCode.SOURCE_REFUSED


class SourceUnreadable(SourceFailed):
    """The source of a relay is no sound that can be relayed: give the address of the stream itself, not of a page."""

    default_code = ErrorCode.SOURCE_UNREADABLE


class SourceStalled(SourceFailed):
    """Nothing came from the source of a relay for too long: it is tried again."""

    default_code = ErrorCode.SOURCE_STALLED
