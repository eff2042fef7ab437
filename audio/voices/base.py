"""What a voice is, and how its process is run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from audio import runner
from audio.clip import ToolFailed, ToolMissing, ToolTimedOut, VoiceFailed, VoiceMissing

OUTPUT_LIMIT_BYTES = 64 * 1024**2


class Voice(Protocol):
    """Reads one piece of text aloud."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages it reads: codes like vi, en, jra."""
        ...

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        """Write the reading of `text` to `out`, a mono 16-bit WAV.

        `words_per_minute` is counted over running speech with the pauses between its sentences; for Vietnamese the
        words are syllables, as they are written apart.

        Raises VoiceMissing, VoiceFailed or OutOfSpace. It must end by itself within a time that it chooses.
        """
        ...


@runtime_checkable
class ReadsMany(Protocol):
    """A voice that takes long to start, so that it had better be given many pieces at once."""

    async def say_all(self, texts: Sequence[str], language: str, words_per_minute: int, outs: Sequence[Path]) -> None:
        """Like `Voice.say` for each text into the file at the same place of `outs`."""
        ...


async def run_voice(command: runner.Command, *, on_stdout: Callable[[bytes], None] | None = None) -> None:
    """Run the program of a voice to its end. Raises VoiceMissing, VoiceFailed (values: limit_s) or OutOfSpace."""
    try:
        await runner.run_checked(command, on_stdout=on_stdout)
    except ToolMissing as error:
        raise VoiceMissing(error.detail) from error
    except ToolTimedOut as error:
        raise VoiceFailed(error.detail, values={"limit_s": command.time_limit_s}) from error
    except ToolFailed as error:
        raise VoiceFailed(error.detail) from error
