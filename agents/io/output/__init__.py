"""Where sound leaves the agent: outputs (ALSA, WAV files, nothing) and the engine that plays through one in time."""

from pathlib import Path
from typing import Literal, assert_never

from agents.io.output.base import Output, OutputError, OutputGone
from agents.io.output.engine import LEAD_US, PlayEngine
from agents.io.output.events import Armed, Failed, Finished, PlayEvent, Sounding, Stopped, Underrun
from agents.io.timeport import TimePort

OutputKind = Literal["alsa", "wav", "null", "auto"]

__all__ = [
    "LEAD_US",
    "Armed",
    "Failed",
    "Finished",
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


def make_output(kind: OutputKind, device: str, folder: Path, time: TimePort) -> Output:
    """The output of this kind: ``device`` is an ALSA name, ``folder`` takes WAV files.

    "auto" is ALSA where the device opens right now, WAV files otherwise.
    """
    from agents.io.output.alsa import AlsaOutput
    from agents.io.output.null import NullOutput
    from agents.io.output.wav import WavOutput

    match kind:
        case "alsa":
            return AlsaOutput(device)
        case "wav":
            return WavOutput(folder, time)
        case "null":
            return NullOutput(time)
        case "auto":
            alsa = AlsaOutput(device)
            return alsa if _opens(alsa) else WavOutput(folder, time)
        case _:
            assert_never(kind)


def _opens(output: Output) -> bool:
    try:
        output.open()
    except OutputError:
        return False
    output.close()
    return True
