"""What the services know, as the templates show it."""

from dataclasses import replace

import pytest

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.values import AiringClass, ClipPart, ClipRef, RenditionName, SilencePart
from audio.clip import FindingCode
from controller.domain.bulletins import Bulletin, BulletinState, Variant
from controller.domain.sounds import Finding, Mark, PreparedClips, Profile, Reading, Sound, SoundState, Source
from controller.domain.speakers import FoundDevice, NotReady, Speaker, SpeakerOverview, SpeakerState
from controller.web import present, views
from controller.web.findings import finding_sentence
from controller.web.i18n import Language, load_translators
from controller.web.sounding import BARS, Known, track
from schedules.areas import Area

SAY = load_translators()[Language.ENGLISH]


def overview(number: int, area: str = "x-1", not_ready: NotReady | None = None) -> SpeakerOverview:
    speaker = Speaker(
        speaker_id=SpeakerId(f"s-{number}"),
        name=f"Loa {number}",
        area_id=AreaId(area),
        device_id=DeviceId(f"d-{number}"),
        device_key=bytes(32),
        state=SpeakerState.ADOPTED,
        adopted_at_us=0,
    )
    return SpeakerOverview(speaker=speaker, area_name=f"area {area}", health=None, not_ready=not_ready)


@pytest.mark.parametrize(
    ("not_ready", "sounding", "state"),
    [
        (None, None, views.SpeakerState.READY),
        (None, "a-1", views.SpeakerState.SOUNDING),
        (NotReady.OFFLINE, "a-1", views.SpeakerState.OFFLINE),
        (NotReady.STOPPED, None, views.SpeakerState.STOPPED),
        (NotReady.TIME_UNKNOWN, None, views.SpeakerState.TIME_UNKNOWN),
        (NotReady.RELEASING, None, views.SpeakerState.RELEASING),
    ],
)
def test_one_word_sums_up_a_speaker(
    not_ready: NotReady | None, sounding: str | None, state: views.SpeakerState
) -> None:
    seen = replace(overview(1, not_ready=not_ready), sounding_airing_id=sounding)
    assert present.speaker_state(seen) is state


def test_every_reason_for_not_being_ready_has_its_word() -> None:
    assert {present.speaker_state(overview(1, not_ready=reason)) for reason in NotReady}.isdisjoint(
        {views.SpeakerState.READY, views.SpeakerState.SOUNDING}
    )


def device(number: int, name: str) -> FoundDevice:
    return FoundDevice(
        device_id=DeviceId(f"d-{number}"),
        name=name,
        model="Loa Pi 4",
        software="1.0",
        address="192.0.2.7",
        linked=True,
        seen_by_mdns=True,
        adopted_elsewhere=False,
        identifies_left=5,
        identify_until_us=None,
        found_at_us=0,
    )


def test_a_name_that_another_bears_is_flagged_whether_that_one_is_adopted_or_not() -> None:
    found = [device(1, "chợ"), device(2, "Đình"), device(3, "Trạm"), device(4, "Trạm"), device(5, ""), device(6, "")]
    shown = present.found_devices(found, {"Chợ", "CHỢ", "Nhà văn hoá"}, SAY)
    assert [bool(one.warning_sentence) for one in shown] == [True, False, True, True, False, False]


def test_speakers_are_chosen_by_area_and_those_being_released_are_not_there() -> None:
    seen = [overview(1), overview(2, not_ready=NotReady.OFFLINE), overview(3, not_ready=NotReady.RELEASING)]
    first, second = present.target_areas([*seen, overview(4, area="x-2")], {SpeakerId("s-2")})
    assert [(speaker.id, speaker.checked) for speaker in first.speakers] == [("s-1", True), ("s-2", False)]
    assert (first.name, first.ready) == ("area x-1", 1)
    assert [speaker.id for speaker in second.speakers] == ["s-4"]


@pytest.mark.parametrize(
    ("areas", "targets", "known", "left_out"),
    [
        ([], [], [], set()),  # the first look at the page
        ([], ["s-1"], ["s-1"], set()),  # all that were listed are chosen: so is the new one
        ([], ["s-1"], ["s-1", "s-2"], {"s-2"}),
        ([], ["s-1", "s-2"], ["s-1", "s-2"], set()),
        (["x-1"], [], [], set()),
        ([], [], ["s-1", "s-2"], {"s-1", "s-2"}),
        (["x-1"], ["s-1"], ["s-1", "s-9"], set()),  # a whole area: what is new in it too
    ],
)
def test_what_a_person_left_out_stays_left_out(
    areas: list[str], targets: list[str], known: list[str], left_out: set[str]
) -> None:
    assert present.unchecked_targets([overview(1), overview(2)], areas, targets, known) == left_out


