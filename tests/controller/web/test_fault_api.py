"""Faults, telemetry and boxes as programs are told of them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.rights import Role
from controller.domain.telemetry import Reading
from tests.controller.web.browser import Browser
from tests.controller.web.callers import ELSEWHERE, HOME, SIBLING, person, second_area
from tests.controller.web.station import Station

T0_US = 1_767_225_600_000_000


async def told(browser: Browser, path: str, status: int = 200) -> Any:
    answer = await browser.ask("GET", path)
    assert answer.status == status, answer.text
    return json.loads(answer.text)


def past(number: int, kind: FaultKind, speaker_id: str | None, area_id: AreaId | None, **more: Any) -> Fault:
    return Fault(
        fault_id=f"f-{number}",
        kind=kind,
        speaker_id=None if speaker_id is None else SpeakerId(speaker_id),
        area_id=area_id,
        opened_at_us=T0_US + number,
        closed_at_us=T0_US + 100,
        **more,
    )


async def store(station: Station, faults: Sequence[Fault]) -> None:
    async with station.desk.store.transaction() as tx:
        await tx.faults.put(faults)


@pytest.fixture(autouse=True)
async def two_areas(station: Station) -> None:
    await second_area(station)
    await store(
        station,
        [
            past(1, FaultKind.OFFLINE, "s-0", HOME),
            past(2, FaultKind.HOT, "s-0", HOME, detail=FaultDetail(value=81.5, limit=80.0)),
            past(3, FaultKind.OFFLINE, ELSEWHERE, SIBLING),
            past(4, FaultKind.CONTROLLER_CLOCK, None, None),
            past(5, FaultKind.AREA_OFFLINE, None, HOME, detail=FaultDetail(members=1)),
            past(6, FaultKind.OFFLINE, "s-1", HOME, group_id="f-5"),
        ],
    )


async def test_one_reads_the_faults_of_ones_own_areas_page_by_page(station: Station) -> None:
    async with person(station, "lan", (Role.TECHNICIAN, HOME)) as lan:
        whole = await told(lan, "/api/v1/faults/history")
        assert [one["fault_id"] for one in whole["faults"]] == ["f-5", "f-4", "f-2", "f-1"]
        assert whole["next"] is None
        some = await told(lan, "/api/v1/faults/history?limit=3")
        rest = await told(lan, f"/api/v1/faults/history?limit=3&before={some['next']}")
        assert [one["fault_id"] for one in some["faults"] + rest["faults"]] == ["f-5", "f-4", "f-2", "f-1"]
        hot = await told(lan, "/api/v1/faults/history?kind=hot&area=x-1")
        assert [one["detail"]["value"] for one in hot["faults"]] == [81.5]
        assert (await told(lan, "/api/v1/faults/history?kind=cold", 400))["code"] == "bad_request"
        await told(lan, "/api/v1/faults/f-3", 404)
        assert (await told(lan, "/api/v1/faults/f-99", 404))["code"] == "fault_unknown"
        assert [one["fault_id"] for one in (await told(lan, "/api/v1/faults/f-5"))["parts"]] == ["f-6"]
        of_one = await told(lan, "/api/v1/speakers/s-1/faults")
        assert [(one["fault_id"], one["group_id"]) for one in of_one["faults"]] == [("f-6", "f-5")]


async def test_whoever_looks_after_a_fault_says_so(station: Station) -> None:
    async with person(station, "minh", (Role.TECHNICIAN, HOME)) as minh:
        answer = await minh.ask("POST", "/api/v1/faults/f-2/seen")
        assert (answer.status, json.loads(answer.text)["seen_by"]) == (200, "minh")
        assert (await minh.ask("POST", "/api/v1/faults/f-3/seen")).status == 403
    async with person(station, "lan", (Role.EDITOR, HOME)) as lan:
        assert (await told(lan, "/api/v1/faults/f-2"))["seen_by"] == "minh"
        assert (await lan.ask("POST", "/api/v1/faults/f-1/seen")).status == 403


async def test_how_a_box_was_is_told_for_a_stretch_of_time(station: Station) -> None:
    now_us = station.parts.clock.now_us()
    async with station.desk.store.transaction() as tx:
        await tx.telemetry.add(
            [
                Reading(speaker_id=SpeakerId("s-0"), at_us=now_us - hours * 3_600_000_000, temperature_c=40.0 + hours)
                for hours in (30, 2, 1)
            ]
        )
    async with person(station, "lan", (Role.TECHNICIAN, HOME)) as lan:
        day = await told(lan, "/api/v1/speakers/s-0/telemetry")
        assert [one["temperature_c"] for one in day["readings"]] == [42.0, 41.0]
        assert (day["latest"], day["month_bytes"], day["quota_bytes"]) == (None, 0, 100_000_000)
        path = f"/api/v1/speakers/s-0/telemetry?from_us={now_us - 40 * 3_600_000_000}&until_us={now_us}"
        assert len((await told(lan, path))["readings"]) == 3
        await told(lan, f"/api/v1/speakers/s-0/telemetry?from_us=0&until_us={now_us}", 400)
        await told(lan, f"/api/v1/speakers/s-0/telemetry?until_us={10**30}", 400)
        await told(lan, f"/api/v1/speakers/{ELSEWHERE}/telemetry", 404)


async def test_the_box_of_a_speaker_is_told_and_who_may_replace_it(station: Station) -> None:
    async with person(station, "lan", (Role.TECHNICIAN, HOME)) as lan:
        boxes = (await told(lan, "/api/v1/speakers/s-0/boxes"))["boxes"]
        assert [(box["device_id"], box["until_us"]) for box in boxes] == [("d-0", None)]
        for speaker_id, status, code in (
            (ELSEWHERE, 403, "not_allowed"),
            ("s-99", 404, "speaker_unknown"),
            ("s-0", 409, "device_gone"),
        ):
            body = {"code": "123456", "replaces": speaker_id}
            answer = await lan.ask("POST", "/api/v1/found/d-new/adopt", json=body)
            assert (answer.status, json.loads(answer.text)["code"]) == (status, code)
