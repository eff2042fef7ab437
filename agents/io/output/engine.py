"""The play engine: armed sources, started at an instant, heard at that instant.

Rules of the module: this is the event loop's side. Methods return at once and are called on the loop; a thread of
its own does the work (``thread.py``), and what happened comes back through ``on_event``, called on the loop, in order.
Every play that was armed ends with exactly one of Finished, Stopped or Failed.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from agents.io.decode import Hole, Source
from agents.io.output.amplifier import Amplifier, AmplifierSwitch, NoAmplifier
from agents.io.output.base import Output
from agents.io.output.events import Armed, EngineFacts, Missing, PlayEvent
from agents.io.output.feed import Feed
from agents.io.output.level import volume_gain
from agents.io.output.line import Line
from agents.io.output.play import Play
from agents.io.output.thread import OutputThread
from agents.io.timeport import TimePort

LEAD_US = 500_000
"""A start at least this far ahead of ``start()`` is heard from its first sample; a nearer one may be joined in step."""

_JOIN_S = 5.0
_HANGS_S = 20.0


class PlayEngine:
    """Plays sources through one output. Use as an async context manager, or ``open`` and ``close`` it.

    ``latency_us`` is what lies between the device's own idea of "heard" and the horn: everything is written that much
    earlier. ``volume_percent`` is as ``set_volume`` takes it. ``standby``: the output is kept open while nothing
    sounds, so that what comes unforeseen is heard at once. ``amplifier`` is on from its lead before the first sample
    until after the last.
    """

    def __init__(
        self,
        output: Output,
        time: TimePort,
        on_event: Callable[[PlayEvent], None],
        *,
        latency_us: int = 0,
        volume_percent: float = 100.0,
        standby: bool = False,
        amplifier: Amplifier | None = None,
    ) -> None:
        self.output = output
        self.amplifier: Amplifier = amplifier or NoAmplifier()
        self._on_event = on_event
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line = Line(output, time)
        self.expect_rate: Callable[[float], None] = self._line.fit.expect
        """See `PositionFit.expect`."""
        self._worker = OutputThread(
            self._line,
            AmplifierSwitch(self.amplifier),
            time,
            self._tell,
            latency_us=latency_us,
            volume=volume_gain(volume_percent),
            standby=standby,
        )
        self._thread = threading.Thread(target=self._worker.run, name="output", daemon=True)
        self._feeds: set[Feed] = set()

    async def open(self) -> None:
        """Start the thread. The device itself is opened when a play is near."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def close(self) -> None:
        """End the thread, giving the device back; what still sounded is cut without an event."""
        self._worker.submit(self._worker.finish)
        for feed in self._feeds:
            feed.close()
        await asyncio.to_thread(self._thread.join, _JOIN_S)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def alive(self) -> bool:
        """Whether the thread does its rounds: a device that hangs in a driver has stopped it."""
        return self._worker.went_round_within(_HANGS_S)

    def arm(self, play_id: str, source: Source) -> None:
        """Open the source and decode its first half second, then tell Armed, or Failed with reason "clip".

        The engine owns the source from here on. Arming an id again replaces the earlier play, which is told Stopped.
        """
        feed = Feed(
            play_id,
            source,
            lambda wrong: self._on_loop(partial(self._armed, play, wrong)),
            lambda hole: self._on_loop(partial(self._missing, play, hole)),
        )
        play = Play(play_id, feed)
        self._feeds.add(feed)
        self._worker.submit(partial(self._worker.add, play))
        feed.begin()

    def start(
        self,
        play_id: str,
        start_local_us: int,
        *,
        from_frame: int = 0,
        gain_db: float = 0.0,
        max_volume_percent: float = 100.0,
    ) -> None:
        """Have source frame ``from_frame`` leave the horn at ``start_local_us`` of the local monotonic clock.

        What has been missed by the time the device is ready is left out: the play is joined in step (the instant may
        lie in the past). It needs no waiting for Armed. Where another play sounds at that instant, that one is faded
        out and told Stopped. ``gain_db`` is for this play alone, and so is ``max_volume_percent``, above which the
        volume is not followed.
        """
        limit = volume_gain(max_volume_percent)
        self._worker.submit(partial(self._worker.schedule, play_id, start_local_us, from_frame, gain_db, limit))

    def start_now(self, play_id: str, *, gain_db: float = 0.0, max_volume_percent: float = 100.0) -> None:
        """Have an armed play sound as soon as it can: without waiting for Armed, or for the output's position.

        It has no instant to keep, so it is never joined in step. Otherwise as ``start``.
        """
        limit = volume_gain(max_volume_percent)
        self._worker.submit(partial(self._worker.schedule, play_id, None, 0, gain_db, limit))

    def retarget(self, play_id: str, start_local_us: int) -> None:
        """The instant given to ``start`` is now known better: move to it, gently where it sounds already."""
        self._worker.submit(partial(self._worker.retarget, play_id, start_local_us))

    def stop(self, play_id: str) -> None:
        """Fade out within 10 ms and forget the play; also one that is only armed, or waits for its start."""
        self._worker.submit(partial(self._worker.stop, play_id))

    def set_volume(self, percent: float) -> None:
        """Volume for what sounds (moved to within 50 ms) and for what comes; 0 is silent, 100 as recorded."""
        self._worker.submit(partial(self._worker.set_volume, percent))

    def set_latency(self, latency_us: int) -> None:
        """What lies between the device's "heard" and the horn was measured: everything moves to where it should be."""
        self._worker.submit(partial(self._worker.set_latency, latency_us))

    def facts(self) -> EngineFacts:
        """How it is, for telemetry."""
        return EngineFacts(
            underruns=self._worker.underruns,
            output_failures=self._line.failures,
            output_ok=self._line.works,
            latency_us=self._worker.latency_us,
            amplifier_on=self.amplifier.is_on,
        )

    def _armed(self, play: Play, wrong: Exception | None) -> None:
        self._feeds.discard(play.feed)
        if play.feed.closed:
            return
        if wrong is None:
            self._on_event(Armed(play.play_id, play.feed.total_frames))
        else:
            self._worker.submit(partial(self._worker.reject, play))

    def _missing(self, play: Play, hole: Hole) -> None:
        self._on_event(Missing(play.play_id, hole.first_frame, hole.frames, hole.cause))

    def _tell(self, event: PlayEvent) -> None:
        self._on_loop(partial(self._on_event, event))

    def _on_loop(self, call: Callable[[], None]) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            return
