"""Who gets through to which address: every one, with every role and every kind of API token, here, next door and
nowhere.

Two tables are written out in `rights_table`: what each address asks for, and what each role may do. A change of rights
is made there as well, on purpose; an address that is not in the table fails.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from aiohttp import ClientSession, DummyCookieJar, web

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.accounts import Person
from controller.domain.drafts import ProgrammeDraft
from controller.domain.emergencies import EmergencyDraft
from controller.domain.faults import Fault, FaultKind
from controller.domain.groups import GroupDraft, Member
from controller.domain.handing_in import Sent
from controller.domain.hazards import Hazard
from controller.domain.programmes import BulletinItem
from controller.domain.rights import RIGHTS, TOKEN_RIGHTS, Right, Role
from controller.domain.schedules import ScheduleDraft
from controller.services.hand_ins.handing_in import Handing
from controller.services.people import shell
from controller.web import server
from controller.web.asking import Ask, Needs, Route
from controller.web.routes import ROUTES
from schedules.recurrence.rule import Rule
from schedules.schedule import Target
from tests.controller.drafts import text_draft
from tests.controller.web.callers import HOME, SIBLING, add_person, add_token, second_area, signed_in
from tests.controller.web.rights_table import MAY, TABLE
from tests.controller.web.station import Station

NOWHERE = AreaId("")
SAFE = {"GET", "HEAD", "OPTIONS"}


def gate_of(route: Route) -> str:
    """A route's gate in the words of the table."""
    gate = {Needs.PUBLIC: "public", Needs.PERSON: "person"}.get(route.needs)
    gate = gate or "/".join(right.value for right in (route.right, route.or_right) if right) or "anyone"
    gate += f" over {route.over.__name__}" if route.over else ""
    return gate + (" given" if route.with_given_password else "")


def test_every_address_asks_for_what_the_table_says() -> None:
    assert {f"{route.method} {route.path}": gate_of(route) for route in ROUTES} == TABLE


def test_every_role_may_what_the_table_says() -> None:
    assert {role.value: " ".join(sorted(rights)) for role, rights in RIGHTS.items()} == MAY


