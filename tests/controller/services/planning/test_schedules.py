"""Schedules at the desk: what is kept, what is refused, and what becomes of single occurrences."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from agents.protocol.ids import AreaId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import ContentId
from controller.domain.bulletins import Origin
from controller.domain.deeds import DeedKind
from controller.domain.drafts import BulletinDraft, ProgrammeDraft
from controller.domain.groups import Group, GroupId, Member
from controller.domain.handing_in import HandInState
from controller.domain.plan_checks import ends_us
from controller.domain.programmes import BulletinItem
from controller.domain.rights import Role
from controller.domain.schedules import PlannedSchedule, content_id_of
from controller.services.planning.planned import read_plans, summaries
from schedules.precedence import AirClass
from schedules.recurrence.rule import Cancelled, Changed, Rule, Series
from schedules.recurrence.zones import instant_us
from schedules.schedule import Choice, Overrun, Target
from schedules.succession import merged
from tests.controller.drafts import text_draft
from tests.controller.services.content import code_of, made, text
from tests.controller.services.desk_plans import (
    AN,
    COMMUNE,
    DUNG,
    OTHER,
    PROVINCE,
    TARGET,
    TOMORROW,
    ZONE,
    actor,
    draft,
    planned,
    rule,
    wall,
)
from tests.controller.services.hand_ins.samples import handing, waiting
from tests.controller.services.station import Station

NOBODY = BulletinId("b-no")
FIRST, SECOND, THIRD = (wall(f"2027-01-{day}T17:00") for day in (16, 17, 18))


async def deeds(station: Station, count: int) -> list[tuple[DeedKind, str, str]]:
    return [(deed.what, deed.by, deed.detail) for deed in await station.desk.reports.deeds(count)][::-1]


async def test_a_schedule_is_kept_as_it_was_planned(station: Station) -> None:
    bulletin = await made(station, airing_class=AiringClass.PRIORITY)
    wish = draft(bulletin.bulletin_id, rank=2, slot_us=900_000_000, overrun=Overrun.PUSH_BACK)
    wish = replace(wish, rule=replace(wish.rule, zone=""), target=Target(areas=(COMMUNE, COMMUNE)))
    kept = await station.desk.schedules.plan(wish, AN)
    schedule = kept.schedule
    assert schedule.series == Series(rule=rule()), "the zone is the station's where the rule names none"
    assert (schedule.target, schedule.rank, schedule.slot_us) == (TARGET, 2, 900_000_000)
    assert (schedule.air_class, schedule.needs_approval, schedule.above) == (AirClass.PRIORITY, True, False)
    assert (kept.title, kept.area_id, kept.revision, kept.created_by) == ("Tin", COMMUNE, 1, "an")
    assert await station.desk.schedules.get(kept.schedule_id) == kept
    assert await station.desk.schedules.all() == (kept,)
    (first,) = await station.desk.schedules.history(kept.schedule_id)
    assert (first.content["rule"], first.content["start"], first.content["zone"]) == (
        "FREQ=DAILY",
        f"{TOMORROW}:00",
        ZONE,
    )
    assert await deeds(station, 1) == [(DeedKind.PLAN, "an", "revision 1: Tin")]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nowhere": ({"target": Target()}, "targets_missing"),
    "everywhere": ({"target": Target(areas=tuple(f"x-{n}" for n in range(501)))}, "too_many_targets"),
    "an area that is not there": ({"target": Target(areas=("x-no",))}, "area_unknown"),
    "a group that is not there": ({"target": Target(groups=("g-no",))}, "group_unknown"),
    "a speaker that is not there": ({"target": Target(speakers=("s-no",))}, "speaker_unknown"),
    "filed elsewhere": ({"area_id": OTHER}, "target_outside_area"),
    "a rank below all": ({"rank": 10}, "rank_out_of_range"),
    "a slot of a second": ({"slot_us": 1_000_000}, "slot_out_of_range"),
    "a slot of a day": ({"slot_us": 86_400_000_000}, "slot_out_of_range"),
    "no content": ({"content_id": NOBODY}, "content_unknown"),
    "a zone that is not there": ({"rule": replace(rule(), zone="Asia/Nowhere")}, "zone_unknown"),
    "yesterday": ({"rule": rule("", "2027-01-14T17:00")}, "rule_never_fires"),
    "every minute": ({"rule": replace(rule(), by_minute=tuple(range(60)))}, "rule_too_often"),
    "twice in a slot": ({"rule": replace(rule(), by_minute=(0, 10)), "slot_us": 900_000_000}, "rule_overlaps_itself"),
}


async def test_what_cannot_be_planned_is_refused_with_the_reason(station: Station) -> None:
    bulletin = await made(station)
    for what, (wrong, code) in REFUSED.items():
        wish = replace(draft(bulletin.bulletin_id), **wrong)
        assert await code_of(station.desk.schedules.plan(wish, AN)) == code, what
    await station.desk.compose.withdraw(bulletin.bulletin_id, "an")
    assert await code_of(station.desk.schedules.plan(draft(bulletin.bulletin_id), AN)) == "withdrawn"
    expiring = await made(station, expires_at_us=instant_us(ZONE, FIRST))
    assert await code_of(station.desk.schedules.plan(draft(expiring.bulletin_id), AN)) == "bulletin_expired"
    assert await station.desk.schedules.all() == ()
    early = draft(expiring.bulletin_id, start="2027-01-16T16:59", slot_us=900_000_000)
    assert (await station.desk.schedules.plan(early, AN)).schedule.content_id == expiring.bulletin_id


async def test_a_schedule_may_leave_itself_just_the_air_that_it_needs(station: Station) -> None:
    quarters = replace(rule("FREQ=DAILY;COUNT=90"), by_minute=(0, 15))
    kept = await planned(station, rule=quarters, slot_us=900_000_000)
    assert kept.ends_us == instant_us(ZONE, wall("2027-03-01T17:15"))
    endless = await planned(station, rule=replace(rule(), by_minute=(0, 15)), slot_us=900_000_000)
    for one, day in ((kept, "2027-01-16"), (endless, "2032-01-16")):
        moved = station.desk.schedules.move(one.schedule_id, wall(f"{day}T17:00"), wall(f"{day}T17:01"), AN)
        assert await code_of(moved) == "rule_overlaps_itself"


async def test_a_schedule_is_changed_unless_somebody_was_faster_and_keeps_what_still_fits(station: Station) -> None:
    desk = station.desk.schedules
    kept = await planned(station)
    await desk.cancel(kept.schedule_id, SECOND, AN)
    kept = await desk.move(kept.schedule_id, THIRD, wall("2027-01-18T18:30"), DUNG)
    assert (kept.revision, kept.changed_by, kept.planned_by) == (3, "dung", "an")
    wish = draft(kept.schedule.content_id, "FREQ=DAILY;INTERVAL=2", area_id=PROVINCE)  # type: ignore[arg-type]
    assert await code_of(desk.change(kept.schedule_id, wish, AN, revision=2)) == "changed_meanwhile"
    changed = await desk.change(kept.schedule_id, wish, DUNG, revision=3)
    assert changed.schedule.series.changes == (Changed(THIRD, wall("2027-01-18T18:30")),), "the 17th is no day of it"
    assert changed.altered_by == {THIRD: "dung"}
    assert (changed.area_id, changed.revision, changed.planned_by) == (PROVINCE, 4, "dung")
    assert changed.schedule.since_us == kept.schedule.since_us
    assert [one.number for one in await desk.history(kept.schedule_id)] == [4, 3, 2, 1]
    gone = await desk.withdraw(kept.schedule_id, AN)
    assert (gone.withdrawn, await desk.all()) == (True, ())
    assert await code_of(desk.change(kept.schedule_id, wish, AN)) == "withdrawn"
    assert await code_of(desk.cancel(kept.schedule_id, THIRD, AN)) == "withdrawn"


async def test_one_occurrence_is_moved_replaced_cancelled_and_restored(station: Station) -> None:
    desk = station.desk.schedules
    kept = await planned(station)
    other, later = (await made(station)).bulletin_id, wall("2027-01-16T20:00")

    async def changes(kept: PlannedSchedule) -> tuple[Cancelled | Changed, ...]:
        assert await desk.get(kept.schedule_id) == kept
        return kept.schedule.series.changes

    assert await changes(await desk.move(kept.schedule_id, FIRST, later, AN)) == (Changed(FIRST, later),)
    assert await changes(await desk.replace(kept.schedule_id, FIRST, other, AN)) == (Changed(FIRST, later, other),)
    kept = await desk.move(kept.schedule_id, FIRST, FIRST, AN)
    assert await changes(kept) == (Changed(FIRST, None, other),), "moved back, and still replaced"
    assert kept.content_ids == {other, kept.schedule.content_id}
    kept = await desk.cancel(kept.schedule_id, FIRST, DUNG)
    assert (await changes(kept), kept.altered_by) == ((Cancelled(FIRST),), {FIRST: "dung"})
    kept = await desk.restore(kept.schedule_id, FIRST, AN)
    assert (await changes(kept), kept.altered_by) == ((), {})
    assert await deeds(station, 5) == [
        (DeedKind.MOVE_OCCURRENCE, "an", "2027-01-16 17:00 to 2027-01-16 20:00"),
        (DeedKind.REPLACE_OCCURRENCE, "an", f"2027-01-16 17:00 {other}"),
        (DeedKind.MOVE_OCCURRENCE, "an", "2027-01-16 17:00 to 2027-01-16 17:00"),
        (DeedKind.CANCEL_OCCURRENCE, "dung", "2027-01-16 17:00"),
        (DeedKind.RESTORE_OCCURRENCE, "an", "2027-01-16 17:00"),
    ]
    assert await code_of(desk.cancel(kept.schedule_id, wall("2027-01-16T17:30"), AN)) == "exception_unknown"
    assert await code_of(desk.move(kept.schedule_id, FIRST, wall("2027-01-15T14:59"), AN)) == "time_passed"
    assert await code_of(desk.replace(kept.schedule_id, FIRST, NOBODY, AN)) == "content_unknown"
    station.clock.advance(86_400 + 2 * 3600 + 1)
    for late in (desk.cancel(kept.schedule_id, FIRST, AN), desk.move(kept.schedule_id, FIRST, THIRD, AN)):
        assert await code_of(late) == "occurrence_over"


async def test_this_one_and_those_that_follow_get_another_plan(station: Station) -> None:
    desk = station.desk.schedules
    kept, other = await planned(station), await planned(station, start="2027-01-16T18:00")
    await desk.choose(other.schedule_id, kept.schedule_id, AN)
    await desk.cancel(kept.schedule_id, FIRST, AN)
    kept = await desk.move(kept.schedule_id, THIRD, wall("2027-01-18T18:30"), DUNG)
    wish = draft(kept.schedule.content_id, start="2027-01-01T17:00", rank=1)  # type: ignore[arg-type]
    station.clock.advance(60)
    ended, new = await desk.split(kept.schedule_id, SECOND, wish, AN, revision=kept.revision)
    assert (ended.schedule_id, new.schedule_id) == (kept.schedule_id, await only_other(station, kept, other))
    assert ended.schedule.series.changes == (Cancelled(FIRST),)
    assert new.schedule.series.changes == (Changed(THIRD, wall("2027-01-18T18:30")),)
    assert new.schedule.series.rule.start == SECOND, "nothing of it fires before the split"
    assert (new.altered_by, new.schedule.rank) == ({THIRD: "dung"}, 1)
    assert new.schedule.since_us == kept.schedule.since_us, "it is as old as what it follows"
    assert ended.ends_us is not None
    assert ended.ends_us < instant_us(ZONE, SECOND)
    async with station.store.reading() as tx:
        chosen = {one.choice for one in await tx.choices.all()}
    assert chosen == {Choice(other.schedule_id, kept.schedule_id), Choice(other.schedule_id, new.schedule_id)}
    again = await desk.split(new.schedule_id, SECOND, replace(wish, rank=3), AN)
    assert again[0] == again[1] == await desk.get(new.schedule_id), "nothing was before it"
    assert again[0].schedule.rank == 3


async def only_other(station: Station, *known: PlannedSchedule) -> str:
    (found,) = {one.schedule_id for one in await station.desk.schedules.all()} - {one.schedule_id for one in known}
    return found


async def test_between_two_of_a_class_somebody_chooses(station: Station) -> None:
    desk = station.desk.schedules
    one, other = await planned(station), await planned(station)
    urgent = await made(station, airing_class=AiringClass.PRIORITY)
    weighty = await desk.plan(draft(urgent.bulletin_id), AN)
    await desk.choose(other.schedule_id, one.schedule_id, AN)
    async with station.store.reading() as tx:
        plans = await read_plans(tx, station.clock.now_us(), station.clock.now_us())
    assert plans.choices == {Choice(other.schedule_id, one.schedule_id)}
    assert await code_of(desk.choose(one.schedule_id, weighty.schedule_id, AN)) == "classes_differ"
    assert await code_of(desk.choose(one.schedule_id, one.schedule_id, AN)) == "choice_of_itself"


async def test_a_schedule_of_an_area_that_is_no_more_asks_for_its_successor(station: Station) -> None:
    """Two communes were merged in 2025 in truth; here a village goes into another."""
    areas, desk = station.desk.areas, station.desk.schedules
    old = (await areas.add("Thôn Đông", COMMUNE, "village", "an")).area_id
    new = (await areas.add("Thôn Tây", COMMUNE, "village", "an")).area_id
    kept = await planned(station, target=Target(areas=(old, OTHER)))
    assert kept.area_id == PROVINCE
    assert await desk.needs_successor(kept.schedule_id) == {}
    book = station.desk._office.areas
    (ended,) = merged(book.history(), [old], new, date(2027, 1, 15))
    async with station.store.transaction() as tx:
        await tx.areas.put(ended)
    book.put(ended)
    assert await desk.needs_successor(kept.schedule_id) == {old: (new,)}
    wish = draft(kept.schedule.content_id, target=Target(areas=(old,)))  # type: ignore[arg-type]
    assert await code_of(desk.plan(wish, AN)) == "area_closed"
    assert (await desk.change(kept.schedule_id, wish, AN)).schedule.target.areas == (old,), "it named it before"
    assert await code_of(desk.succeed(kept.schedule_id, OTHER, AreaId(new), AN)) == "area_unknown"
    kept = await desk.succeed(kept.schedule_id, AreaId(old), AreaId(new), DUNG)
    assert (kept.schedule.target.areas, kept.area_id, kept.planned_by) == ((new,), new, "dung")
    assert await desk.needs_successor(kept.schedule_id) == {}


async def test_what_is_heard_of_a_content_is_named_by_its_bytes_in_their_order(station: Station) -> None:
    one, two = await made(station, text("một hai")), await made(station, text("ba bốn năm"))
    items = [BulletinItem(bulletin_id=bulletin.bulletin_id) for bulletin in (one, two)]
    forth, back = [
        await station.desk.programmes.make(ProgrammeDraft(title="Tối", items=tuple(order)), "an")
        for order in (items, items[::-1])
    ]
    ids: list[ContentId] = [one.bulletin_id, forth.programme_id, back.programme_id, NOBODY]

    async def read() -> dict[str, Any]:
        async with station.store.reading() as tx:
            return await summaries(tx, ids, station.clock.now_us())

    before = await read()
    assert [before[each].duration_us for each in ids] == [2_000_000, 6_000_000, 6_000_000, 0]
    assert before[NOBODY].lacking == "content_unknown"
    assert len({before[each].master for each in ids}) == 4
    renamed = replace(text_draft("Tên khác", "một hai"), expires_at_us=station.clock.now_us() + 1)
    await station.desk.compose.change(one.bulletin_id, renamed, "bình")
    named = await read()
    assert [named[each].master for each in ids] == [before[each].master for each in ids], "the same bytes"
    assert named[forth.programme_id].expires_us == station.clock.now_us() + 1
    await station.desk.compose.change(one.bulletin_id, text_draft("Tên khác", "một ba"), "bình")
    await station.desk.compose.wait_ready(one.bulletin_id)
    changed = await read()
    assert not {changed[each].master for each in ids[:3]} & {before[each].master for each in ids[:3]}
    await station.desk.compose.withdraw(one.bulletin_id, "an")
    assert {(await read())[each].lacking for each in ids[:3]} == {"withdrawn"}


async def test_a_content_of_another_class_takes_its_schedules_with_it(station: Station) -> None:
    kept = await planned(station)
    weighty = replace(text_draft("Tin", "một hai"), airing_class=AiringClass.PRIORITY)
    await station.desk.compose.change(BulletinId(kept.schedule.content_id), weighty, "an")
    async with station.store.reading() as tx:
        plans = await read_plans(tx, station.clock.now_us(), station.clock.now_us())
    assert [one.air_class for one in plans.schedules] == [AirClass.PRIORITY]


async def test_speakers_and_groups_of_speakers_are_planned_for_where_they_stand(station: Station) -> None:
    speaker, _ = await station.adopt("Chợ")
    kept = await planned(station, target=Target(speakers=(speaker.speaker_id,)))
    assert kept.area_id == speaker.area_id
    assert await station.desk.schedules.areas_of(kept.schedule.target) == (speaker.area_id,)
    assert await station.desk.schedules.areas_of(Target(speakers=(SpeakerId("s-no"),))) == ()
    group = Group(group_id=GroupId("g-1"), name="Chợ và trường", members=(Member(speaker.speaker_id),))
    async with station.store.transaction() as tx:
        await tx.groups.put(group)
    kept = await planned(station, target=Target(areas=(OTHER,), groups=("g-1",)))
    assert await station.desk.schedules.areas_of(kept.schedule.target) == (OTHER, speaker.area_id)


async def test_a_station_holds_so_many_schedules_and_no_more(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.domain.schedules.MOST_LIVE", 2)
    over, kept = await planned(station, ""), await planned(station)
    again = draft(content_id_of(kept.schedule.content_id))
    assert await code_of(station.desk.schedules.plan(again, AN)) == "too_many_schedules"
    station.clock.advance(3 * 86_400)
    assert await station.desk.schedules.all() == (kept,), "what is over counts no more"
    assert over.ends_us == instant_us(ZONE, FIRST)
    await station.desk.schedules.plan(again, AN)


def test_a_rule_ends_with_its_last_time_wherever_that_was_moved_to() -> None:
    def at(text: str) -> int:
        return instant_us(ZONE, wall(text))

    assert ends_us(Series(rule=rule())) is None
    assert ends_us(Series(rule=rule(""))) == at(TOMORROW)
    assert ends_us(Series(rule=rule("FREQ=WEEKLY;COUNT=3"))) == at("2027-01-30T17:00")
    assert ends_us(Series(rule=rule("FREQ=DAILY;UNTIL=20270120T000000Z"))) == at("2027-01-20T07:00")
    extra = Rule(zone=ZONE, start=FIRST, extra=(wall("2027-02-01T06:00"),))
    assert ends_us(Series(rule=extra)) == at("2027-02-01T06:00")
    until = replace(rule("FREQ=DAILY;UNTIL=20270120T000000Z"), extra=(wall("2027-02-05T06:00"), FIRST))
    assert ends_us(Series(rule=until)) == at("2027-02-05T06:00"), "a time besides may come after the last of the rule"
    later = Changed(FIRST, wall("2027-02-02T06:00"))
    assert ends_us(Series(rule=extra, changes=(Cancelled(SECOND), later))) == at("2027-02-02T06:00")


async def test_what_came_from_above_is_planned_once_it_is_taken_and_needs_no_approval(station: Station) -> None:
    wish = BulletinDraft(title="Tin tỉnh", variants=(text(),))
    handed = await station.desk.compose.make(wish, "tỉnh", origin=Origin.ABOVE, sender="Tỉnh")
    await station.desk.compose.wait_ready(handed.bulletin_id)
    assert await code_of(station.desk.schedules.plan(draft(handed.bulletin_id), AN)) == "hand_in_open"
    sent = await waiting(station, handing(COMMUNE, from_s=3 * 86_400, reference="r-2"))
    async with station.store.transaction() as tx:
        await tx.hand_ins.put(replace(sent, state=HandInState.TAKEN))
    assert await code_of(station.desk.schedules.plan(draft(sent.bulletin_id), AN)) == "not_valid_yet"
    kept = await station.desk.schedules.plan(draft(sent.bulletin_id, start="2027-01-18T17:00"), AN)
    assert (kept.schedule.above, kept.schedule.needs_approval) == (True, False)
    programme = ProgrammeDraft(title="Tối", items=(BulletinItem(bulletin_id=sent.bulletin_id),))
    made_of_it = await station.desk.programmes.make(programme, "an")

    async def begins_us() -> int | None:
        async with station.store.reading() as tx:
            found = await summaries(tx, [made_of_it.programme_id], station.clock.now_us())
        assert found[made_of_it.programme_id].lacking == ""
        return found[made_of_it.programme_id].begins_us

    assert await begins_us() == sent.valid_from_us, "it can be planned and approved, and heard from then on"
    early = station.desk.schedules.move(kept.schedule_id, THIRD, wall("2027-01-18T14:00"), AN)
    assert await code_of(early) == "not_valid_yet"
    other = await made(station)
    change = station.desk.schedules.change(kept.schedule_id, draft(other.bulletin_id), AN)
    assert (await change).schedule.needs_approval, "what is the station's own waits"


async def test_who_audits_an_area_reads_what_was_done_to_its_schedules(station: Station) -> None:
    kept, far = await planned(station), await planned(station, target=Target(areas=(OTHER,)))
    page = await station.desk.audit.page(actor("hà", Role.APPROVER, area_id=COMMUNE), 10, what=DeedKind.PLAN)
    assert [deed.subject for deed in page.deeds] == [kept.schedule_id]
    assert await station.desk.audit.names([kept.schedule_id, far.schedule_id]) == {
        kept.schedule_id: "Tin",
        far.schedule_id: "Tin",
    }
