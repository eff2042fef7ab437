"""What the compiled timelines want planned, against what is planned."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.protocol.ids import AiringId, BulletinId, SpeakerId
from agents.protocol.values import AiringClass, LivePart, SilencePart
from agents.protocol.values import OnInterrupted as Cut
from agents.protocol.version import MAX_PARTS_A_SEQUENCE
from controller.domain.planning import (
    FADE_US,
    Addition,
    Begun,
    Change,
    Changes,
    Cue,
    Heard,
    Meanwhile,
    Script,
    Standing,
    Terms,
    airing_id_of,
    cue_of,
    differences,
    if_interrupted,
    lateness_of,
    master_of,
)
from controller.domain.rundowns import planned_airing
from schedules.rundown.values import Item, Segment
from schedules.schedule import OnInterrupted
from tests.controller.contents import clips

NOON_US = 1_800_000_000_000_000
MINUTE_US = 60_000_000
EARLIER_US = NOON_US - MINUTE_US
ALONE = Meanwhile()
TERMS = {"sc-1": Terms(airing_class=AiringClass.ORDINARY, rank=3, planned_by="an")}


def heard(seconds: float = 600, parts: int = 1) -> Heard:
    return Heard(
        content_id=BulletinId("b-1"),
        title="Bản tin",
        revision=2,
        sequence=(clips("one", seconds / parts).part,) * parts,
    )


def script(of: Heard | None = None) -> Script:
    return Script(TERMS, {"b-1": of or heard()})


def item(**more: object) -> Item:
    made: dict[str, object] = {
        "item_id": "sc-1@2027-01-15T19:00",
        "schedule_id": "sc-1",
        "content_id": "b-1",
        "original": datetime(2027, 1, 15, 19),  # noqa: DTZ001 - a wall time
        "order": (4, 3, 0, "sc-1", NOON_US),
        "start_us": NOON_US,
        "length_us": 10 * MINUTE_US,
        "content_us": 10 * MINUTE_US,
        "room_us": 10 * MINUTE_US,
        "firm_us": 10 * MINUTE_US,
        "fade": False,
        "on_interrupted": OnInterrupted.RESUME,
        "above": False,
        "priority": False,
    }
    return Item(**(made | more))  # type: ignore[arg-type]


def cue(minutes_later: int = 0, **more: object) -> Cue:
    start_us = NOON_US + minutes_later * MINUTE_US
    [made] = script().cues(Segment(start_us, start_us + 10 * MINUTE_US, "i"), item(start_us=start_us))
    return replace(made, **more)  # type: ignore[arg-type]


def standing(name: str, of: Cue, *speakers: str, left: tuple[str, ...] = ()) -> Standing:
    return Standing(
        airing_id=name,  # type: ignore[arg-type]
        cue=of,
        speakers=frozenset(map(SpeakerId, speakers)),
        left=frozenset(map(SpeakerId, left)),
    )


def those(*speakers: str) -> frozenset[SpeakerId]:
    return frozenset(map(SpeakerId, speakers))


# --- cues ------------------------------------------------------------------------------------------------------------


def test_a_whole_segment_is_played_to_its_end() -> None:
    [made] = script().cues(Segment(NOON_US, NOON_US + 10 * MINUTE_US, "i"), item())
    assert (made.start_at_us, made.from_us, made.play_us, made.fade_us) == (NOON_US, 0, None, 0)
    assert (made.schedule_id, made.due_us, made.rank) == ("sc-1", NOON_US, 3)


def test_an_airing_takes_along_what_becomes_of_it_when_it_is_cut_and_its_slot() -> None:
    terms = replace(TERMS["sc-1"], on_interrupted=Cut.RESUME, room_us=25 * MINUTE_US)
    written = Script({"sc-1": terms}, {"b-1": heard()})
    pushed, rest = (
        Segment(NOON_US + 2 * MINUTE_US, NOON_US + 6 * MINUTE_US, "i"),
        Segment(NOON_US + 20 * MINUTE_US, NOON_US + 26 * MINUTE_US, "i", 4 * MINUTE_US),
    )
    for segment, slot_ends_us in ((pushed, NOON_US + 27 * MINUTE_US), (rest, NOON_US + 25 * MINUTE_US)):
        [made] = written.cues(segment, item())
        airing = planned_airing(written.airing(made, AiringId("a-1"), [SpeakerId("s-1")], EARLIER_US, MINUTE_US))
        assert (airing.on_interrupted, airing.slot_ends_us) == (Cut.RESUME, slot_ends_us)


def test_what_is_cut_says_how_long_it_is_played_and_fades() -> None:
    [made] = script().cues(Segment(NOON_US, NOON_US + 4 * MINUTE_US, "i", fade=True), item())
    assert (made.play_us, made.fade_us) == (4 * MINUTE_US, FADE_US)


def test_what_goes_on_after_an_interruption_begins_in_its_middle() -> None:
    rest = Segment(NOON_US + 20 * MINUTE_US, NOON_US + 26 * MINUTE_US, "i", 4 * MINUTE_US)
    [made] = script().cues(rest, item())
    assert (made.from_us, made.play_us, made.due_us) == (4 * MINUTE_US, None, NOON_US)
    assert script_airing(made).duration_us == 6 * MINUTE_US


def script_airing(made: Cue, of: Heard | None = None):
    maker = script(of)
    start_us = made.start_at_us
    until_us = start_us + (made.play_us or (of or heard()).duration_us - made.from_us)
    again = maker.cues(Segment(start_us, until_us, "i", made.from_us), item())
    return maker.airing(again[0], airing_id_of(made, 0), [SpeakerId("s-1")], EARLIER_US, MINUTE_US)


def test_a_content_that_is_repeated_is_one_airing_of_so_many_readings() -> None:
    maker = script(heard(60))
    [made] = maker.cues(Segment(NOON_US, NOON_US + 5 * MINUTE_US, "i"), item())
    airing = maker.airing(made, airing_id_of(made, 0), [SpeakerId("s-1")], EARLIER_US, MINUTE_US)
    assert len(airing.sequence) == 5
    assert (airing.duration_us, airing.play_us) == (5 * MINUTE_US, None)


def test_more_readings_than_one_airing_holds_are_several_that_follow_each_other() -> None:
    maker = script(heard(60, parts=60))
    cues = maker.cues(Segment(NOON_US, NOON_US + 8 * MINUTE_US, "i", MINUTE_US // 2, fade=True), item())
    assert [(one.start_at_us - NOON_US, one.from_us, one.play_us) for one in cues] == [
        (0, MINUTE_US // 2, None),
        (5 * MINUTE_US // 2, MINUTE_US, None),
        (9 * MINUTE_US // 2, MINUTE_US, None),
        (13 * MINUTE_US // 2, MINUTE_US, 3 * MINUTE_US // 2),
    ]
    assert [one.fade_us for one in cues] == [0, 0, 0, FADE_US]
    for one in cues:
        airing = maker.airing(one, airing_id_of(one, 0), [SpeakerId("s-1")], EARLIER_US, MINUTE_US)
        assert len(airing.sequence) <= MAX_PARTS_A_SEQUENCE


@settings(max_examples=60)
@given(
    frames=st.integers(1, 48_000 * 90),
    parts=st.integers(1, MAX_PARTS_A_SEQUENCE),
    times=st.integers(1, 6),
    offset=st.floats(0, 1, exclude_max=True),
    share=st.floats(0.01, 1),
)
def test_the_airings_of_a_segment_fill_it_exactly(
    frames: int, parts: int, times: int, offset: float, share: float
) -> None:
    content = replace(heard(), sequence=(SilencePart(frames=frames),) * parts)
    once_us = content.duration_us
    offset_us = int(once_us * offset)
    length_us = max(1, int((once_us * times - offset_us) * share))
    maker = Script(TERMS, {"b-1": content})
    at_us = NOON_US
    for one in maker.cues(Segment(NOON_US, NOON_US + length_us, "i", offset_us), item()):
        airing = maker.airing(one, airing_id_of(one, 0), [SpeakerId("s-1")], EARLIER_US, MINUTE_US)
        assert abs(one.start_at_us - at_us) <= 1_000
        assert len(airing.sequence) <= MAX_PARTS_A_SEQUENCE
        at_us = one.start_at_us + airing.duration_us
    assert abs(at_us - NOON_US - length_us) <= 1_000


def test_what_goes_on_where_a_reading_ended_takes_no_slot_of_its_own() -> None:
    [made] = script(heard(60)).cues(Segment(NOON_US, NOON_US + MINUTE_US, "i", 2 * MINUTE_US), item())
    assert (made.from_us, made.play_us) == (MINUTE_US, None)


def test_what_belongs_to_no_schedule_is_not_planned() -> None:
    assert script().cues(Segment(NOON_US, NOON_US + 1, "i"), item(schedule_id="airing:a-9")) == ()


def test_an_airing_stands_for_the_cue_that_it_was_made_of() -> None:
    made = cue()
    assert cue_of(script_airing(made)) == made
    assert cue_of(replace(script_airing(made), schedule_id=None)) is None


def test_its_id_follows_from_what_is_heard_when() -> None:
    assert airing_id_of(cue(), 0) == airing_id_of(cue(), 0)
    assert len({airing_id_of(cue(), 0), airing_id_of(cue(), 1), airing_id_of(cue(1), 0)}) == 3
    assert airing_id_of(cue(sounds="other"), 0) != airing_id_of(cue(), 0)


# --- the difference --------------------------------------------------------------------------------------------------


def test_what_is_wanted_and_not_planned_is_added_by_time() -> None:
    changes = differences({cue(5): those("s-2", "s-1"), cue(): those("s-1")}, [], ALONE, EARLIER_US)
    assert changes == Changes(added=(Addition(cue(), ("s-1",)), Addition(cue(5), ("s-1", "s-2"))))  # type: ignore[arg-type]


def test_what_is_planned_and_not_wanted_is_withdrawn() -> None:
    assert differences({}, [standing("a-1", cue(), "s-1")], ALONE, EARLIER_US) == Changes(withdrawn=("a-1",))  # type: ignore[arg-type]


def test_what_has_begun_is_left_alone_and_not_begun_again() -> None:
    at_us = NOON_US
    assert not differences({cue(5): those("s-1")}, [standing("a-1", cue(5), "s-1")], ALONE, NOON_US + 5 * MINUTE_US)
    assert not differences({}, [standing("a-1", cue(), "s-1")], ALONE, at_us)
    assert not differences({cue(): those("s-1")}, [], ALONE, at_us)


def test_a_speaker_more_or_less_changes_the_airing_and_makes_no_other() -> None:
    planned = [standing("a-1", cue(), "s-1", "s-2")]
    changes = differences({cue(): those("s-2", "s-3")}, planned, ALONE, EARLIER_US)
    assert changes == Changes(joined=(Change("a-1", ("s-3",)),), left=(Change("a-1", ("s-1",)),))  # type: ignore[arg-type]


def test_a_speaker_that_was_taken_out_gets_another_airing() -> None:
    planned = [standing("a-1", cue(), "s-1", left=("s-2",))]
    changes = differences({cue(): those("s-1", "s-2")}, planned, ALONE, EARLIER_US)
    assert changes == Changes(added=(Addition(cue(), ("s-2",)),))  # type: ignore[arg-type]


def test_what_a_person_stopped_does_not_come_back_nor_goes_on() -> None:
    rest = cue(due_us=NOON_US, start_at_us=NOON_US + 20 * MINUTE_US, from_us=MINUTE_US)
    planned = [standing("a-2", rest, "s-1", "s-2")]
    stopped = Meanwhile(stopped={rest.occurrence: those("s-1")})
    changes = differences({rest: those("s-1", "s-2")}, planned, stopped, EARLIER_US)
    assert changes == Changes(left=(Change("a-2", ("s-1",)),))  # type: ignore[arg-type]
    moved = replace(rest, due_us=NOON_US + MINUTE_US)
    assert differences({moved: those("s-1")}, [], stopped, EARLIER_US).added


def test_the_rest_stays_where_the_interruption_is_taken_back_while_the_beginning_sounds() -> None:
    rest = cue(15, due_us=NOON_US, from_us=10 * MINUTE_US)
    now_us = NOON_US + 5 * MINUTE_US
    planned = [standing("a-2", rest, "s-1", "s-2")]
    due, end_us = rest.occurrence, NOON_US + 30 * MINUTE_US
    cut = Meanwhile(
        sounds={due: [Begun(NOON_US + 10 * MINUTE_US, those("s-1")), Begun(end_us, those("s-2"))]},
        wanted={due: [Begun(end_us, those("s-1", "s-2"))]},
    )
    changes = differences({}, planned, cut, now_us)
    assert changes == Changes(left=(Change("a-2", ("s-2",)),)), "the other sounds as a whole"  # type: ignore[arg-type]
    cancelled = replace(cut, wanted={})
    assert differences({}, planned, cancelled, now_us) == Changes(withdrawn=("a-2",))  # type: ignore[arg-type]
    assert not differences({}, [], cut, now_us), "nothing is added for it"


def test_speakers_that_are_not_touched_are_not_looked_at() -> None:
    planned = [standing("a-1", cue(), "s-1", "s-2")]
    changes = differences({}, planned, ALONE, EARLIER_US, touched=those("s-2"))
    assert changes == Changes(left=(Change("a-1", ("s-2",)),))  # type: ignore[arg-type]


SPEAKERS = st.frozensets(st.sampled_from([SpeakerId(f"s-{number}") for number in range(5)]), max_size=5)
CUES = [cue(minutes) for minutes in range(4)]


@settings(max_examples=80)
@given(
    before=st.dictionaries(st.sampled_from(CUES), SPEAKERS),
    left=st.dictionaries(st.sampled_from(CUES), SPEAKERS),
    wanted=st.dictionaries(st.sampled_from(CUES), SPEAKERS),
)
def test_once_the_changes_are_made_nothing_is_left_to_change(
    before: dict[Cue, frozenset[SpeakerId]],
    left: dict[Cue, frozenset[SpeakerId]],
    wanted: dict[Cue, frozenset[SpeakerId]],
) -> None:
    planned = [
        replace(standing(f"a-{one.start_at_us}", one), speakers=speakers, left=left.get(one, frozenset()) - speakers)
        for one, speakers in before.items()
        if speakers
    ]
    changes = differences(wanted, planned, ALONE, EARLIER_US)
    after = made(planned, changes)
    heard_by: dict[Cue, list[SpeakerId]] = {}
    for one in after:
        heard_by.setdefault(one.cue, []).extend(sorted(one.speakers))
    assert {one: sorted(speakers) for one, speakers in heard_by.items()} == {
        one: sorted(speakers) for one, speakers in wanted.items() if speakers
    }
    assert all(not one.speakers & one.left for one in after)
    assert not differences(wanted, after, ALONE, EARLIER_US)


def made(planned: list[Standing], changes: Changes) -> list[Standing]:
    after = {one.airing_id: one for one in planned if one.airing_id not in changes.withdrawn}
    for change in changes.left:
        one, gone = after[change.airing_id], frozenset(change.speakers)
        after[change.airing_id] = replace(one, speakers=one.speakers - gone, left=one.left | gone)
    for change in changes.joined:
        one = after[change.airing_id]
        after[change.airing_id] = replace(one, speakers=one.speakers | frozenset(change.speakers))
    new = [
        Standing(airing_id=airing_id_of(one.cue, 1), cue=one.cue, speakers=frozenset(one.speakers))
        for one in changes.added
    ]
    return [*after.values(), *new]


@pytest.mark.parametrize("again", [0, 1])
def test_an_airing_id_fits_on_the_wire(again: int) -> None:
    assert len(airing_id_of(cue(), again)) <= 80


def test_what_is_live_is_joined_at_any_time_and_never_heard_later_or_twice() -> None:
    live = (LivePart(frames=1_800 * 48_000),)
    assert lateness_of(live, 60_000_000) == 1_800_000_000
    assert lateness_of(heard().sequence, 60_000_000) == 60_000_000
    assert if_interrupted(Cut.RESUME, live) is if_interrupted(Cut.RESTART, live) is Cut.REJOIN
    assert if_interrupted(Cut.DROP, live) is Cut.DROP
    assert if_interrupted(Cut.RESUME, heard().sequence) is Cut.RESUME
    terms = {"sc-1": replace(TERMS["sc-1"], on_interrupted=Cut.RESUME)}
    planned = Script(terms, {"b-1": replace(heard(), sequence=live)})
    (cue,) = planned.cues(Segment(NOON_US, NOON_US + 30 * MINUTE_US, "i"), item())
    airing = planned.airing(cue, AiringId("a-1"), (), 0, 60_000_000)
    assert (airing.on_interrupted, airing.lateness_window_us) == (Cut.REJOIN, airing.duration_us)


def test_what_was_approved_as_silence_is_not_approved_as_live() -> None:
    assert master_of([LivePart(frames=48_000)]) != master_of([SilencePart(frames=48_000)])
