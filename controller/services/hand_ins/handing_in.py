"""What another level's system hands in: taken in, asked about, decided, withdrawn.

Rules: what is handed in and its bulletin are stored together or not at all, and so are a decision and its airing; a
restart finds either both or neither. The same reference of one token is the same hand-in. What happens by itself is for
`hand_ins.watch`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakValueDictionary

from agents.protocol.ids import AreaId, BulletinId, SpeakerId
from controller.domain import handing_in as rules
from controller.domain.airings import OPEN_STATES, Airing, AiringState
from controller.domain.bulletins import Bulletin, Origin
from controller.domain.deeds import Deed, DeedKind
from controller.domain.drafts import BulletinDraft
from controller.domain.errors import Invalid, Refused
from controller.domain.handing_in import HandIn, HandInId, HandInState, Sent
from controller.domain.rights import Actor
from controller.domain.tokens import BY_TOKEN
from controller.ports import Transaction
from controller.services.compose import Compose
from controller.services.dispatch import Dispatch
from controller.services.events import HandInChanged
from controller.services.hand_ins.reports import HandInReports, Outcome
from controller.services.office import Office
from controller.services.secretary import fresh_id


@dataclass(frozen=True, kw_only=True, slots=True)
class Handing:
    """What a sender asks for. The draft's class is the hand-in's; its expiry is set from ``valid_until_us``."""

    reference: str
    draft: BulletinDraft
    areas: tuple[AreaId, ...]
    valid_from_us: int | None
    valid_until_us: int | None
    sent: Sent


class _AlreadyHere(Exception):
    def __init__(self, hand_in: HandIn) -> None:
        super().__init__()
        self.hand_in = hand_in


class HandIns:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, compose: Compose, dispatch: Dispatch) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._areas = office.areas
        self.reports: Final = HandInReports(office)
        self._compose = compose
        self._dispatch = dispatch
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self.deciding: Final = asyncio.Lock()
        """Held while an airing is made or ended for something from above, so that both are seen by the other."""

    # --- handing in ---------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def turn(self, token_id: str, reference: str) -> AsyncIterator[HandIn | None]:
        """What this token handed in under this reference. Of requests for the same one goes after the other."""
        lock = self._turns.setdefault((token_id, reference), asyncio.Lock())
        async with lock:
            async with self._store.reading() as tx:
                there = await tx.hand_ins.referred(token_id, reference)
            yield there

    async def hand_in(self, wanted: Handing, by: Actor) -> tuple[HandIn, bool]:
        """What was handed in, and whether it is new. Files of the draft are ours, also where it is refused.

        Raises what `Compose.make` raises, `Invalid` (``validity_passed``, ``validity_order``, ``validity_too_long``,
        ``areas_missing``), `Refused` (``reference_taken``).
        """
        now_us = self._clock.now_us()
        begins_us, ends_us = rules.validity(
            wanted.draft.airing_class, wanted.valid_from_us, wanted.valid_until_us, now_us
        )
        if not wanted.areas:
            raise Invalid("no area", code="areas_missing")
        sender = by.name.removeprefix(BY_TOKEN)
        made = HandIn(
            hand_in_id=HandInId(fresh_id("h")),
            token_id=by.token_id or "",
            sender=sender,
            reference=rules.checked_reference(wanted.reference),
            bulletin_id=BulletinId(""),
            airing_class=wanted.draft.airing_class,
            area_ids=wanted.areas,
            valid_from_us=begins_us,
            valid_until_us=ends_us,
            received_at_us=now_us,
            changed_at_us=now_us,
            state=HandInState.PREPARING,
            sent=wanted.sent,
        )
        draft = replace(wanted.draft, expires_at_us=ends_us, area_id=await self._common_area(wanted.areas))

        async def within(tx: Transaction, bulletin: Bulletin) -> None:
            nonlocal made
            there = await tx.hand_ins.referred(made.token_id, made.reference)
            if there is not None:
                raise _AlreadyHere(there)
            made = replace(made, bulletin_id=bulletin.bulletin_id)
            await tx.hand_ins.put(made)
            await tx.deeds.add(_deed(made, DeedKind.HAND_IN, by.name, now_us))

        try:
            await self._compose.make(draft, by.name, origin=Origin.ABOVE, sender=sender, within=within)
        except _AlreadyHere as found:
            return same(found.hand_in, wanted.sent), False
        self._events.publish(HandInChanged(made.hand_in_id))
        return made, True

    async def _common_area(self, area_ids: Sequence[AreaId]) -> AreaId | None:
        """The smallest area that all of them lie in; None where there is none."""
        async with self._store.reading() as tx:
            paths = [await self._areas.path(tx, area_id) for area_id in area_ids]
        common = [those[0] for those in zip(*paths, strict=False) if len(set(those)) == 1]
        return common[-1] if common else None

    # --- deciding -----------------------------------------------------------------------------------------------------

    async def take(
        self, hand_in_id: HandInId, speaker_ids: Sequence[SpeakerId], start_at_us: int | None, by: str
    ) -> Airing:
        """Gives it an airing: now, or at an instant within its validity.

        Raises `NotFound`, `Refused` (``hand_in_decided``), what `Dispatch.send_now` and `Dispatch.schedule` raise.
        """
        found = await self.reports.get(hand_in_id)

        async def within(tx: Transaction) -> None:
            await self.taken(tx, hand_in_id, by)

        bulletin_id = found.hand_in.bulletin_id
        async with self.deciding:
            if start_at_us is None:
                airing = await self._dispatch.send_now(bulletin_id, speaker_ids, by, within=within)
            else:
                airing = await self._dispatch.schedule(bulletin_id, speaker_ids, start_at_us, by, within=within)
        self._events.publish(HandInChanged(hand_in_id))
        return airing

    async def taken(self, tx: Transaction, hand_in_id: HandInId, by: str) -> None:
        """Writes that it has its airing; ``by`` is empty where nobody was asked. Raises `Refused`
        (``hand_in_decided``, ``bulletin_not_ready``).
        """
        hand_in = await tx.hand_ins.get(hand_in_id)
        if hand_in.state is HandInState.PREPARING:
            raise Refused("its sound is not ready", code="bulletin_not_ready")
        now_us = self._clock.now_us()
        _require_open(hand_in)
        await tx.hand_ins.put(_decided(hand_in, HandInState.TAKEN, by, now_us))
        if by:
            await tx.deeds.add(_deed(hand_in, DeedKind.TAKE, by, now_us))

    async def decline(self, hand_in_id: HandInId, reason: str, by: str) -> HandIn:
        """It is not played, and its sender is told why.

        Raises `NotFound`, `Invalid` (``reason_missing``, ``reason_too_long``), `Refused` (``hand_in_decided``,
        ``not_to_be_declined``).
        """
        reason = rules.checked_reason(reason)
        async with self._store.transaction() as tx:
            hand_in = await tx.hand_ins.get(hand_in_id)
            now_us = self._clock.now_us()
            _require_open(hand_in)
            if not rules.may_be_declined(hand_in):
                raise Refused(f"it is of the class {hand_in.airing_class}", code="not_to_be_declined")
            hand_in = replace(_decided(hand_in, HandInState.DECLINED, by, now_us), reason=reason)
            await tx.hand_ins.put(hand_in)
            await tx.deeds.add(_deed(hand_in, DeedKind.DECLINE, by, now_us))
        return await self._not_offered(hand_in, by)

    async def withdraw(self, hand_in_id: HandInId, by: str) -> HandIn:
        """Its sender takes it back while it waits; an emergency also while it is on the air, which is then stopped.

        Raises `NotFound`, `Refused` (``hand_in_decided``).
        """
        async with self.deciding:
            found = await self.reports.get(hand_in_id)
            if found.hand_in.emergency and found.hand_in.state is HandInState.TAKEN:
                await self._stop(found, by)
            async with self._store.transaction() as tx:
                hand_in = await tx.hand_ins.get(hand_in_id)
                now_us = self._clock.now_us()
                if hand_in.state is HandInState.WITHDRAWN:
                    return hand_in
                if not (hand_in.emergency and hand_in.state is HandInState.TAKEN):
                    _require_open(hand_in)
                hand_in = _decided(hand_in, HandInState.WITHDRAWN, by, now_us)
                await tx.hand_ins.put(hand_in)
                await tx.deeds.add(_deed(hand_in, DeedKind.WITHDRAW, by, now_us))
        return await self._not_offered(hand_in, by)

    async def _stop(self, found: Outcome, by: str) -> None:
        """Stopped first and written afterwards: where only the first was done, the sender asks again. Raises `Refused`
        (``hand_in_decided``) where it is over, for then there is nothing to take back.
        """
        underway = [airing for airing, _ in found.airings if airing.state in OPEN_STATES]
        stopped = [airing for airing, _ in found.airings if airing.state is AiringState.STOPPED]
        again = bool(found.airings) and found.airings[0][0].state is AiringState.EXPIRED
        if not (underway or stopped or again):
            raise Refused("it has been heard", code="hand_in_decided")
        for airing in underway:
            with contextlib.suppress(Refused):
                await self._dispatch.stop(airing.airing_id, by)

    async def _not_offered(self, hand_in: HandIn, by: str) -> HandIn:
        await self._compose.withdraw(hand_in.bulletin_id, by, handed_in=True)
        self._events.publish(HandInChanged(hand_in.hand_in_id))
        return hand_in


def same(there: HandIn, sent: Sent) -> HandIn:
    """What is there under a reference, where it is what was sent. Raises `Refused` (``reference_taken``)."""
    if not there.sent.same(sent):
        raise Refused(f"{there.reference[:40]} is {there.hand_in_id}", code="reference_taken")
    return there


def _require_open(hand_in: HandIn) -> None:
    if not hand_in.open:
        raise Refused(f"it is {hand_in.state}", code="hand_in_decided")


def _decided(hand_in: HandIn, state: HandInState, by: str, now_us: int) -> HandIn:
    return replace(hand_in, state=state, changed_at_us=now_us, decided_at_us=now_us, decided_by=by)


def _deed(hand_in: HandIn, what: DeedKind, by: str, now_us: int) -> Deed:
    detail = f"{hand_in.airing_class} {hand_in.reference}"
    return Deed(at_us=now_us, by=by, what=what, subject=hand_in.hand_in_id, detail=detail)
