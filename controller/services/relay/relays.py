"""Relays: which airings take sound from another station, and when their sources are connected to.

Rules of the module: what is relayed follows from the airings on the board alone, so that a controller that starts in
the middle of a relay goes on with it. The k-th live part of an airing is the k-th relay of its programme, in the
revision that the airing has. A relay that fails, in whatever way, ends no other and not the desk.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final

from agents.protocol.ids import AiringId
from agents.protocol.values import ClipPart, LivePart, Part, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.airings import OPEN_STATES, Airing, AiringState
from controller.domain.bulletins import BulletinState, content_parts
from controller.domain.planning import is_live
from controller.domain.programmes import CLASSES, RelayItem, item_from
from controller.domain.relaying import RelayState
from controller.ports import Transaction
from controller.ports.relays import Radio
from controller.services.bell import Bell
from controller.services.events import AiringChanged, Event, Lagged
from controller.services.live.desk import LiveDesk
from controller.services.office import Office
from controller.services.relay.taps import Taps
from controller.services.relay.turns import Place, Tools, Turn
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_RETRY_US: Final = 5_000_000
_LOOK_EVERY_US: Final = 60_000_000
_Key = tuple[AiringId, int]


class Relays:
    """``run()`` after the clockwork and the live desk have taken up what was open. ``radio`` None: nothing can be
    listened to, and relays are heard from their recordings, or not at all.
    """

    def __init__(self, office: Office, live: LiveDesk, radio: Radio | None) -> None:
        limits = office.settings.relay_limits
        self._store = office.store
        self._clock = office.clock
        self._board = office.board
        self._events = office.events
        self._lead_us = round(limits.lead_s * _SECOND_US)
        self.taps: Final = Taps(radio, office.clock, limits)
        self._tools = Tools(office, live, self.taps, radio, limits)
        self._waiting: set[AiringId] = set()
        self._turns: dict[_Key, Turn] = {}
        self._done: dict[AiringId, set[int]] = {}
        self._bell = Bell()

    def state(self, airing_id: AiringId) -> RelayState | None:
        """The relay of an airing that is heard now, or about to be; None where there is none."""
        return min((one for one in self.states() if one.airing_id == airing_id), key=_by_time, default=None)

    def states(self) -> tuple[RelayState, ...]:
        """All that are heard now or about to be, the earliest first."""
        return tuple(sorted((turn.state for turn in self._turns.values()), key=_by_time))

    def airing(self, airing_id: AiringId) -> Airing | None:
        """One that is open."""
        entry = self._board.get(airing_id)
        return None if entry is None else entry.airing

    # --- which ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            self.taps.join(group)
            self._notice_all()
            group.create_task(self._listen(events))
            while True:
                again_us = await self._looked(group)
                await first_of(self._bell.wait(), self._clock.sleep_until(again_us))

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case AiringChanged(airing_id=airing_id):
                    self._notice(airing_id)
                case Lagged():
                    self._notice_all()
                case _:
                    pass

    def _notice_all(self) -> None:
        for entry in self._board.all():
            self._notice(entry.airing.airing_id)

    def _notice(self, airing_id: AiringId) -> None:
        entry = self._board.get(airing_id)
        if entry is None:
            self._waiting.discard(airing_id)
            self._done.pop(airing_id, None)
        elif airing_id not in self._waiting and _may_relay(entry.airing):
            self._waiting.add(airing_id)
            self._bell.wake()
        elif airing_id in self._waiting and entry.airing.start_at_us is not None and entry.airing.now:
            self._bell.wake()  # a "now" has got its instant

    async def _looked(self, group: asyncio.TaskGroup) -> int:
        """Begins what is due; returns when to look again at the latest."""
        now_us = self._clock.now_us()
        again_us = now_us + _LOOK_EVERY_US
        for airing_id in tuple(self._waiting):
            entry = self._board.get(airing_id)
            if entry is None or entry.airing.state not in OPEN_STATES:
                self._waiting.discard(airing_id)
                continue
            if entry.airing.start_at_us is None:
                continue
            due_us = [
                from_us - self._lead_us
                for number, from_us, until_us in live_places(entry.airing)
                if number not in self._done.get(airing_id, ()) and until_us > now_us
            ]
            if not due_us:
                self._waiting.discard(airing_id)
            elif min(due_us) > now_us:
                again_us = min(again_us, *due_us)
            else:
                again_us = min(again_us, await self._begin(entry.airing, now_us, group))
        return again_us

    async def _begin(self, airing: Airing, now_us: int, group: asyncio.TaskGroup) -> int:
        """Begins those of an airing's relays that are due; returns when to look again."""
        try:
            async with self._store.reading() as tx:
                relays = await _relays_of(tx, airing)
                spares = {number: await _spare(tx, relay, now_us) for number, relay in relays.items()}
        except Exception:
            # Of whatever cannot be read: no other relay waits for it, and the desk goes on.
            _log.exception("what a relay is cannot be read", extra={"airing_id": airing.airing_id})
            return now_us + _RETRY_US
        again_us, done = now_us + _LOOK_EVERY_US, self._done.setdefault(airing.airing_id, set())
        for number, from_us, until_us in live_places(airing):
            if number in done or until_us <= now_us:
                continue
            if from_us - self._lead_us > now_us:
                again_us = min(again_us, from_us - self._lead_us)
                continue
            done.add(number)
            if number in relays:
                turn = Turn(self._tools, Place(airing, number, relays[number], from_us, until_us, spares[number]))
                self._turns[airing.airing_id, number] = turn
                group.create_task(self._run(turn), name=f"relay {airing.airing_id} {number}")
        return again_us

    async def _run(self, turn: Turn) -> None:
        extra = {"event": "relay", "airing_id": turn.place.airing.airing_id, "part": turn.place.number}
        _log.info("A relay is connected to.", extra=extra)
        try:
            await turn.run()
        except Exception:
            # One relay must not end the desk, and with it every stop.
            _log.exception("a relay failed", extra=extra)
            self._done.get(turn.place.airing.airing_id, set()).discard(turn.place.number)
            self._waiting.add(turn.place.airing.airing_id)  # looked at again within a minute
        finally:
            self._turns.pop((turn.place.airing.airing_id, turn.place.number), None)
        _log.info("A relay is over.", extra=extra)


