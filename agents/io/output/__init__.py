"""Where sound leaves the agent: outputs (ALSA, WAV files, nothing) and the engine that plays through one in time."""

from pathlib import Path
from typing import Literal, assert_never

from agents.io.output.amplifier import Amplifier, NoAmplifier
from agents.io.output.base import Output, OutputError, OutputGone
from agents.io.output.engine import LEAD_US, PlayEngine
from agents.io.output.events import Armed, EngineFacts, Failed, Finished, PlayEvent, Sounding, Stopped, Underrun
from agents.io.timeport import TimePort

ROOM_FOR_CLIPS_BYTES = 64 * 1_048_576
"""What was heard must not crowd out what is to be heard: one clip of the largest size."""

OutputKind = Literal["alsa", "wav", "null", "auto"]

__all__ = [
    "LEAD_US",
    "Amplifier",
    "Armed",
    "EngineFacts",
    "Failed",
    "Finished",
    "NoAmplifier",
    "Output",
    "OutputError",
    "OutputGone",
    "OutputKind",
    "PlayEngine",
    "PlayEvent",
    "Sounding",
    "Stopped",
    "Underrun",
    "make_output",
]


def make_output(kind: OutputKind, device: str, folder: Path, time: TimePort, *, keep_free_bytes: int = 0) -> Output:
    """The output of this kind: ``device`` is an ALSA name, ``folder`` takes WAV files.

    "auto" is ALSA from the moment that the device opens, WAV files until then. WAV files leave ``keep_free_bytes`` of
    disk alone, and what a few bulletins need beside.
    """
    from agents.io.output.alsa import AlsaOutput
    from agents.io.output.auto import AutoOutput
    from agents.io.output.null import NullOutput
    from agents.io.output.wav import WavOutput

    files = WavOutput(folder, time, floor_bytes=keep_free_bytes + ROOM_FOR_CLIPS_BYTES)
    match kind:
        case "alsa":
            return AlsaOutput(device)
        case "wav":
            return files
        case "null":
            return NullOutput(time)
        case "auto":
            auto = AutoOutput(AlsaOutput(device), files)
            auto.look()
            return auto
        case _:
            assert_never(kind)
