"""CAP alerts that came in, and the settings of what is done with them."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
from sqlalchemy import and_, delete, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_alerts import AlertState, CapAlert, CapAlertId, Key
from controller.domain.cap_feeds import CapFeed, CapFeedId, FeedHealth
from controller.domain.cap_rules import Rule
from controller.domain.errors import NotFound
from controller.domain.paging import Place
from controller.store.bulk import pieces
from controller.store.cap_rows import (
    CapAlertRow,
    CapFeedRow,
    CapLanguagesRow,
    CapRawRow,
    CapReferenceRow,
    CapRuleRow,
    SpeakerPositionRow,
)

_WAITING = (AlertState.HELD.value, AlertState.NOT_ACTUAL.value)
_FRESH = {"populate_existing": True}
_ARRIVED = (col(CapAlertRow.received_at_us), col(CapAlertRow.alert_id))


class SqlCapAlerts:
    """`ports.CapAlerts`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, alert_id: CapAlertId) -> CapAlert:
        row = await self._session.get(CapAlertRow, alert_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no alert {alert_id}", code="cap_alert_unknown")
        return _alert(row)

    async def put(self, alert: CapAlert) -> None:
        row = CapAlertRow(
            alert_id=alert.alert_id,
            sender=alert.key.sender,
            identifier=alert.key.identifier,
            sent_us=alert.key.sent_us,
            trusted=alert.trusted,
            digest=alert.digest,
            says=alert.says,
            state=alert.state.value,
            busy=alert.busy,
            received_at_us=alert.received_at_us,
            content=msgspec.to_builtins(alert),
        )
        await self._session.merge(row)
        await self._session.flush()
        await self._put_references(alert)

    async def _put_references(self, alert: CapAlert) -> None:
        """Once, all in one go: they never change, there may be thousands, and everybody who writes waits meanwhile."""
        mine = select(CapReferenceRow.position).where(col(CapReferenceRow.alert_id) == alert.alert_id).limit(1)
        if alert.references and await self._session.scalar(mine) is None:
            self._session.add_all(
                CapReferenceRow(alert_id=alert.alert_id, position=position, key_digest=_key_digest(key))
                for position, key in enumerate(dict.fromkeys(alert.references))
            )
            await self._session.flush()

    async def keyed(self, keys: Sequence[Key]) -> tuple[CapAlert, ...]:
        found: list[CapAlert] = []
        for piece in pieces(list(dict.fromkeys(keys))):
            same = or_(
                *(
                    and_(
                        col(CapAlertRow.sender) == key.sender,
                        col(CapAlertRow.identifier) == key.identifier,
                        col(CapAlertRow.sent_us) == key.sent_us,
                    )
                    for key in piece
                )
            )
            rows = await self._session.scalars(select(CapAlertRow).where(same), execution_options=_FRESH)
            found.extend(_alert(row) for row in rows)
        return tuple(sorted(found, key=lambda one: (one.received_at_us, one.alert_id)))

    async def referring(self, key: Key) -> tuple[CapAlert, ...]:
        ids = select(CapReferenceRow.alert_id).where(col(CapReferenceRow.key_digest) == _key_digest(key))
        rows = await self._session.scalars(
            select(CapAlertRow).where(col(CapAlertRow.alert_id).in_(ids)).order_by(*_ARRIVED),
            execution_options=_FRESH,
        )
        return tuple(_alert(row) for row in rows)

    async def several(self, alert_ids: Sequence[CapAlertId]) -> tuple[CapAlert, ...]:
        found: list[CapAlert] = []
        for piece in pieces(list(dict.fromkeys(alert_ids))):
            wanted = select(CapAlertRow).where(col(CapAlertRow.alert_id).in_(piece))
            found.extend(_alert(row) for row in await self._session.scalars(wanted, execution_options=_FRESH))
        return tuple(sorted(found, key=lambda one: (one.received_at_us, one.alert_id)))

    async def busy(self) -> tuple[CapAlert, ...]:
        rows = await self._session.scalars(
            select(CapAlertRow).where(col(CapAlertRow.busy)).order_by(*_ARRIVED), execution_options=_FRESH
        )
        return tuple(_alert(row) for row in rows)

    async def waiting(self) -> tuple[tuple[AreaId, ...], ...]:
        content = CapAlertRow.content
        rows = await self._session.execute(
            select(content["areas"], content["named_area_ids"])
            .where(col(CapAlertRow.busy), col(CapAlertRow.state).in_(_WAITING))
            .order_by(*_ARRIVED)
        )
        return tuple(
            tuple(dict.fromkeys(AreaId(one) for one in [*(area["area_id"] for area in areas or ()), *(named or ())]))
            for areas, named in rows
        )

    async def latest(self, limit: int, before: Place | None = None) -> tuple[CapAlert, ...]:
        wanted = select(CapAlertRow).order_by(*(one.desc() for one in _ARRIVED)).limit(limit)
        if before is not None:
            at_us, alert_id = _ARRIVED
            wanted = wanted.where(or_(at_us < before.at_us, and_(at_us == before.at_us, alert_id < before.key)))
        rows = await self._session.scalars(wanted, execution_options=_FRESH)
        return tuple(_alert(row) for row in rows)

    async def put_raw(self, digest: str, raw: bytes) -> None:
        if await self._session.get(CapRawRow, digest) is None:
            self._session.add(CapRawRow(digest=digest, content=zlib.compress(raw, 6)))
            await self._session.flush()

    async def raw(self, digest: str) -> bytes | None:
        row = await self._session.get(CapRawRow, digest)
        return None if row is None else zlib.decompress(row.content)

    async def prune(self, states: Sequence[AlertState], keep: int) -> None:
        among = col(CapAlertRow.state).in_([one.value for one in states])
        kept = select(CapAlertRow.alert_id).where(among).order_by(*(one.desc() for one in _ARRIVED)).limit(keep)
        old = and_(among, col(CapAlertRow.alert_id).not_in(kept))
        found = list(await self._session.scalars(select(CapAlertRow.alert_id).where(old)))
        for piece in pieces(found):
            await self._session.execute(delete(CapReferenceRow).where(col(CapReferenceRow.alert_id).in_(piece)))
            await self._session.execute(delete(CapAlertRow).where(col(CapAlertRow.alert_id).in_(piece)))
        if found:
            used = select(CapAlertRow.digest)
            await self._session.execute(delete(CapRawRow).where(col(CapRawRow.digest).not_in(used)))


class SqlCapSettings:
    """`ports.CapSettings`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def rules(self) -> tuple[Rule, ...]:
        order = (col(CapRuleRow.made_at_us), col(CapRuleRow.rule_id))
        rows = await self._session.scalars(select(CapRuleRow).order_by(*order), execution_options=_FRESH)
        return tuple(_rule(row) for row in rows)

    async def put_rule(self, rule: Rule) -> None:
        await self._session.merge(CapRuleRow(**asdict(rule) | {"events": list(rule.events)}))
        await self._session.flush()

    async def remove_rule(self, rule_id: str) -> None:
        await self._session.execute(delete(CapRuleRow).where(col(CapRuleRow.rule_id) == rule_id))

    async def languages(self) -> dict[AreaId, tuple[str, ...]]:
        rows = await self._session.scalars(select(CapLanguagesRow), execution_options=_FRESH)
        return {AreaId(row.area_id): tuple(row.languages) for row in rows}

    async def put_languages(self, area_id: AreaId, languages: Sequence[str]) -> None:
        if languages:
            await self._session.merge(CapLanguagesRow(area_id=area_id, languages=list(languages)))
        else:
            await self._session.execute(delete(CapLanguagesRow).where(col(CapLanguagesRow.area_id) == area_id))
        await self._session.flush()

    async def feeds(self) -> tuple[tuple[CapFeed, FeedHealth], ...]:
        order = (col(CapFeedRow.name), col(CapFeedRow.feed_id))
        rows = await self._session.scalars(select(CapFeedRow).order_by(*order), execution_options=_FRESH)
        return tuple(_feed(row) for row in rows)

    async def feed(self, feed_id: CapFeedId) -> tuple[CapFeed, FeedHealth]:
        row = await self._session.get(CapFeedRow, feed_id, populate_existing=True)
        if row is None:
            raise NotFound(f"no feed {feed_id}", code="cap_feed_unknown")
        return _feed(row)

    async def put_feed(self, feed: CapFeed) -> None:
        there = await self._session.get(CapFeedRow, feed.feed_id, populate_existing=True)
        health = msgspec.to_builtins(FeedHealth()) if there is None or there.url != feed.url else there.health
        await self._session.merge(CapFeedRow(**asdict(feed), health=health))
        await self._session.flush()

    async def put_health(self, feed_id: CapFeedId, health: FeedHealth) -> None:
        row = await self._session.get(CapFeedRow, feed_id, populate_existing=True)
        if row is not None:
            row.health = msgspec.to_builtins(health)
            await self._session.flush()

    async def remove_feed(self, feed_id: CapFeedId) -> None:
        await self._session.execute(delete(CapFeedRow).where(col(CapFeedRow.feed_id) == feed_id))

    async def positions(self) -> dict[SpeakerId, tuple[float, float]]:
        rows = await self._session.execute(
            select(SpeakerPositionRow.speaker_id, SpeakerPositionRow.latitude, SpeakerPositionRow.longitude)
        )
        return {SpeakerId(speaker_id): (latitude, longitude) for speaker_id, latitude, longitude in rows}

    async def put_position(self, speaker_id: SpeakerId, position: tuple[float, float] | None) -> None:
        if position is None:
            await self._session.execute(
                delete(SpeakerPositionRow).where(col(SpeakerPositionRow.speaker_id) == speaker_id)
            )
        else:
            row = SpeakerPositionRow(speaker_id=speaker_id, latitude=position[0], longitude=position[1])
            await self._session.merge(row)
        await self._session.flush()


def _alert(row: CapAlertRow) -> CapAlert:
    return msgspec.convert(row.content, CapAlert, strict=False)


def _rule(row: CapRuleRow) -> Rule:
    values: dict[str, Any] = row.model_dump() | {"area_id": AreaId(row.area_id), "events": tuple(row.events)}
    return Rule(**values)


def _feed(row: CapFeedRow) -> tuple[CapFeed, FeedHealth]:
    values = row.model_dump(exclude={"health"})
    return CapFeed(**values), msgspec.convert(row.health, FeedHealth, strict=False)


def _key_digest(key: Key) -> str:
    return hashlib.sha256(f"{key.sender}\n{key.identifier}\n{key.sent_us}".encode(errors="replace")).hexdigest()
