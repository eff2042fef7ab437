"""The last lines of this program's log, for whoever asks from afar.

Rules of the module: lines are kept in memory, a bounded number of bounded lines. Where the program runs as a service,
systemd's journal knows more: also what a run before this one said. Secrets are not logged in the first place; what is
known to be one is left out once more before anything is sent.
"""

import asyncio
import contextlib
import logging
import os
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from agents.protocol.logs import TextFormatter
from agents.protocol.version import MAX_LOG_LETTERS, MAX_LOG_LINES

MAX_BYTES: Final = 600_000
"""Of a log on the wire: it has to fit into one message, escaped."""
_LONGEST_LINE: Final = 2_000
_WITHIN_S: Final = 5.0
_HIDDEN: Final = "(secret)"


class LogLines(logging.Handler):
    """Keeps the newest lines. Logging from any thread is safe."""

    def __init__(self, lines: int = MAX_LOG_LINES) -> None:
        super().__init__()
        self.setFormatter(TextFormatter())
        self._lines: deque[str] = deque(maxlen=lines)

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler.emit`."""
        try:
            self._lines.append(self.format(record)[:_LONGEST_LINE])
        except Exception:  # as every handler does: a line that cannot be written ends nothing
            self.handleError(record)

    def last(self, lines: int) -> list[str]:
        """The newest ``lines``, the newest of them last."""
        kept = list(self._lines)
        return kept[-lines:]


@contextlib.contextmanager
def kept_lines() -> Iterator[LogLines]:
    """Keeps what is logged while the block runs."""
    kept = LogLines()
    root = logging.getLogger()
    root.addHandler(kept)
    try:
        yield kept
    finally:
        root.removeHandler(kept)


async def log_text(kept: LogLines, lines: int, letters: int = MAX_LOG_LETTERS, secrets: Sequence[str] = ()) -> str:
    """The last ``lines`` of the service's journal, or of this run where there is none; at most ``letters`` letters."""
    found = await _from_systemd(lines) or kept.last(lines)
    text = "\n".join(found)
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _bounded(text, letters)


def _bounded(text: str, letters: int) -> str:
    """The end of it, beginning with a whole line."""
    cut = text[-letters:]
    while len(cut.encode("utf-8", "replace")) > MAX_BYTES:
        cut = cut[len(cut) // 8 + 1 :]
    if len(cut) < len(text):
        cut = cut.partition("\n")[2] or cut
    return cut.encode("utf-8", "replace").decode()


async def _from_systemd(lines: int) -> list[str]:
    """Empty where the program is no service, or may not read the journal."""
    if "INVOCATION_ID" not in os.environ or "JOURNAL_STREAM" not in os.environ:
        return []
    command = ("journalctl", "--unit=loa-agent", f"--lines={lines}", "--output=cat", "--no-pager", "--quiet")
    try:
        asked = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return []
    try:
        async with asyncio.timeout(_WITHIN_S):
            told, _ = await asked.communicate()
    except TimeoutError:
        return []
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.wait()
    return [line[:_LONGEST_LINE] for line in told.decode("utf-8", "replace").splitlines()[-lines:]]
