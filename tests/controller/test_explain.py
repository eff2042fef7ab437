"""``loa explain``: a speaker's day from the data directory alone."""

import asyncio
import json
import shutil
from collections.abc import Sequence
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from agents.protocol.documents import Audience, Header, Order, Stop
from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from controller import cli
from controller.datadir import database_url
from controller.domain.guarding import GuardPlace, PlaceGuards
from controller.domain.schedules import PlannedSchedule
from controller.domain.speakers import Speaker, SpeakerState
from controller.domain.stops import BY_AREAS
from controller.links.clock import ControllerClock
from controller.store.database import SqlStore
from controller.store.migrate import upgrade_here
from schedules.areas import Area
from schedules.guards import Guards, Quiet
from schedules.recurrence.parse import parse_rule
from schedules.recurrence.rule import Series
from schedules.schedule import Schedule, Target
from tests.controller.fakes import KeySigner
from tests.controller.web.rundown_sample import DAY, ZONE

NAMES = ("Chợ xã", "Nhà văn hoá", "Trạm y tế")


def planned(schedule_id: str, rrule: str, hour: int) -> PlannedSchedule:
    """Of a content that is not there."""
    rule = parse_rule(rrule, start=DAY.replace(hour=hour), zone=ZONE)
    schedule = Schedule(
        schedule_id=schedule_id,
        content_id="b-0",
        target=Target(areas=("x-1",)),
        series=Series(rule=rule),
        since_us=0,
    )
    return PlannedSchedule(
        schedule=schedule,
        title="Bản tin chiều",
        area_id=AreaId("x-1"),
        created_by="lan",
        planned_by="lan",
        changed_by="lan",
        changed_at_us=0,
    )


