"""What happens by itself to what was handed in: it waits once its sound is ready, an emergency goes on the air, it
expires.

An emergency whose token was revoked is not sent any more, for nobody at the commune could decline it.

It looks when a sound, an airing, a speaker or a stop changed, and at the instants that `handing_in.next_step` names. A
database that fails delays it, and ends nothing; after a restart it goes on from what is stored.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Final

from controller.domain import handing_in as rules
from controller.domain.errors import LoaError, StoreFailed
from controller.domain.handing_in import HandIn, HandInState
from controller.domain.tokens import BY_TOKEN
from controller.ports import Transaction
from controller.services.dispatch import Dispatch
from controller.services.events import (
    AiringChanged,
    BulletinChanged,
    Event,
    HandInChanged,
    Lagged,
    SpeakersChanged,
    StopChanged,
)
from controller.services.hand_ins.handing_in import HandIns
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_RETRY_US: Final = _SECOND_US
_IDLE_US: Final = 3_600 * _SECOND_US


class HandInWatch:
    """One task; what a person or the sender decides comes by `HandIns`."""

    def __init__(self, office: Office, hand_ins: HandIns, dispatch: Dispatch, outbox: Outbox) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._hand_ins = hand_ins
        self._dispatch = dispatch
        self._outbox = outbox
        self._wake = asyncio.Event()
        self._warned: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            group.create_task(self._listen(events))
            while True:
                self._wake.clear()
                next_us = await self._looked()
                await first_of(self._wake.wait(), self._clock.sleep_until(next_us))

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case (
                    BulletinChanged() | AiringChanged() | SpeakersChanged() | StopChanged() | HandInChanged() | Lagged()
                ):
                    self._wake.set()
                case _:
                    pass

    async def _looked(self) -> int:
        """Does what is to be done; returns when to look again at the latest."""
        now_us = self._clock.now_us()
        next_us = now_us + _IDLE_US
        try:
            async with self._store.reading() as tx:
                watched = [*await tx.hand_ins.open(), *await tx.hand_ins.unheard(now_us)]
        except StoreFailed:
            _log.exception("what was handed in waits for the database")
            return now_us + _RETRY_US
        # Nobody waits for an emergency to be looked at after something else.
        for hand_in in sorted(watched, key=rules.by_urgency):
            next_us = min(next_us, await self._look(hand_in))
        self._warned &= {hand_in.hand_in_id for hand_in in watched}
        return next_us

    async def _look(self, hand_in: HandIn) -> int:
        try:
            return await self._moved(hand_in)
        except LoaError:
            _log.exception("what was handed in is tried again", extra={"hand_in_id": hand_in.hand_in_id})
            return self._clock.now_us() + _RETRY_US

    async def _moved(self, hand_in: HandIn) -> int:
        now_us = self._clock.now_us()
        # Many may wait for a person, and much happens while they do: nothing is read for those.
        step = rules.step_by_time(hand_in, now_us)
        if step is None:
            async with self._store.reading() as tx:
                step = await _step(tx, hand_in, now_us)
        match step:
            case rules.Become(state=state, failure=failure):
                await self._become(hand_in, state, failure)
                return now_us
            case rules.SendNow():
                return await self._sent(hand_in)
            case rules.Rest(until_us=until_us):
                self._warn(hand_in, now_us)
                return now_us + _IDLE_US if until_us is None else until_us

    async def _become(self, seen: HandIn, state: HandInState, failure: str | None) -> None:
        async with self._store.transaction() as tx:
            hand_in = await tx.hand_ins.get(seen.hand_in_id)
            now_us = self._clock.now_us()
            if await _step(tx, hand_in, now_us) != rules.Become(state, failure):
                return  # decided meanwhile
            hand_in = replace(hand_in, state=state, failure=failure, changed_at_us=now_us)
            await tx.hand_ins.put(hand_in)
        self._events.publish(HandInChanged(seen.hand_in_id))

    async def _sent(self, hand_in: HandIn) -> int:
        """The emergency is on its way, or waits: for a stop of everything to end, or for a speaker to be reached."""
        now_us = self._clock.now_us()
        until_us = hand_in.valid_until_us or now_us + _IDLE_US
        targets = await self._hand_ins.reports.targets(hand_in.area_ids)
        reached = self._outbox.connected() & {one.device_id for one in targets}
        if not reached or await self._dispatch.active_stop() is not None:
            return until_us
        by = f"{BY_TOKEN}{hand_in.sender}"

        async def within(tx: Transaction) -> None:
            await self._hand_ins.taken(tx, hand_in.hand_in_id, "")

        async with self._hand_ins.deciding:
            await self._dispatch.send_now(hand_in.bulletin_id, [one.speaker_id for one in targets], by, within=within)
        self._events.publish(HandInChanged(hand_in.hand_in_id))
        return until_us

    def _warn(self, hand_in: HandIn, now_us: int) -> None:
        """Open pages show by themselves that little time is left."""
        if hand_in.ends_soon(now_us) and hand_in.hand_in_id not in self._warned:
            self._warned.add(hand_in.hand_in_id)
            self._events.publish(HandInChanged(hand_in.hand_in_id))


async def _step(tx: Transaction, hand_in: HandIn, now_us: int) -> rules.Step:
    if hand_in.open and hand_in.emergency:
        token = await tx.api_tokens.get(hand_in.token_id)
        if token is not None and token.revoked_at_us is not None:
            return rules.Become(HandInState.FAILED, "token_revoked")
    bulletin = await tx.bulletins.get(hand_in.bulletin_id)
    return rules.next_step(hand_in, bulletin, await tx.airings.of_content(hand_in.bulletin_id), now_us)
