"""Speaks a code through the play engine: quietly, and without ever failing the one who asked."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from agents.io.decode import DecodeError
from agents.io.identify_audio import identify_sequence
from agents.io.output import LEAD_US, Failed, Finished, PlayEngine, PlayEvent, Stopped
from agents.io.sequence import SequenceSource
from agents.io.timeport import TimePort

PREFIX: Final = "identify-"

log = logging.getLogger(__name__)


class CodeSpeaker:
    """Owns the plays whose id begins with `PREFIX`; everything else the engine tells goes to ``others``."""

    def __init__(self, time: TimePort, gain_db: float, others: Callable[[PlayEvent], None]) -> None:
        self._time = time
        self._gain_db = gain_db
        self._others = others
        self._count = 0
        self._ended: dict[str, asyncio.Event] = {}

    def on_event(self, event: PlayEvent) -> None:
        """To be given to the engine."""
        if not event.play_id.startswith(PREFIX):
            self._others(event)
            return
        match event:
            case Finished() | Stopped() | Failed():
                ended = self._ended.get(event.play_id)
                if ended is not None:
                    ended.set()
            case _:
                return
        if isinstance(event, Failed):
            log.warning("the code could not be spoken: %s", event.detail, extra={"event": "identify_failed"})

    async def speak(self, engine: PlayEngine, code: str) -> None:
        """Returns when it is silent again. On cancellation it falls silent at once."""
        self._count += 1
        play_id = f"{PREFIX}{self._count}"
        try:
            parts = await asyncio.to_thread(identify_sequence, _grouped(code))
        except (DecodeError, OSError, ValueError) as error:
            log.warning("the code could not be spoken: %s", error, extra={"event": "identify_failed"})
            return
        ended = self._ended[play_id] = asyncio.Event()
        try:
            engine.arm(play_id, SequenceSource(parts))
            engine.start(play_id, self._time.monotonic_us() + LEAD_US, gain_db=self._gain_db)
            await ended.wait()
        finally:
            del self._ended[play_id]
            if not ended.is_set():
                engine.stop(play_id)


def _grouped(code: str) -> str:
    half = (len(code) + 1) // 2
    return f"{code[:half]} {code[half:]}"