def test_what_names_a_speaker_an_airing_or_a_bulletin_is_asked_about_there() -> None:
    for address, gate in TABLE.items():
        kinds = "speaker|airing|bulletin|programme|tune|schedule|approval|group|fault|emergencie"
        named = re.search(rf"({kinds})s/\{{\w*id\}}|prepare(d)?/\{{id\}}", address)
        if named:
            assert " over " in gate, address


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Somebody at the door: what they may in ``area``, and the headers they send."""

    name: str
    rights: frozenset[Right]
    area: AreaId
    headers: Mapping[str, str]
    token: bool = False

    def outcome(self, address: str) -> int:
        """The status with which the door answers: 200 lets through."""
        method, path = address.split(" ")
        gate, *more = TABLE[address].split(" ")
        if gate == "public":
            return 200
        if self.token and not path.startswith("/api/"):
            return 401
        if gate == "person":
            return 403 if self.token else 200
        if gate == "anyone":
            return 200
        if self.rights.isdisjoint(Right(one) for one in gate.split("/")):
            return 403
        if "wherever_heard" in more:
            return 403  # speakers stand in both areas, and nobody here has a role in both
        if "over" in more and self.area == SIBLING:
            return 404 if method in SAFE or "hand-ins" in path or "from-above" in path else 403
        return 200


@pytest.fixture
async def door(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Station]:
    """The station with its real doors and nothing behind them."""

    async def through(_ask: Ask) -> web.StreamResponse:
        return web.Response(text="through")

    behind = [replace(route, handler=through) for route in ROUTES]
    monkeypatch.setattr(server, "ROUTES", behind)
    async with Station.open(furnished, tmp_path, {}) as station:
        await second_area(station)
        yield station


async def subjects(station: Station) -> dict[str, str]:
    """Something of each kind in the first area, made by somebody of that area."""
    await add_person(station, "maker", (Role.EDITOR, HOME))
    draft = replace(text_draft("Một bản tin", "Kính mời bà con đến họp."), area_id=HOME)
    made = await station.desk.compose.make(draft, "maker")
    await station.wait_ready(made.bulletin_id)
    airing = await station.desk.dispatch.schedule(
        made.bulletin_id, [SpeakerId(station.speaker_ids[0])], station.parts.clock.now_us() + 3_600_000_000, "maker"
    )
    _, text = await station.desk.api_tokens.create("tỉnh", [Right.HAND_IN], HOME, 1, shell())
    above = Handing(
        reference="1",
        draft=draft,
        areas=(HOME,),
        valid_from_us=None,
        valid_until_us=None,
        sent=Sent(digest="1"),
    )
    handed_in, _ = await station.desk.hand_ins.hand_in(above, await station.desk.api_tokens.who(text))
    items = (BulletinItem(bulletin_id=made.bulletin_id),)
    programme = await station.desk.programmes.make(ProgrammeDraft(title="Tối", items=items, area_id=HOME), "maker")
    recording = station.parts.upload_folder / "tune.wav"
    recording.write_bytes(b"RIFF")
    tune = await station.desk.tunes.add("Nhạc hiệu", recording, "tune.wav", "maker", HOME)
    maker = next(one.actor for one in await persons(station) if one.name == "maker")
    rule = Rule(zone="", start=datetime.fromisoformat("2126-03-01T17:00"))
    planned = ScheduleDraft(content_id=made.bulletin_id, target=Target(areas=(HOME,)), rule=rule)
    schedule = await station.desk.schedules.plan(planned, maker)
    members = (Member(SpeakerId(station.speaker_ids[0])),)
    group = await station.desk.groups.add(GroupDraft(name="Chợ", members=members), "maker")
    async with station.parts.store.transaction() as tx:
        here = Fault(fault_id="f-1", kind=FaultKind.HOT, opened_at_us=1, speaker_id=members[0].speaker_id, area_id=HOME)
        await tx.faults.put([here])
    drill = EmergencyDraft(drill=True, hazard=Hazard.OTHER, area_ids=(HOME,), texts={"vi": "Một hai ba."})
    emergency = await station.desk.emergencies.prepare(drill, maker)
    return {
        "faults": here.fault_id,
        "emergencies": emergency.emergency_id,
        "emergency": emergency.emergency_id,
        "programmes": programme.programme_id,
        "schedules": schedule.schedule_id,
        "approvals": schedule.schedule_id,
        "groups": group.group_id,
        "tunes": tune.tune_id,
        "hand-ins": handed_in.hand_in_id,
        "from-above": handed_in.hand_in_id,
        "speakers": station.speaker_ids[0],
        "airings": airing.airing_id,
        "bulletins": made.bulletin_id,
        "areas": HOME,
    }


async def persons(station: Station) -> tuple[Person, ...]:
    async with station.parts.store.reading() as tx:
        return tuple(await tx.persons.all())


def filled(path: str, known: Mapping[str, str]) -> str:
    """The path with the ids of things that are there."""
    known = {**known, "prepare": known["bulletins"], "prepared": known["bulletins"], "live": known["airings"]}
    for room, found in known.items():
        path = re.sub(rf"({room}/)\{{\w*id\}}", rf"\g<1>{found}", path)
    return re.sub(r"\{[^}]*\}", "x", path)


async def callers(station: Station) -> list[Caller]:
    made = []
    for role in Role:
        for area in (HOME, SIBLING):
            name = f"{role} at {area}"
            await add_person(station, name, (role, area))
            headers = await signed_in(station, name)
            made.append(Caller(name=name, rights=RIGHTS[role], area=area, headers=headers))
    await add_person(station, "no role")
    made.append(Caller(name="no role", rights=frozenset(), area=NOWHERE, headers=await signed_in(station, "no role")))
    for right in sorted(TOKEN_RIGHTS):
        for area in (HOME, SIBLING):
            text = await add_token(station, f"{right} at {area}", [right], area)
            headers = {"Authorization": f"Bearer {text}"}
            made.append(
                Caller(
                    name=f"token {right} at {area}", rights=frozenset({right}), area=area, headers=headers, token=True
                )
            )
    return made


async def test_every_door_opens_to_those_it_should_and_to_nobody_else(door: Station) -> None:
    known = await subjects(door)
    wrong = []
    async with ClientSession(door.url, cookie_jar=DummyCookieJar()) as http:
        for caller in await callers(door):
            for address in TABLE:
                method, path = address.split(" ")
                headers = {"Accept": "application/json", **caller.headers}
                if method not in SAFE:
                    headers["Content-Type"] = "application/x-www-form-urlencoded"
                async with http.request(method, filled(path, known), headers=headers, allow_redirects=False) as answer:
                    status = answer.status
                expected = caller.outcome(address)
                if status != expected:
                    wrong.append(f"{caller.name}: {address} answered {status}, not {expected}")
    assert wrong == []