def test_the_first_speaker_of_a_station_finds_an_area_to_stand_in() -> None:
    assert [option.name for option in present.area_options([], "Đài xã")] == ["Đài xã"]
    there = Area(area_id=AreaId("x-1"), parent_id=None, level="village", name="Thôn 1")
    assert [(option.id, option.name) for option in present.area_options([there], "Đài xã")] == [("x-1", "Thôn 1")]


def bulletin(state: BulletinState, **more: object) -> Bulletin:
    sound = Sound(
        sound_id="sd-1",  # type: ignore[arg-type]
        source=Source.TEXT,
        reading=Reading(text="Chào", language="vi"),
        file_name="",
        profile=Profile.PLAIN,
        state=SoundState(state.value),
        created_at_us=0,
        created_by="admin",
    )
    return Bulletin(
        bulletin_id="b-1",  # type: ignore[arg-type]
        title="Tin",
        airing_class=AiringClass.ORDINARY,
        area_id=None,
        variants=(Variant(language="vi", sound=replace(sound, **more)),),  # type: ignore[arg-type]
        created_at_us=0,
        created_by="admin",
        changed_at_us=0,
        changed_by="admin",
    )


def prepared(shown: Bulletin) -> views.Prepared:
    return present.prepared(shown, views.Track(), ["up-1=sd-1"], SAY)


def test_a_bulletin_in_the_making_shows_how_far_it_is_and_no_sound() -> None:
    shown = prepared(bulletin(BulletinState.PREPARING, progress=0.416))
    assert (shown.progress_percent, shown.sentence, shown.size_bytes) == (42, "", 0)
    assert shown.asked == "taken=up-1%3Dsd-1"


def test_a_ready_bulletin_tells_what_was_noticed_with_its_figures() -> None:
    clip = ClipRef(sha256="5" * 64, size_bytes=9_000, frames=96_000)
    quiet = Finding(code="very_quiet", remedy="amplified", values={"loudness_lufs": -47.2, "gain_db": 29.1})
    clips = PreparedClips(renditions=dict.fromkeys(RenditionName, clip), findings=(quiet,))
    shown = prepared(bulletin(BulletinState.READY, clips=clips))
    assert shown.size_bytes == 9_000
    assert "very quiet (-47 LUFS): it was made 29 dB louder" in shown.finding_sentences[0]


def test_a_finding_without_its_figures_is_told_plainly() -> None:
    for remedy in ("amplified", "kept"):
        assert "very quiet" in finding_sentence(Finding(code="very_quiet", remedy=remedy), SAY)


def test_every_finding_of_the_room_is_told_in_both_languages_with_all_its_figures() -> None:
    figures = {
        FindingCode.VERY_QUIET: {"loudness_lufs": -47.0, "gain_db": 29.0},
        FindingCode.CLIPPED: {"percent": 7.0},
        FindingCode.MOSTLY_SILENT: {"percent": 70.0},
        FindingCode.SILENCE_TRIMMED: {"start_s": 1.5, "end_s": 2.5},
        FindingCode.TRUNCATED: {"duration_s": 3.5, "promised_s": 9.5},
        FindingCode.OFF_LEVEL: {"loudness_lufs": -17.0, "true_peak_dbtp": -1.0},
    }
    for say in load_translators().values():
        for code, values in figures.items():
            for remedy in ("kept", "trimmed", "amplified"):
                told = finding_sentence(Finding(code=code.value, remedy=remedy, values=values), say)
                assert "code:" not in told
                assert "%" not in told or "percent" in values


def test_a_failed_bulletin_says_why() -> None:
    shown = prepared(bulletin(BulletinState.FAILED, failure="recording_unreadable"))
    assert "cannot be read as sound" in shown.sentence


def clip_part(name: str, seconds: int) -> ClipPart:
    ref = ClipRef(sha256=name * 64, size_bytes=1, frames=seconds * 48_000)
    return ClipPart(renditions=dict.fromkeys(RenditionName, ref))


def test_a_track_tells_each_piece_and_where_each_sentence_is_heard_in_the_whole() -> None:
    marks = (Mark(text="Một.", start_s=0.5, end_s=1.5),)
    clips = PreparedClips(renditions=clip_part("a", 2).renditions, peaks=(100,) * 20, marks=marks)
    known = {"a" * 64: Known(label="Tiếng Việt", clips=clips, language="vi")}
    heard = track((clip_part("a", 2), SilencePart(frames=48_000), clip_part("a", 2)), known, SAY)
    assert heard.duration_s == 5.0
    assert [part.audio_url[:7] for part in heard.parts] == ["/clips/", "", "/clips/"]
    assert [mark.start_s for mark in heard.marks] == [0.5, 3.5]
    assert len(heard.peaks) == BARS
    assert set(heard.peaks[70:90]) == {0}, "the silence in the middle is drawn as one"
    assert heard.alone is None
