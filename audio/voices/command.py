"""Any program that reads a text aloud: the text goes to its standard input, a WAV comes out."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audio import runner
from audio.clip import VoiceFailed
from audio.voices.base import OUTPUT_LIMIT_BYTES, run_voice
from audio.voices.wav import read_wav, write_wav

PLACEHOLDERS = ("{out}", "{language}", "{rate_wpm}")


@dataclass(frozen=True, slots=True)
class CommandVoice:
    """A program and its arguments, never a shell line.

    In each argument `{out}` stands for the WAV to write (without it, the WAV is read from standard output),
    `{language}` for the language and `{rate_wpm}` for the words a minute. The text is on standard input, in UTF-8, and
    never among the arguments.
    """

    argv: Sequence[str]
    languages: frozenset[str]
    time_limit_s: float = 60.0
    memory_limit_bytes: int = 4 * 1024**3
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        """See `Voice.say`."""
        written = out.with_suffix(".voice.wav")
        heard = _Heard(self.output_limit_bytes)
        values = (str(written), language, str(words_per_minute))
        command = runner.Command(
            tuple(_filled(argument, values) for argument in self.argv),
            time_limit_s=self.time_limit_s,
            stdin=text.encode() + b"\n",
            memory_limit_bytes=self.memory_limit_bytes,
            output_limit_bytes=self.output_limit_bytes,
        )
        try:
            await run_voice(command, on_stdout=heard.take)
            in_file = any("{out}" in argument for argument in self.argv)
            await asyncio.to_thread(lambda: write_wav(read_wav(_content(written) if in_file else heard.content()), out))
        finally:
            written.unlink(missing_ok=True)


def _filled(argument: str, values: tuple[str, ...]) -> str:
    for placeholder, value in zip(PLACEHOLDERS, values, strict=True):
        argument = argument.replace(placeholder, value)
    return argument


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise VoiceFailed("the program wrote no file at {out}") from None


class _Heard:
    """What a program wrote to standard output, kept up to a limit."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._kept = bytearray()
        self._too_much = False

    def take(self, chunk: bytes) -> None:
        self._too_much = self._too_much or len(self._kept) + len(chunk) > self._limit_bytes
        if not self._too_much:
            self._kept += chunk

    def content(self) -> bytes:
        """Raises VoiceFailed when there was more than the limit."""
        if self._too_much:
            raise VoiceFailed(f"the program wrote more than {self._limit_bytes} bytes")
        return bytes(self._kept)
