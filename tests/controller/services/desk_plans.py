"""Schedules and who plans them, in one line."""

from datetime import datetime
from typing import Any

from agents.protocol.ids import AreaId
from controller.domain.airings import ContentId
from controller.domain.rights import EVERYWHERE, Actor, Grant, Role, scopes_of
from controller.domain.schedules import PlannedSchedule, ScheduleDraft
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import Rule
from schedules.schedule import Target
from tests.controller.services.content import made
from tests.controller.services.station import Station

PROVINCE, COMMUNE, OTHER = AreaId("vn-01"), AreaId("vn-00070"), AreaId("vn-00004")
ZONE = "Asia/Ho_Chi_Minh"
TARGET = Target(areas=(COMMUNE,))
wall = datetime.fromisoformat
TOMORROW = "2027-01-16T17:00"
"""The clock of the tests begins on Friday, 15 January 2027, at 15:00 in the zone."""


def actor(name: str, *roles: Role, area_id: AreaId = EVERYWHERE) -> Actor:
    grants = [Grant(role=role, area_id=area_id) for role in roles]
    return Actor(name=name, scopes=scopes_of(grants), person_id=f"p-{name}")


AN = actor("an", Role.EDITOR)
DUNG = actor("dung", Role.APPROVER)


def rule(text: str = "FREQ=DAILY", start: str = TOMORROW, zone: str = ZONE) -> Rule:
    return parse_rule(text, start=wall(start), zone=zone)


def draft(content_id: ContentId, text: str = "FREQ=DAILY", start: str = TOMORROW, **more: Any) -> ScheduleDraft:
    return ScheduleDraft(**{"content_id": content_id, "target": TARGET, "rule": rule(text, start), **more})


async def planned(station: Station, text: str = "FREQ=DAILY", start: str = TOMORROW, **more: Any) -> PlannedSchedule:
    """Of a bulletin of five seconds, all of it by an."""
    bulletin = await made(station)
    return await station.desk.schedules.plan(draft(bulletin.bulletin_id, text, start, **more), AN)
