"""The list of speakers: found by what a person types, sorted as they ask, and never longer than a page."""

from collections.abc import Sequence
from typing import Any

import pytest

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import Profile
from controller.domain.faults import Fault, FaultKind
from controller.domain.speakers import NotReady, Speaker, SpeakerHealth, SpeakerOverview, SpeakerState
from controller.web.i18n import Language, load_translators
from controller.web.speakerlist import PAGE_LENGTH, Listed, Wanted, listed, marks, wanted
from controller.web.views import SpeakerState as Shown

SAY = load_translators()[Language.ENGLISH]
PATHS = {"v-1": ("x-1", "v-1"), "v-2": ("x-1", "v-2")}


def overview(
    number: int, name: str, *, area: str = "v-1", away_since: int | None = None, **told: Any
) -> SpeakerOverview:
    health = SpeakerHealth(
        speaker_id=SpeakerId(f"s-{number}"),
        seen_at_us=away_since or 1_000,
        connected=away_since is None,
        model=told.get("model", "Pi 4"),
        software=told.get("software", "0.1.0"),
        address=f"192.168.1.{number}",
    )
    return SpeakerOverview(
        speaker=Speaker(
            speaker_id=SpeakerId(f"s-{number}"),
            name=name,
            area_id=AreaId(area),
            device_id=DeviceId(f"d-{number}"),
            device_key=b"",
            state=SpeakerState.ADOPTED,
            adopted_at_us=0,
            profile=told.get("profile", Profile.LAN),
        ),
        area_name={"v-1": "Thôn Đông", "v-2": "Thôn Tây"}[area],
        health=None if told.get("never") else health,
        not_ready=None if away_since is None and not told.get("never") else NotReady.OFFLINE,
        connected_since_us=1 if away_since is None and not told.get("never") else None,
    )


MARKET = overview(1, "Chợ trung tâm")
HALL = overview(2, "Nhà văn hóa", area="v-2", away_since=500, software="0.2.0", model="Pi 5")
SCHOOL = overview(3, "Trường học", away_since=200, profile=Profile.SIM)
CLINIC = overview(4, "Trạm y tế", never=True)
ALL = [MARKET, HALL, SCHOOL, CLINIC]


def fault(kind: FaultKind, speaker: str) -> Fault:
    return Fault(fault_id=f"{kind}-{speaker}", kind=kind, opened_at_us=1, speaker_id=SpeakerId(speaker))


FAULTS = {
    SpeakerId("s-1"): [fault(FaultKind.HOT, "s-1")],
    SpeakerId("s-3"): [fault(FaultKind.NO_BATTERY_CLOCK, "s-3"), fault(FaultKind.OFFLINE, "s-3")],
}


def shown(want: Wanted, there: Sequence[SpeakerOverview] = ALL) -> Listed:
    return listed(
        there,
        lambda speaker_id: FAULTS.get(speaker_id, ()),
        want,
        lambda area_id: [AreaId(one) for one in PATHS[area_id]],
        SAY,
    )


def names(want: Wanted) -> list[str]:
    return [one.speaker.name for one in shown(want).overviews]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Chợ trung tâm", "Nhà văn hóa", "Trạm y tế", "Trường học"]),
        ({"q": "cho TRUNG"}, ["Chợ trung tâm"]),
        ({"q": "tay"}, ["Nhà văn hóa"]),
        ({"q": "192.168.1.3"}, ["Trường học"]),
        ({"q": "d-2"}, ["Nhà văn hóa"]),
        ({"q": "không có"}, []),
        ({"area": "x-1", "state": "offline"}, ["Nhà văn hóa", "Trạm y tế", "Trường học"]),
        ({"area": "v-2"}, ["Nhà văn hóa"]),
        ({"state": "ready"}, ["Chợ trung tâm"]),
        ({"state": "faulty"}, ["Chợ trung tâm", "Trường học"]),
        ({"state": "fault:hot"}, ["Chợ trung tâm"]),
        ({"profile": "sim"}, ["Trường học"]),
        ({"software": "0.2.0"}, ["Nhà văn hóa"]),
        ({"model": "Pi 4", "sort": "offline"}, ["Trường học", "Chợ trung tâm"]),
        ({"sort": "offline"}, ["Trạm y tế", "Trường học", "Nhà văn hóa", "Chợ trung tâm"]),
        ({"sort": "fault"}, ["Trường học", "Chợ trung tâm", "Nhà văn hóa", "Trạm y tế"]),
        ({"sort": "area"}, ["Chợ trung tâm", "Trạm y tế", "Trường học", "Nhà văn hóa"]),
        ({"sort": "; drop", "page": "-3"}, ["Chợ trung tâm", "Nhà văn hóa", "Trạm y tế", "Trường học"]),
    ],
)
def test_a_list_is_narrowed_and_sorted(query: dict[str, str], found: list[str]) -> None:
    assert names(wanted(query)) == found


def test_a_page_is_never_longer_than_it_may_be() -> None:
    many = [overview(number, f"Cụm {number:05}") for number in range(2 * PAGE_LENGTH + 1)]
    first, last = shown(Wanted(), many), shown(Wanted(page=99), many)
    assert (len(first.overviews), first.first, first.last, first.pages) == (PAGE_LENGTH, 1, PAGE_LENGTH, 3)
    assert (len(last.overviews), last.page, last.first) == (1, 3, 2 * PAGE_LENGTH + 1)
    assert (shown(Wanted(q="không")).first, shown(Wanted(q="không")).found) == (0, 0)


def test_a_link_keeps_what_was_asked_for() -> None:
    want = wanted({"q": "chợ", "sort": "offline", "page": "2"})
    assert wanted({"q": "chợ", "sort": "offline", "page": "3"}) == Wanted(q="chợ", sort="offline", page=3)
    assert want.address("/speakers", page=1) == "/speakers?q=ch%E1%BB%A3&sort=offline"
    assert Wanted().address("/speakers") == "/speakers"


def test_there_is_to_choose_from_what_is_there() -> None:
    options = shown(Wanted()).options
    assert options.models == ["Pi 4", "Pi 5"]
    assert [one.name for one in options.areas] == ["Thôn Đông", "Thôn Tây"]


def test_a_fault_that_the_state_says_already_is_not_said_twice() -> None:
    assert [one.word for one in marks(FAULTS[SpeakerId("s-3")], Shown.OFFLINE, SAY)] == ["No battery clock"]
    back = marks(FAULTS[SpeakerId("s-3")], Shown.READY, SAY)
    assert [one.word for one in back] == ["Just back", "No battery clock"], "its fault closes when it has stayed"
    assert back[0].tone == "quiet"