async def furnish(folder: Path) -> None:
    await upgrade_here(database_url(folder))
    store = SqlStore(database_url(folder))
    async with store.transaction() as tx:
        await tx.areas.add(Area(area_id=AreaId("x-1"), parent_id=None, level="commune", name="Xã Hoà Bình"))
        for number, name in enumerate(NAMES):
            await tx.speakers.put(
                Speaker(
                    speaker_id=SpeakerId(f"s-{number}"),
                    name=name,
                    area_id=AreaId("x-1"),
                    device_id=DeviceId(f"d-{number}"),
                    device_key=bytes([number]) * 32,
                    state=SpeakerState.ADOPTED,
                    adopted_at_us=0,
                )
            )
        quiet = Guards(quiet=(Quiet(time(21, 30), time(5)),))
        await tx.guard_rows.put(PlaceGuards(place=GuardPlace.area(AreaId("x-1")), guards=quiet, revision=1))
        await tx.schedules.put(planned("sc-1", "FREQ=DAILY", 17))
        await tx.schedules.put(planned("sc-2", "FREQ=WEEKLY;BYDAY=TU", 6))
    await store.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A station that was started once, and planned something."""
    made = tmp_path_factory.mktemp("station")
    asyncio.run(furnish(made))
    return made


def run(capsys: pytest.CaptureFixture[str], folder: Path, *argv: str) -> tuple[int, str, str]:
    code = cli.main(["explain", *argv, "--data-dir", str(folder)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_every_item_of_a_day_is_told_with_its_reason(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    code, out, err = run(capsys, folder, "Chợ xã", "--day", "2026-03-03", "--language", "vi")
    assert (code, err) == (cli.DONE, "")
    lines = out.splitlines()
    assert lines[0] == "Chợ xã (s-0), Xã Hoà Bình"
    assert lines[2] == "Giới hạn: Yên lặng từ 21:30 đến 05:00 (Xã Hoà Bình)"
    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2].isdigit()] == [
        "00:00",
        "06:00",
        "17:00",
        "21:30",
    ]
    assert sum("Không phát: nội dung chưa phát được." in line for line in lines) == 2
    assert lines[-1] == "0 mục được phát, 2 mục không phát."


def test_programs_get_the_same_as_json(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    argv = ("s-1", "--day", "2026-03-02", "--days", "3", "--json", "--language", "en")
    code, out, _ = run(capsys, folder, *argv)
    told: dict[str, Any] = json.loads(out)
    assert (code, told["name"], told["zone"]) == (cli.DONE, "Nhà văn hoá", ZONE)
    assert told["limits"] == [{"sentence": "Quiet from 21:30 to 05:00", "source": "Xã Hoà Bình"}]
    assert [one["original"] for one in told["items"]] == [
        "2026-03-02T17:00",
        "2026-03-03T06:00",
        "2026-03-03T17:00",
        "2026-03-04T17:00",
    ]
    assert {(one["outcome"], one["reason"]) for one in told["items"]} == {("refused", "content_lacking")}


async def stop(folder: Path, document_id: str, areas: tuple[str, ...]) -> None:
    since_us = ControllerClock(trust_system_clock=True).now_us() - 60_000_000
    signer = KeySigner()
    header = Header(
        document_id=document_id,
        key_id=signer.key_id,
        issued_at_us=since_us,
        not_after_us=since_us + 3_600_000_000,
        counter=1,
    )
    order = Order(header=header, to=Audience(areas=areas), action=Stop())
    store = SqlStore(database_url(folder))
    async with store.transaction() as tx:
        await tx.documents.put(order, signer.sign(order))
    await store.close()


@pytest.mark.parametrize(
    ("document_id", "areas", "held"),
    [("o-1", ("x-1",), True), (f"{BY_AREAS}-1", ("x-1",), True), (f"{BY_AREAS}-2", ("elsewhere",), False)],
)
def test_a_stop_that_holds_is_told_before_what_is_planned(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    tmp_path: Path,
    document_id: str,
    areas: tuple[str, ...],
    held: bool,
) -> None:
    shutil.copytree(folder, tmp_path / "stopped")
    asyncio.run(stop(tmp_path / "stopped", document_id, areas))
    _, out, _ = run(capsys, tmp_path / "stopped", "s-0", "--language", "vi")
    assert ("Đang có lệnh dừng từ" in out) == held
    _, out, _ = run(capsys, tmp_path / "stopped", "s-0", "--json")
    assert (json.loads(out)["stopped_since_at_us"] is not None) == held


def test_it_reads_and_writes_nothing(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    before = (folder / "loa.db").read_bytes()
    assert run(capsys, folder, "s-0")[0] == cli.DONE
    assert (folder / "loa.db").read_bytes() == before
    assert not (folder / "keys").exists()


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("cho xa", None),
        ("CHỢ XÃ", None),
        ("chọ xa", None),
        ("nha van", "Nhà văn hoá (s-1)"),
        ("Trạm y tê xã", "Trạm y tế (s-2)"),
        ("zzz", "Chợ xã (s-0), Nhà văn hoá (s-1), Trạm y tế (s-2)"),
        ("", "Chợ xã (s-0)"),
    ],
)
def test_a_speaker_is_found_by_its_name_or_the_nearest_are_offered(
    capsys: pytest.CaptureFixture[str], folder: Path, named: str, said: str | None
) -> None:
    code, _, err = run(capsys, folder, named)
    if said is None:
        assert (code, err) == (cli.DONE, "")
    else:
        assert code == cli.FAILED
        assert f"There is no speaker called {named}." in err
        assert said in err


@pytest.mark.parametrize("argv", [("--day", "2026-02-30"), ("--days", "0"), ("--days", "999"), ("--language", "fr")])
def test_what_cannot_be_asked_is_refused_at_once(folder: Path, argv: Sequence[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        cli.main(["explain", "s-0", *argv, "--data-dir", str(folder)])
    assert refused.value.code == cli.USAGE


def test_where_there_is_no_station_it_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, err = run(capsys, tmp_path, "s-0")
    assert (code, "There is no station in" in err) == (cli.FAILED, True)
    assert "--data-dir (that of a demonstration is demo-data/run-N/controller)" in err
    assert list(tmp_path.iterdir()) == []
