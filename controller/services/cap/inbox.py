"""Alerts that came in: taken, held, decided, followed to their end.

Rules: an alert is kept with its bytes before anything is done about it, and all that it changes is changed in the same
transaction. It waits for a person unless a rule of the area says otherwise. What was decided is carried out by a task
of its own (`run`), which finds after a restart what was not finished.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.ids import AreaId
from controller.domain import cap_following as following
from controller.domain.cap_alerts import (
    AlertState,
    AreaState,
    CapAlert,
    CapAlertId,
    Decision,
    Key,
    MessageType,
    Sending,
    Source,
    Status,
    decide,
    groups,
    may_be_automatic,
    while_stopped,
)
from controller.domain.cap_following import Arrival, Covers
from controller.domain.cap_rules import Rule, rule_for
from controller.domain.deeds import Deed, DeedKind
from controller.domain.emergencies import MOST_AREAS, Emergency, checked_reason
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.rights import Actor, Right
from controller.ports import Transaction
from controller.services.cap.book import CapBook
from controller.services.cap.drafts import urgency_of
from controller.services.cap.options import CapOptions
from controller.services.cap.reading import Reach, Reader, World, anywhere_decisions
from controller.services.cap.sending import CapSendings
from controller.services.cap.world import CapWorlds
from controller.services.office import Office
from controller.services.secretary import fresh_id

_READ_AT_ONCE: Final = 2
_MOST_CHAIN: Final = 50
_PRUNED_EVERY: Final = 50
KEPT_REFUSED: Final = 200
"""So many alerts that were refused are kept, the newest."""
KEPT_UNHEARD: Final = 5_000
"""So many of those that were for nobody here, or over when they came; and of cancels of what never came."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one alert that was handed in; ``new`` is false where it was here already."""

    alert: CapAlert
    new: bool


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with what it brought about (by the id of the emergency), and the alerts before and after it."""

    alert: CapAlert
    emergencies: dict[str, Emergency]
    related: tuple[CapAlert, ...]


class CapInbox:
    """Every method raises `StoreFailed` too. Who may see and decide where is asked by the web."""

    def __init__(
        self,
        office: Office,
        *,
        book: CapBook,
        worlds: CapWorlds,
        sendings: CapSendings,
        stopped: Callable[[str], bool],
    ) -> None:
        options: CapOptions = office.settings.cap
        self._store = office.store
        self._clock = office.clock
        self._book = book
        self._worlds = worlds
        self._sendings = sendings
        self._options = options
        self._stopped = stopped
        self.most_bytes: Final = options.most_bytes
        """More than this is not taken."""
        self.heard_s: Final = options.heard_s
        """An alert that is heard is repeated for so long, at most until it expires."""
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._kept_since = 0
        self.changed: Callable[[], None] = lambda: None
        """Called when something was decided that is to be carried out."""

    # --- coming in ----------------------------------------------------------------------------------------------------

    async def take(
        self, raw: bytes, *, source: Source, by: Actor, within: AreaId | None = None, right: Right = Right.CAP
    ) -> tuple[Taken, ...]:
        """What bytes that came in hold: one alert or several, or one that was refused. It is for areas where ``by`` has
        the ``right``, and that lie ``within`` one area, where that is said; bad bytes raise nothing but `Invalid`
        (``too_large``).
        """
        if len(raw) > self._options.most_bytes:
            raise Invalid(f"{len(raw)} bytes", code="too_large")
        known = await self._refused_before(raw)
        if known is not None:
            return (Taken(known, new=False),)
        world = await self._worlds.now()
        reach = _reach(by, within, right)
        async with self._reading:
            reader = Reader(options=self._options, world=lambda: world, reach=reach, now_us=self._clock.now_us())
            alerts = await asyncio.to_thread(reader.read_all, raw, source)
        return tuple([await self._kept(alert, raw, by, world, reach) for alert in alerts])

    async def _refused_before(self, raw: bytes) -> CapAlert | None:
        key = Key("", f"#{hashlib.sha256(raw).hexdigest()}.0", 0)
        async with self._store.reading() as tx:
            return next(iter(await tx.cap_alerts.keyed([key])), None)

    async def _kept(self, alert: CapAlert, raw: bytes, by: Actor, world: World, reach: Reach) -> Taken:
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            covers = _covering(reach, world)
            named = following.namesakes(alert, await tx.cap_alerts.keyed([alert.key]), covers)
            alert = following.disputed(alert) if named.against else alert
            earlier = await self._chain(tx, alert)
            if named.kept is not None:
                wider = following.widened(named.kept, alert, now_us)
                if wider is named.kept:
                    return Taken(wider, new=False)
                arrival = Arrival(wider)
            elif named.full:
                arrival = Arrival(following.one_too_many(alert))
            else:
                later = await tx.cap_alerts.referring(alert.key)
                arrival = following.arrived(alert, earlier, later, now_us, covers)
                arrival = arrival.with_more(following.made_way(alert, named, now_us))
                earlier = tuple(one for one in earlier if one.alert_id in arrival.alert.earlier)
            if arrival.alert.state is AlertState.HELD and may_be_automatic(arrival.alert):
                rules = await tx.cap_settings.rules()
                arrival = self._automatic(arrival, [one for one in rules if one.enabled], world, earlier)
            if named.kept is None:
                await tx.cap_alerts.put_raw(alert.digest, raw)
            for one in (arrival.alert, *arrival.changed):
                await tx.cap_alerts.put(one)
            await self._pruned(tx)
            if arrival.alert.state is not AlertState.REFUSED:
                await tx.deeds.add(_deed(arrival.alert, DeedKind.TAKE_ALERT, by.name, now_us))
        self._tell(arrival.alert, *arrival.changed)
        return Taken(arrival.alert, new=named.kept is None)

    async def _pruned(self, tx: Transaction) -> None:
        """Now and then: what was never heard and never will be is kept for a while, not for ever."""
        self._kept_since += 1
        if self._kept_since >= _PRUNED_EVERY:
            self._kept_since = 0
            await tx.cap_alerts.prune([AlertState.REFUSED], KEPT_REFUSED)
            await tx.cap_alerts.prune([AlertState.ELSEWHERE, AlertState.EXPIRED, AlertState.IGNORED], KEPT_UNHEARD)
            await tx.cap_alerts.prune([AlertState.WAITING], KEPT_UNHEARD)

    async def _chain(self, tx: Transaction, alert: CapAlert) -> tuple[CapAlert, ...]:
        """Those that it refers to, with what updated them since."""
        found = {one.alert_id: one for one in await tx.cap_alerts.keyed(alert.references) if one.key.sender}
        ahead = [one.followed_by for one in found.values() if one.followed_by is not None]
        while ahead and len(found) < _MOST_CHAIN:
            later = [one for one in await tx.cap_alerts.several(ahead) if one.alert_id not in found]
            found.update((one.alert_id, one) for one in later)
            ahead = [one.followed_by for one in later if one.followed_by is not None]
        return following.trusted_first(one for one in found.values() if one.key != alert.key)

    def _automatic(self, arrival: Arrival, rules: Sequence[Rule], world: World, earlier: Sequence[CapAlert]) -> Arrival:
        """Areas in which a rule decides: none where everything is stopped."""
        alert, now_us = arrival.alert, self._clock.now_us()
        by_rule: dict[str, list[AreaId]] = {}
        for one in alert.held:
            rule = rule_for(rules, alert, world.path(one.area_id), one.messages)
            if rule is not None and self._stopped(one.area_id):
                arrival = replace(arrival, alert=while_stopped(arrival.alert))
            elif rule is not None:
                by_rule.setdefault(rule.rule_id, []).append(one.area_id)
        alert = arrival.alert
        for rule_id, area_ids in by_rule.items():
            maker = next(one.made_by for one in rules if one.rule_id == rule_id)
            how = Decision(state=AreaState.AUTOMATIC, by=maker, at_us=now_us, rule_id=rule_id)
            alert = self._sent(decide(alert, area_ids, how), area_ids, how, world, earlier)
        after = following.decided(alert, earlier, now_us)
        return replace(after, changed=(*arrival.changed, *after.changed))

    # --- deciding -----------------------------------------------------------------------------------------------------

    async def confirm(
        self, alert_id: CapAlertId, by: Actor, *, area_ids: Iterable[AreaId] | None = None, drill: bool = False
    ) -> CapAlert:
        """To be heard in these of its areas (all that are held). A cancel is applied; an exercise needs ``drill``.

        Raises `NotFound`, `Refused` (``cap_decided``, ``cap_expired``, ``cap_not_actual``, ``cap_others_areas``: a
        cancel, and ``by`` may not decide in all areas of what it takes back; ``stop_all_latched``), `Invalid`
        (``areas_missing``, ``area_unknown``).
        """
        world = await self._worlds.now()
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            alert = await tx.cap_alerts.get(alert_id)
            earlier = following.trusted_first(await tx.cap_alerts.several(alert.earlier))
            if alert.message_type is MessageType.CANCEL and alert.state is AlertState.HELD:
                _require_covered(earlier, _covering(_reach(by, None, Right.CAP), world))
                arrival = following.applied(alert, earlier, now_us)
                arrival = replace(arrival, alert=replace(arrival.alert, decided_by=by.name, decided_at_us=now_us))
            else:
                _require_open(alert, now_us, drill=drill)
                if any(one.code == following.OTHER_SENDER for one in alert.reasons):
                    earlier = tuple(filter(_covering(_reach(by, None, Right.CAP), world), earlier))
                arrival = self._confirmed(alert, by, area_ids, world, earlier)
            for one in (arrival.alert, *arrival.changed):
                await tx.cap_alerts.put(one)
            await tx.deeds.add(_deed(alert, DeedKind.CONFIRM_ALERT, by.name, now_us))
        self._tell(arrival.alert, *arrival.changed)
        return arrival.alert

    def _confirmed(
        self,
        alert: CapAlert,
        by: Actor,
        area_ids: Iterable[AreaId] | None,
        world: World,
        earlier: Sequence[CapAlert],
    ) -> Arrival:
        now_us = self._clock.now_us()
        chosen = None if area_ids is None else tuple(dict.fromkeys(area_ids))
        if alert.anywhere and not alert.areas:
            if not chosen or any(one not in world.tree for one in chosen):
                raise Invalid("it does not say where", code="areas_missing" if not chosen else "area_unknown")
            alert = replace(alert, areas=anywhere_decisions(alert, chosen, world))
        held = {one.area_id for one in alert.held}
        wanted = [one for one in (held if chosen is None else chosen) if one in held]
        if not wanted:
            raise Refused("none of its areas waits", code="cap_decided")
        if all(map(self._stopped, wanted)):
            raise Refused("everything is stopped there", code="stop_all_latched")
        how = Decision(state=AreaState.CONFIRMED, by=by.name, at_us=now_us, person_id=by.person_id or "")
        alert = self._sent(decide(alert, wanted, how), wanted, how, world, earlier)
        return following.decided(alert, earlier, now_us)

    def _sent(
        self,
        alert: CapAlert,
        area_ids: Sequence[AreaId],
        how: Decision,
        world: World,
        earlier: Sequence[CapAlert],
    ) -> CapAlert:
        """With a sending for each group of areas where the same is heard; more where these are very many."""
        wanted = set(area_ids)
        found = groups(one for one in alert.areas if one.area_id in wanted)
        each = [
            (messages, those[start : start + MOST_AREAS])
            for messages, together in found
            for those in [world.together(together, alert.named_area_ids, MOST_AREAS)]
            for start in range(0, len(those), MOST_AREAS)
        ]
        for messages, together in each:
            sending = Sending(
                sending_id=fresh_id("cs"),
                messages=messages,
                area_ids=together,
                drill=alert.status is not Status.ACTUAL,
                by=how.by,
                person_id=how.person_id,
                rule_id=how.rule_id,
            )
            alert = alert.with_sending(following.correcting(alert, sending, earlier))
        return alert

    async def decline(
        self, alert_id: CapAlertId, by: Actor, reason: str, *, area_ids: Iterable[AreaId] | None = None
    ) -> CapAlert:
        """Nobody is told of it in these of its areas. Raises `NotFound`, `Refused` (``cap_decided``), `Invalid`
        (``reason_missing``, ``reason_too_long``).
        """
        reason, now_us = checked_reason(reason), self._clock.now_us()
        how = Decision(state=AreaState.DECLINED, by=by.name, at_us=now_us, person_id=by.person_id or "")
        async with self._store.transaction() as tx:
            alert = await tx.cap_alerts.get(alert_id)
            held = {one.area_id for one in alert.held}
            wanted = held if area_ids is None else held & set(area_ids)
            if alert.state not in {AlertState.HELD, AlertState.NOT_ACTUAL} or (alert.areas and not wanted):
                raise Refused(f"it is {alert.state}", code="cap_decided")
            after = replace(decide(alert, wanted, how), reason=reason)
            if not after.areas:
                after = replace(after, state=AlertState.DECLINED)
            await tx.cap_alerts.put(after)
            await tx.deeds.add(_deed(alert, DeedKind.DECLINE_ALERT, by.name, now_us))
        self._tell(after)
        return after

    # --- looking ------------------------------------------------------------------------------------------------------

    async def view(self, alert_id: CapAlertId) -> AlertView:
        """Raises `NotFound`."""
        async with self._store.reading() as tx:
            alert = await tx.cap_alerts.get(alert_id)
            beside = [*alert.earlier, *([alert.followed_by] if alert.followed_by is not None else [])]
            related = await tx.cap_alerts.several(beside)
        ids = [one.emergency_id for one in alert.sendings if one.emergency_id]
        found = {one: await self._sendings.emergency(one) for one in ids}
        return AlertView(alert, {one: made for one, made in found.items() if made is not None}, related)

    async def latest(self, limit: int, before: Place | None = None) -> tuple[CapAlert, ...]:
        """The last to come first."""
        async with self._store.reading() as tx:
            return await tx.cap_alerts.latest(limit, before)

    async def held(self) -> tuple[CapAlert, ...]:
        """What waits for a person, exercises too; the most urgent first."""
        waiting = {AlertState.HELD, AlertState.NOT_ACTUAL}
        return tuple(sorted((one for one in await self._book.busy() if one.state in waiting), key=_by_urgency))

    async def waiting(self) -> tuple[tuple[AreaId, ...], ...]:
        """The areas of each of `held`, to be counted: without reading the alerts."""
        async with self._store.reading() as tx:
            return await tx.cap_alerts.waiting()

    async def raw(self, alert_id: CapAlertId) -> bytes:
        """The bytes as they came. Raises `NotFound`."""
        async with self._store.reading() as tx:
            found = await tx.cap_alerts.raw((await tx.cap_alerts.get(alert_id)).digest)
        if found is None:
            raise NotFound(f"the bytes of {alert_id} are gone", code="cap_alert_unknown")
        return found

    def _tell(self, *alerts: CapAlert) -> None:
        self._book.tell([one.alert_id for one in alerts])
        self.changed()


def _reach(by: Actor, within: AreaId | None, right: Right) -> Reach:
    def reach(path: Sequence[AreaId]) -> bool:
        return (within is None or within in path) and by.may(right, path)

    return reach


def _covering(reach: Reach, world: World) -> Covers:
    """Whether all areas of an alert are reached."""
    return lambda alert: all(reach(world.path(one.area_id)) for one in alert.areas)


def _require_covered(earlier: Iterable[CapAlert], covers: Covers) -> None:
    """Raises `Refused` (``cap_others_areas``): it would take off the air what others decide on."""
    if not all(covers(one) for one in earlier):
        raise Refused("it is heard in areas of others too", code="cap_others_areas")


def _require_open(alert: CapAlert, now_us: int, *, drill: bool) -> None:
    if alert.state not in {AlertState.HELD, AlertState.NOT_ACTUAL}:
        raise Refused(f"it is {alert.state}", code="cap_decided")
    if alert.expires_at_us is not None and alert.expires_at_us <= now_us:
        raise Refused("its time is over", code="cap_expired")
    usual = AlertState.NOT_ACTUAL if drill else AlertState.HELD
    if alert.status is not (Status.EXERCISE if drill else Status.ACTUAL) or alert.state is not usual:
        raise Refused(f"its status is {alert.status}", code="cap_not_actual")


def _deed(alert: CapAlert, what: DeedKind, by: str, now_us: int) -> Deed:
    detail = f"{alert.message_type} {alert.key.identifier[:80]} {alert.state}"
    return Deed(at_us=now_us, by=by, what=what, subject=alert.alert_id, detail=detail)


def _by_urgency(alert: CapAlert) -> tuple[object, ...]:
    return (alert.state is not AlertState.HELD, *urgency_of(alert))