async def _relays_of(tx: Transaction, airing: Airing) -> dict[int, RelayItem]:
    """Which parts of its sequence are which relay."""
    revisions = await tx.revisions.of(airing.content_id)
    written = next((one.content for one in revisions if one.number == airing.revision), {})
    items = [item_from(one) for one in written.get("items", ())]
    relays = [one for one in items if isinstance(one, RelayItem)]
    if not relays:
        _log.error("An airing is live, and nobody knows from where.", extra={"airing_id": airing.airing_id})
        return {}
    numbers = [number for number, part in enumerate(airing.sequence) if isinstance(part, LivePart)]
    return {number: relays[place % len(relays)] for place, number in enumerate(numbers)}


async def _spare(tx: Transaction, relay: RelayItem, now_us: int) -> tuple[Part, ...]:
    """What is heard where the sources fail, as it is now; nothing where it cannot be heard."""
    if relay.fallback_bulletin_id is None:
        return ()
    found = await tx.bulletins.several([relay.fallback_bulletin_id])
    usable = [one for one in found.values() if one.state is BulletinState.READY and not one.withdrawn]
    return content_parts(usable[0]) if usable and not usable[0].expired(now_us) else ()


def _may_relay(airing: Airing) -> bool:
    open_to_it = airing.state in {AiringState.WAITING, AiringState.PLANNED, AiringState.ON_AIR}
    return open_to_it and airing.airing_class in CLASSES and is_live(airing.sequence)


def live_places(airing: Airing) -> Sequence[tuple[int, int, int]]:
    """The live parts of an airing that has its instant: their numbers, and from when until when each is heard."""
    if airing.start_at_us is None:
        return ()
    found: list[tuple[int, int, int]] = []
    ends_us, before = airing.start_at_us + airing.duration_us, 0
    for number, part in enumerate(airing.sequence):
        frames = _frames(part)
        from_us, until_us = (airing.start_at_us + _us(one) - airing.from_us for one in (before, before + frames))
        from_us, until_us = max(from_us, airing.start_at_us), min(until_us, ends_us)
        if isinstance(part, LivePart) and from_us < until_us:
            found.append((number, from_us, until_us))
        before += frames
    return found


def _frames(part: Part) -> int:
    return part.choose(RenditionName.OPUS24).frames if isinstance(part, ClipPart) else part.frames


def _us(frames: int) -> int:
    return frames * _SECOND_US // FRAMES_PER_SECOND


def _by_time(state: RelayState) -> tuple[int, str, int]:
    return state.from_us, state.airing_id, state.number
