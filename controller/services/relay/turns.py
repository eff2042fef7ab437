"""One relay of one airing, from some seconds before its place to its end.

Rules of the module: the sources are connected to ahead of time; sound goes out from the instant on at which it can be
heard in its place. Which sound that is, `domain.relaying` decides, several times a second; every change is a line of
the log. When the airing is over, whoever ended it, so is this.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from agents.protocol.values import Part
from controller.domain.airings import Airing
from controller.domain.errors import Refused, StudioFailed
from controller.domain.programmes import RelayItem
from controller.domain.relaying import SOURCES, RelayLimits, RelayState, Rung, choose, second_wanted
from controller.ports.relays import Radio
from controller.services.events import AiringChanged
from controller.services.live.desk import LiveDesk
from controller.services.live.stream import LiveStream
from controller.services.office import Office
from controller.services.relay.taps import Take, Tap, Taps

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_PACKET_US: Final = 20_000
_LOOK_EVERY_US: Final = 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Part ``number`` of an airing's sequence: the relay that is heard there, and when. ``spare`` is the recording that
    is heard where its sources fail, nothing where there is none.
    """

    airing: Airing
    number: int
    relay: RelayItem
    from_us: int
    until_us: int
    spare: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Tools:
    """What relays are made with."""

    office: Office
    live: LiveDesk
    taps: Taps
    radio: Radio | None
    limits: RelayLimits


class Turn:
    """Run once. ``state`` can be asked for at any time."""

    def __init__(self, tools: Tools, place: Place) -> None:
        self.place: Final = place
        self._tools = tools
        self._clock = tools.office.clock
        self._taps: dict[Rung, tuple[Tap, Take]] = {}
        self._left: set[Rung] = set()
        self._rung = Rung.SILENCE
        self._since_us = self._clock.now_us()
        self._stream: LiveStream | None = None
        self._parts = place.spare
        self._playing: asyncio.Task[None] | None = None

    @property
    def state(self) -> RelayState:
        """As it is now."""
        place, shown = self.place, self._rung if self._rung in SOURCES else Rung.FIRST
        state = RelayState(
            airing_id=place.airing.airing_id,
            number=place.number,
            name=place.relay.name,
            from_us=place.from_us,
            until_us=place.until_us,
            rung=self._rung,
            since_us=self._since_us,
            listeners=0 if self._stream is None else self._stream.hearing(),
        )
        if shown not in self._taps:
            return state
        tap, sight = self._taps[shown][0], self._taps[shown][0].sight()
        connected = sight.connected(self._tools.limits)
        quiet_s = sight.quiet_s if connected else 0.0
        return replace(state, connected=connected, quiet_s=quiet_s, problem=tap.problem, problem_code=tap.problem_code)

    async def run(self) -> None:
        """From ``lead_s`` before its place to its end."""
        place = self.place
        try:
            self._hold(Rung.FIRST, place.relay.source_url)
            delay_us = 0
            while self._here() and self._clock.now_us() < place.until_us - delay_us:
                if self._stream is None:
                    await self._attach()
                if self._stream is not None:
                    delay_us = self._stream.delay_us
                self._look()
                await self._clock.sleep_until(self._next_us())
        except asyncio.CancelledError:
            self._stream = None  # the whole desk closes; what went out is taken up at the next start
            raise
        finally:
            self._stop_playing()
            for rung in tuple(self._taps):
                self._let_go(rung)
            if self._stream is not None and not self._stream.over.is_set():
                await self._stream.close("")

    def _here(self) -> bool:
        """Whether the airing can still be heard, and its stream has not been ended."""
        there = self._tools.office.board.get(self.place.airing.airing_id) is not None
        return there and (self._stream is None or not self._stream.over.is_set())

    def _next_us(self) -> int:
        """When to look again: soon, and at the instant of the first packet."""
        now_us = self._clock.now_us()
        soon_us = now_us + _LOOK_EVERY_US
        return min(soon_us, self._first_us) if now_us < self._first_us else soon_us

    @property
    def _first_us(self) -> int:
        """What comes from here on can be heard in its place."""
        return self.place.from_us - round(self._tools.office.settings.live_delay_sim_s * _SECOND_US)

    async def _attach(self) -> None:
        """A stream, as soon as its first packet could be heard in its place; the one of a relay before may be open."""
        airing = self.place.airing
        if self._clock.now_us() < self._first_us or airing.start_at_us is None:
            return
        try:
            self._stream = await self._tools.live.attach(airing, start_at_us=airing.start_at_us, part=self.place.number)
        except Refused:
            return  # tried again at the next look
        self._stream.take()  # no microphone comes to it

    # --- which sound --------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        limits, relay = self._tools.limits, self.place.relay
        sights = {rung: tap.sight() for rung, (tap, _) in self._taps.items()}
        if relay.second_url:
            wanted = second_wanted(self._rung, sights, limits)
            if wanted and Rung.SECOND not in self._taps:
                self._hold(Rung.SECOND, relay.second_url)
            elif not wanted and Rung.SECOND in self._taps:
                self._let_go(Rung.SECOND)
        if self._stream is None:
            return
        rung = choose(self._rung, sights, self._left, limits, recorded=bool(self._parts))
        if rung is not self._rung:
            self._take(rung)
        if rung is Rung.RECORDED and self._playing is None:
            self._playing = asyncio.create_task(self._play())

    def _take(self, rung: Rung) -> None:
        was, self._rung = self._rung, rung
        if was in SOURCES:
            self._left.add(was)
        self._left.discard(rung)
        self._since_us = self._clock.now_us()
        if rung is not Rung.RECORDED:
            self._stop_playing()
        airing_id = self.place.airing.airing_id
        problem = self._taps[Rung.FIRST][0].problem
        sight = self._taps[Rung.FIRST][0].sight()
        _log.log(
            logging.INFO if rung is Rung.FIRST else logging.WARNING,
            "A relay is heard from %s, after %s.",
            rung.value,
            was.value,
            extra={
                "event": "relay_changed",
                "airing_id": airing_id,
                "part": self.place.number,
                "rung": rung.value,
                "was": was.value,
                "quiet_s": round(sight.quiet_s, 1),
                "problem": problem,
            },
        )
        self._tools.office.events.publish(AiringChanged(airing_id))

    def _hold(self, rung: Rung, source: str) -> None:
        take = partial(self._came, rung)
        self._taps[rung] = self._tools.taps.hold(source, take), take

    def _let_go(self, rung: Rung) -> None:
        self._tools.taps.let_go(*self._taps.pop(rung))

    def _came(self, rung: Rung, packet: bytes) -> None:
        if rung is self._rung and self._stream is not None:
            self._stream.feed(packet)

    # --- the recording ------------------------------------------------------------------------------------------------

    async def _play(self) -> None:
        """The recording, again and again, in real time."""
        radio, next_us = self._tools.radio, self._clock.now_us()
        try:
            while radio is not None:
                before_us = next_us
                async for packet in radio.recorded(self._parts):
                    await self._clock.sleep_until(next_us)
                    next_us = max(next_us + _PACKET_US, self._clock.now_us() - _SECOND_US)
                    self._came(Rung.RECORDED, packet)
                if next_us == before_us:
                    raise StudioFailed("there is nothing in it")
        except StudioFailed as error:
            extra = {"event": "relay_recording_failed", "airing_id": self.place.airing.airing_id}
            _log.error("The recording for a relay cannot be heard: %s", error.detail or error, extra=extra)
            self._parts = ()
        except Exception:
            _log.exception("the recording for a relay could not be heard")
            self._parts = ()

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
