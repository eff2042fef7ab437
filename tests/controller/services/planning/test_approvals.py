"""Nothing is heard that somebody else has not heard before and said yes to: exactly this, there and then."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from agents.protocol.ids import AreaId, BulletinId
from agents.protocol.values import ClipPart
from controller.domain.deeds import DeedKind
from controller.domain.drafts import ProgrammeDraft
from controller.domain.errors import Refused
from controller.domain.groups import GroupDraft, Member
from controller.domain.guarding import STATION, GuardPlace, PlaceGuards
from controller.domain.programmes import BulletinItem, RelayItem
from controller.domain.rights import Actor, Grant, Role
from controller.domain.schedules import ApprovalState, PlannedSchedule, ScheduleDraft
from controller.services.people import shell
from controller.services.planning.approvals import Request
from controller.services.planning.planned import read_plans
from controller.services.planning.self_approval import require_approver
from schedules.recurrence.rule import OnHoliday
from schedules.schedule import Target
from tests.controller.drafts import text_draft
from tests.controller.services.content import code_of, made
from tests.controller.services.desk_plans import (
    AN,
    COMMUNE,
    DUNG,
    OTHER,
    PROVINCE,
    actor,
    draft,
    planned,
    wall,
)
from tests.controller.services.station import Station

FIRST, SECOND = wall("2027-01-16T17:00"), wall("2027-01-17T17:00")
LATER = wall("2027-01-16T19:00")


async def seen(station: Station, kept: PlannedSchedule, original: Any = None, by: Actor = DUNG) -> Request:
    return await station.desk.approvals.request(kept.schedule_id, original, by)


async def approve(station: Station, kept: PlannedSchedule, original: Any = None, by: Actor = DUNG) -> None:
    asked = await seen(station, kept, original, by)
    await station.desk.approvals.approve(kept.schedule_id, original, asked.binding, by)


async def state(station: Station, kept: PlannedSchedule) -> ApprovalState:
    return await station.desk.approvals.state_of(kept.schedule_id)


async def approved(station: Station) -> list[frozenset[str]]:
    """As the planner reads it: how many bindings count for each schedule."""
    async with station.store.reading() as tx:
        plans = await read_plans(tx, station.clock.now_us(), station.clock.now_us())
    return [one.approved for one in plans.schedules]


def like(kept: PlannedSchedule, **more: Any) -> ScheduleDraft:
    return draft(kept.schedule.content_id, **more)  # type: ignore[arg-type]


async def test_what_is_planned_waits_for_somebody_else_who_hears_it_and_approves(station: Station) -> None:
    kept, desk = await planned(station), station.desk.approvals
    (asked,) = await desk.waiting(DUNG)
    assert (asked.planned, asked.original, asked.state, asked.own) == (kept, None, ApprovalState.WAITING, False)
    assert asked.heard is not None
    assert [type(part) for part in asked.heard.sequence] == [ClipPart]
    assert asked.authors == {"an"}
    assert await approved(station) == [frozenset()]
    approval = await desk.approve(kept.schedule_id, None, asked.binding, DUNG)
    assert (approval.by, approval.self_approved) == ("dung", False)
    assert (await state(station, kept), await desk.waiting(DUNG)) == (ApprovalState.APPROVED, ())
    assert await approved(station) == [frozenset({asked.binding})]
    assert await desk.approve(kept.schedule_id, None, asked.binding, DUNG) == approval, "once is enough"
    (deed,) = await station.desk.reports.deeds(1)
    assert (deed.what, deed.by, deed.subject) == (DeedKind.APPROVE, "dung", kept.schedule_id)


async def test_whatever_is_changed_voids_the_approval_and_waits_anew(station: Station) -> None:
    kept, desk = await planned(station), station.desk.schedules
    bulletin_id = BulletinId(kept.schedule.content_id)

    async def voided(what: str) -> None:
        assert await state(station, kept) is ApprovalState.VOID, what
        (asked,) = await station.desk.approvals.waiting(DUNG)
        assert asked.state is ApprovalState.VOID
        await approve(station, kept)
        assert await state(station, kept) is ApprovalState.APPROVED

    await approve(station, kept)
    await desk.change(kept.schedule_id, like(kept, start="2027-01-16T17:01"), AN)
    await voided("the rule")
    await desk.change(kept.schedule_id, like(kept, target=Target(areas=(COMMUNE, OTHER))), AN)
    await voided("the places")
    await desk.change(kept.schedule_id, like(kept, rank=1), AN)
    await voided("the rank")
    await station.desk.compose.change(bulletin_id, text_draft("Tin", "lời khác hẳn"), "an")
    await station.desk.compose.wait_ready(bulletin_id)
    await voided("what is heard")
    await station.desk.compose.change(bulletin_id, text_draft("Tên khác", "lời khác hẳn"), "an")
    assert await state(station, kept) is ApprovalState.APPROVED, "the same bytes under another title"


async def test_a_bulletin_in_a_programme_voids_the_approval_of_the_programme(station: Station) -> None:
    bulletin = await made(station)
    wish = ProgrammeDraft(title="Tối", items=(BulletinItem(bulletin_id=bulletin.bulletin_id),))
    programme = await station.desk.programmes.make(wish, "chi")
    kept = await station.desk.schedules.plan(draft(programme.programme_id), AN)
    assert (await seen(station, kept)).authors == {"an", "chi"}
    await approve(station, kept)
    station.studio.hold = asyncio.Event()
    await station.desk.compose.change(bulletin.bulletin_id, text_draft("Tin", "lời khác hẳn"), "dung")
    assert await state(station, kept) is ApprovalState.VOID
    asked = await seen(station, kept)
    assert (asked.heard, asked.content.lacking, asked.own) == (None, "bulletin_not_ready", True)
    desk = station.desk.approvals
    assert await code_of(desk.approve(kept.schedule_id, None, asked.binding, DUNG)) == "bulletin_not_ready"


async def test_what_is_heard_on_holidays_alone_is_approved_like_the_rest(station: Station) -> None:
    bulletin = await made(station)
    on_holidays = replace(draft(bulletin.bulletin_id).rule, on_holiday=OnHoliday.ONLY)
    kept = await station.desk.schedules.plan(replace(draft(bulletin.bulletin_id), rule=on_holidays), AN)
    (asked,) = await station.desk.approvals.waiting(DUNG)
    assert asked.planned == kept
    await approve(station, kept)
    assert await state(station, kept) is ApprovalState.APPROVED


async def test_a_relay_from_elsewhere_voids_the_approval_of_the_programme(station: Station) -> None:
    relay = RelayItem(name="VOV1", source_url="https://vov.example/1", seconds=600)
    programme = await station.desk.programmes.make(ProgrammeDraft(title="Tiếp sóng", items=(relay,)), "chi")
    kept = await station.desk.schedules.plan(draft(programme.programme_id), AN)
    asked = await seen(station, kept)
    assert asked.heard is not None
    assert (asked.heard.relays, asked.content.duration_us) == ({0: relay}, 600_000_000)
    await approve(station, kept)
    for changed in (
        replace(relay, source_url="https://khac.example/1"),
        replace(relay, name="VOV2"),
        replace(relay, seconds=601),
        replace(relay, second_url="https://khac.example/1"),
    ):
        await station.desk.programmes.change(
            programme.programme_id, ProgrammeDraft(title="Tiếp sóng", items=(changed,)), "chi"
        )
        assert await state(station, kept) is ApprovalState.VOID, changed
    await station.desk.programmes.restore(programme.programme_id, 1, "chi")
    assert await state(station, kept) is ApprovalState.APPROVED, "the very same again"


async def test_approved_is_what_was_seen_and_nothing_that_came_between(station: Station) -> None:
    kept, desk = await planned(station), station.desk.approvals
    asked = await seen(station, kept)
    bulletin_id = BulletinId(kept.schedule.content_id)
    await station.desk.compose.change(bulletin_id, text_draft("Tin", "lời khác hẳn"), "an")
    await station.desk.compose.wait_ready(bulletin_id)
    assert await code_of(desk.approve(kept.schedule_id, None, asked.binding, DUNG)) == "approval_stale"
    assert await code_of(desk.send_back(kept.schedule_id, None, asked.binding, "Sửa.", DUNG)) == "approval_stale"
    assert await approved(station) == [frozenset()]


async def test_a_moved_occurrence_waits_for_an_approval_of_its_own(station: Station) -> None:
    kept, desk = await planned(station), station.desk.approvals
    await approve(station, kept)
    chi = actor("chi", Role.APPROVER)
    await station.desk.schedules.move(kept.schedule_id, FIRST, LATER, chi)
    await station.desk.schedules.cancel(kept.schedule_id, SECOND, chi)
    assert await desk.states() == {kept.schedule_id: (ApprovalState.APPROVED, {FIRST: ApprovalState.WAITING})}
    (asked,) = await desk.waiting(DUNG)
    assert (asked.original, set(asked.authors)) == (FIRST, {"an", "chi"})
    assert await code_of(desk.approve(kept.schedule_id, FIRST, asked.binding, chi)) == "own_approval"
    await approve(station, kept, FIRST)
    assert await desk.states() == {kept.schedule_id: (ApprovalState.APPROVED, {FIRST: ApprovalState.APPROVED})}
    await station.desk.schedules.move(kept.schedule_id, FIRST, wall("2027-01-16T19:30"), AN)
    assert (await desk.states())[kept.schedule_id][1] == {FIRST: ApprovalState.VOID}
    with pytest.raises(Exception, match="not changed"):
        await seen(station, kept, SECOND)
    station.clock.advance(2 * 86_400)
    assert await desk.waiting(DUNG) == (), "nobody approves what is over"


async def test_who_planned_what_was_moved_before_it_was_approved_is_an_author_too(station: Station) -> None:
    once = await planned(station, "")
    moved = await station.desk.schedules.move(once.schedule_id, FIRST, LATER, DUNG)
    (asked,) = await station.desk.approvals.waiting(actor("chi", Role.APPROVER))
    assert (asked.original, set(asked.authors)) == (FIRST, {"an", "dung"})
    assert (await seen(station, moved)).next_us is None, "nothing is left of the series"


async def test_it_is_sent_back_with_a_word_and_waits_again_once_it_is_changed(station: Station) -> None:
    kept, desk = await planned(station), station.desk.approvals
    await approve(station, kept)
    asked = await seen(station, kept)
    assert await code_of(desk.send_back(kept.schedule_id, None, asked.binding, " \n", DUNG)) == "note_missing"
    assert await code_of(desk.send_back(kept.schedule_id, None, asked.binding, "a" * 1_001, DUNG)) == "note_too_long"
    back = await desk.send_back(kept.schedule_id, None, asked.binding, "Sửa câu đầu.", DUNG)
    assert (back.sent_back, back.sent_back_by, back.revision) == ("Sửa câu đầu.", "dung", 1)
    assert (await state(station, kept), await desk.waiting(DUNG)) == (ApprovalState.SENT_BACK, ())
    assert await approved(station) == [frozenset()]
    bulletin_id = BulletinId(kept.schedule.content_id)
    await station.desk.compose.change(bulletin_id, text_draft("Tin", "câu đầu mới"), "an")
    await station.desk.compose.wait_ready(bulletin_id)
    assert await state(station, kept) is ApprovalState.WAITING
    assert len(await desk.waiting(DUNG)) == 1


async def test_what_is_revoked_counts_in_none_of_the_states_it_was_approved_in(station: Station) -> None:
    kept, desk = await planned(station), station.desk.approvals
    assert await code_of(desk.revoke(kept.schedule_id, None, DUNG)) == "not_approved"
    await approve(station, kept)
    await station.desk.schedules.change(kept.schedule_id, like(kept, rank=1), AN)
    await approve(station, kept)
    revoked = await desk.revoke(kept.schedule_id, None, DUNG)
    assert (revoked.revoked_by, await state(station, kept)) == ("dung", ApprovalState.WAITING)
    await station.desk.schedules.change(kept.schedule_id, like(kept), AN)
    assert await approved(station) == [frozenset()], "what was approved first does not come back"
    assert [one.revoked_by for one in await desk.of(kept.schedule_id)] == ["dung", "dung"]


async def test_what_is_left_before_a_split_stays_approved(station: Station) -> None:
    kept = await planned(station)
    await approve(station, kept)
    wish = like(kept, start="2027-01-17T17:00", slot_us=120_000_000)
    ended, new = await station.desk.schedules.split(kept.schedule_id, SECOND, wish, AN)
    assert await state(station, ended) is ApprovalState.APPROVED
    assert await state(station, new) is ApprovalState.WAITING


async def test_an_approver_decides_where_all_of_it_is_heard(station: Station) -> None:
    kept = await planned(station, target=Target(areas=(COMMUNE, OTHER)))
    here, both = actor("hà", Role.APPROVER, area_id=COMMUNE), actor("bao", Role.APPROVER, area_id=PROVINCE)
    desk, asked = station.desk.approvals, await seen(station, kept)
    assert (await desk.waiting(here), len(await desk.waiting(both))) == ((), 1)
    for wrong in (desk.approve(kept.schedule_id, None, asked.binding, here), desk.revoke(kept.schedule_id, None, here)):
        assert await code_of(wrong) == "approval_not_allowed"
    await approve(station, kept, by=both)
    await station.desk.schedules.withdraw(kept.schedule_id, AN)
    assert await code_of(desk.revoke(kept.schedule_id, None, both)) == "withdrawn"


async def test_what_comes_from_above_needs_no_approval(station: Station) -> None:
    kept = await planned(station)
    async with station.store.transaction() as tx:
        await tx.schedules.put(replace(kept, schedule=replace(kept.schedule, needs_approval=False, above=True)))
    assert (await state(station, kept), await station.desk.approvals.waiting(DUNG)) == (ApprovalState.NOT_NEEDED, ())
    asked = await seen(station, kept)
    wrong = station.desk.approvals.approve(kept.schedule_id, None, asked.binding, DUNG)
    assert await code_of(wrong) == "approval_not_needed"
    own = (await made(station)).bulletin_id
    replaced = station.desk.schedules.replace(kept.schedule_id, FIRST, own, AN)
    assert await code_of(replaced) == "replacement_not_from_above"


# --- one's own --------------------------------------------------------------------------------------------------------

LAN = actor("lan", Role.EDITOR, Role.APPROVER, area_id=COMMUNE)


async def person(station: Station, name: str, role: Role, area_id: AreaId = COMMUNE) -> str:
    made, _ = await station.desk.people.add(name, "", [Grant(role=role, area_id=area_id)], shell())
    return made.person_id


async def test_nobody_approves_their_own_unless_they_are_alone_and_that_is_recorded(station: Station) -> None:
    await person(station, "lan", Role.APPROVER)
    second = await person(station, "minh", Role.OFFICER)
    bulletin = await station.desk.compose.make(text_draft("Tin", "một hai"), "lan")
    await station.desk.compose.wait_ready(bulletin.bulletin_id)
    kept, desk = await station.desk.schedules.plan(draft(bulletin.bulletin_id), LAN), station.desk.approvals
    asked = await seen(station, kept, by=LAN)
    assert (asked.own, asked.own_allowed) == (True, False)
    assert await code_of(desk.approve(kept.schedule_id, None, asked.binding, LAN)) == "own_approval"
    await station.desk.people.deactivate(second, shell())
    assert (await seen(station, kept, by=LAN)).own_allowed
    approval = await desk.approve(kept.schedule_id, None, asked.binding, LAN)
    assert approval.self_approved
    (deed,) = await station.desk.reports.deeds(1)
    assert (deed.what, deed.by) == (DeedKind.APPROVE_OWN, "lan")


async def test_an_area_says_whether_persons_may_approve_their_own(station: Station) -> None:
    for name in ("lan", "minh"):
        await person(station, name, Role.APPROVER)

    async def own_allowed() -> bool:
        return (await seen(station, kept, by=LAN)).own_allowed

    async def say(place: GuardPlace, allowed: bool | None) -> None:
        async with station.store.transaction() as tx:
            await tx.guard_rows.put(PlaceGuards(place=place, self_approval=allowed, revision=1))

    kept = await planned(station)
    assert not await own_allowed(), "there are two"
    await say(STATION, True)
    assert await own_allowed()
    await say(GuardPlace.area(PROVINCE), False)
    assert not await own_allowed(), "what is nearer counts"
    await say(GuardPlace.area(COMMUNE), True)
    assert not await own_allowed(), "what a wider area forbids no area in it allows"
    await say(GuardPlace.area(PROVINCE), None)
    assert await own_allowed()


async def test_an_approval_for_a_group_is_not_heard_where_a_speaker_joins_it_later(station: Station) -> None:
    near, _ = await station.speaker("Chợ")
    bulletin = await made(station)
    group = await station.desk.groups.add(GroupDraft(name="Dọc sông", members=(Member(near.speaker_id, 0),)), "admin")
    target = Target(groups=(group.group_id,))
    kept = await station.desk.schedules.plan(draft(bulletin.bulletin_id, target=target), AN)
    await approve(station, kept)
    assert await state(station, kept) is ApprovalState.APPROVED
    far, _ = await station.adopt("Đình", "Thôn Tây")
    wider = GroupDraft(name="Dọc sông", members=(Member(near.speaker_id, 0), Member(far.speaker_id, 1)))
    await station.desk.groups.change(group.group_id, wider, "admin")
    assert await state(station, kept) is not ApprovalState.APPROVED
    assert len(*await approved(station)) == 1, "it is kept, and counts again where the group is as it was"


async def test_who_sends_at_once_approves_by_that_and_is_not_the_only_author(station: Station) -> None:
    book = station.desk._office.areas

    async def sends(by: Actor, *authors: str, areas: tuple[AreaId, ...] = (COMMUNE,)) -> bool:
        async with station.store.reading() as tx:
            return await require_approver(tx, book, by, areas, authors)

    await person(station, "lan", Role.APPROVER)
    assert await sends(LAN, "an") is False
    assert await sends(LAN, "an", "lan") is False
    assert await sends(LAN, "lan") is True, "alone, and recorded as such"
    await person(station, "minh", Role.APPROVER)
    for wrong in (
        sends(LAN, "lan"),
        sends(AN, "lan"),
        sends(LAN, "an", areas=(COMMUNE, OTHER)),
        sends(LAN, "an", areas=()),
    ):
        with pytest.raises(Refused) as refused:
            await wrong
        assert refused.value.code == "approval_needed"


async def test_what_is_approved_as_it_is_now_is_listed_the_last_approved_first(station: Station) -> None:
    bulletin, desk = await made(station), station.desk.approvals
    first = await station.desk.schedules.plan(draft(bulletin.bulletin_id), AN)
    second = await station.desk.schedules.plan(draft(bulletin.bulletin_id), AN)
    for kept in (first, second):
        await approve(station, kept)
        station.clock.advance(1)
    assert [planned.schedule_id for planned, _ in await desk.in_force()] == [second.schedule_id, first.schedule_id]
    await station.desk.schedules.change(second.schedule_id, replace(draft(bulletin.bulletin_id), rank=5), AN)
    assert [planned.schedule_id for planned, _ in await desk.in_force()] == [first.schedule_id]
    await desk.revoke(first.schedule_id, None, DUNG)
    assert await desk.in_force() == ()
