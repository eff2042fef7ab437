"""Sounds of the device's own: tones, test patterns, its name. Below everything that is planned or ordered.

Rules of the module: one at a time. Whether it may begin is the player's rule (`agents.domain.player.local`); an airing
or a siren that comes up takes the air from it, a stop of everything silences it, and nothing of it is in the journal.
"""

from collections.abc import Callable
from typing import Final, Literal

from agents.domain.player.local import why_not_now
from agents.io.decode import RATE_HZ, Source
from agents.io.output import events as engine
from agents.io.performer import Engine, Performer

LocalEnd = Literal["finished", "cut", "failed"]
"""How it ended: to its end, by something that goes before it, or by a fault."""

_PREFIX: Final = "local-"


class LocalSounds:
    """Plays one sound of the device's own at a time; on the event loop."""

    def __init__(self, output: Engine, performer: Performer) -> None:
        self._engine = output
        self._performer = performer
        self._count = 0
        self._play_id: str | None = None
        self._on_end: Callable[[LocalEnd, str], None] = lambda end, detail: None
        self._on_start: Callable[[int], None] = lambda local_us: None
        performer.after_step = self._obey_stops

    def play(
        self,
        name: str,
        source: Source,
        *,
        on_end: Callable[[LocalEnd, str], None],
        on_start: Callable[[int], None] = lambda local_us: None,
        quiet_hours: bool = False,
        gain_db: float = 0.0,
    ) -> str | None:
        """Have it sound at once. Returns why it may not, as a sentence; then the source is closed and nothing happens.

        ``on_start`` is told the local instant at which its first frame left the horn, ``on_end`` how it ended (and what
        was wrong), once. ``quiet_hours``: also where guards forbid it, because a person asked for it beside the horn.
        """
        length_us = source.total_frames * 1_000_000 // RATE_HZ
        state = self._performer.state
        why_not = why_not_now(state, self._performer.now(), length_us, quiet_hours=quiet_hours)
        if why_not is None and self._play_id is not None:
            why_not = "Another sound of this device is being played."
        if why_not is not None:
            source.close()
            return why_not
        self._count += 1
        play_id = self._play_id = f"{_PREFIX}{name}-{self._count}"
        self._on_end, self._on_start = on_end, on_start
        limit = 100.0 if state.max_volume_percent is None else float(state.max_volume_percent)
        self._engine.arm(play_id, source)
        self._engine.start_now(play_id, gain_db=gain_db, max_volume_percent=limit)
        return None

    def stop(self) -> None:
        """Silence it, if anything sounds; ``on_end`` is told "cut"."""
        if self._play_id is not None:
            self._engine.stop(self._play_id)

    def hears(self, event: engine.PlayEvent) -> bool:
        """Takes in the engine's word about a sound of its own; False where it is about something else."""
        if not event.play_id.startswith(_PREFIX):
            return False
        if event.play_id == self._play_id:
            match event:
                case engine.Sounding(actual_start_local_us=at_us):
                    self._on_start(at_us)
                case engine.Finished():
                    self._end("finished", "")
                case engine.Stopped():
                    self._end("cut", "Something that goes before it took the air.")
                case engine.Failed(detail=detail):
                    self._end("failed", detail)
                case engine.Armed() | engine.Underrun():
                    pass
        return True

    def _end(self, end: LocalEnd, detail: str) -> None:
        on_end, self._play_id = self._on_end, None
        on_end(end, detail)

    def _obey_stops(self) -> None:
        if self._play_id is not None and any(one.airing_ids is None for one in self._performer.state.latches.values()):
            self._engine.stop(self._play_id)
