"""Alerts that we write: valid, and read back as the same."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.cap import (
    Alert,
    AlertKey,
    Area,
    CannotWrite,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Pair,
    Polygon,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    instant_text,
    write_alert,
)
from tests.controller.cap.alerts import NOW_US, SENT, cap, look, us

RING = Polygon(((10.0, 106.0), (10.0, 107.25), (11.123456, 107.0), (10.0, 106.0)))
WHOLE = Alert(
    identifier="loa.1",
    sender="xa@example.org",
    sent=SENT,
    sent_us=us(SENT),
    status=Status.ACTUAL,
    message_type=MessageType.UPDATE,
    scope=Scope.PUBLIC,
    source="trực ban",
    addresses=("a@example.org", "trạm số 2"),
    codes=("x", "y"),
    note="ghi chú",
    references=(AlertKey("xa@example.org", "loa.0", us(SENT) - 60_000_000),),
    incidents=("bão 9",),
    infos=(
        Info(
            event="Lũ",
            categories=(Category.MET, Category.SAFETY),
            urgency=Urgency.IMMEDIATE,
            severity=Severity.EXTREME,
            certainty=Certainty.OBSERVED,
            language="vi",
            response_types=(ResponseType.EVACUATE,),
            audience="bà con ven sông",
            event_codes=(Pair("loai", "lu"),),
            effective_us=us(SENT),
            onset_us=us(SENT),
            expires_us=us(SENT) + 3_600_000_000,
            sender_name="UBND xã",
            headline="Lũ < 2 m & nhanh",
            description="Dòng một\nDòng hai",
            instruction="Sơ tán",
            web="https://example.org/",
            contact="113",
            parameters=(Pair("muc", "3"),),
            resources=(Resource("Ghi âm", "audio/mpeg", 3, "https://example.org/a.mp3", "AAAA", ""),),
            areas=(Area("Xã", (RING,), (Circle(10.5, 106.5, 2.5),), (Pair("vn-commune", "26734"),), 1.0, 20.5),),
        ),
    ),
)


def test_what_is_written_is_read_back_as_the_same() -> None:
    reading = look(write_alert(WHOLE))
    assert reading.reasons == ()
    assert reading.alert == WHOLE


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=40).map(
    lambda said: " ".join(said.split())
)
degrees = st.integers(-89_000_000, 89_000_000).map(lambda n: n / 1_000_000)


@given(words, words, st.lists(st.tuples(degrees, degrees), min_size=3, max_size=8), st.sampled_from(Severity))
@settings(max_examples=60, deadline=None)
def test_any_texts_and_places_come_back(
    headline: str, description: str, corners: list[tuple[float, float]], severity: Severity
) -> None:
    ring = Polygon((*corners, corners[0]))
    info = replace(
        WHOLE.infos[0], headline=headline, description=description, severity=severity, areas=(Area("x", (ring,)),)
    )
    alert = look(write_alert(replace(WHOLE, infos=(info,)))).alert
    assert alert is not None
    (said,) = alert.infos
    assert (said.severity, said.areas[0].polygons[0].points) == (severity, ring.points)
    written = ["".join(c for c in one if c not in "\ufffe\uffff").strip() for one in (headline, description)]
    assert [" ".join(one.split()) for one in (said.headline, said.description)] == [
        " ".join(one.split()) for one in written
    ]


def test_an_alert_that_was_read_is_written_as_it_was() -> None:
    alert = look(cap()).alert
    assert alert is not None
    assert look(write_alert(alert)).alert == alert


@pytest.mark.parametrize(
    "wrong",
    [
        replace(WHOLE, identifier="loa 1"),
        replace(WHOLE, sender=""),
        replace(WHOLE, references=()),
        replace(WHOLE, infos=()),
        replace(WHOLE, sent="2026-11-22T05:30:00Z"),
        replace(WHOLE, sent="soon"),
        replace(WHOLE, sent_us=0),
        replace(WHOLE, references=(AlertKey("a", "b", 10**18),)),
        replace(WHOLE, scope=Scope.PRIVATE, addresses=()),
        replace(WHOLE, infos=(replace(WHOLE.infos[0], language="tiếng Việt"),)),
        replace(WHOLE, infos=(replace(WHOLE.infos[0], expires_us=us(SENT) - 1_000_000),)),
    ],
    ids=str,
)
def test_what_would_break_the_standard_is_not_written(wrong: Alert) -> None:
    with pytest.raises(CannotWrite, match=r"\."):
        write_alert(wrong)


def test_instants_have_the_offset_of_the_station_and_universal_time_is_minus_nought() -> None:
    assert instant_text(us(SENT), timedelta(hours=7)) == SENT
    assert instant_text(us(SENT), timedelta()) == "2026-11-21T22:30:00-00:00"
    assert instant_text(us(SENT), -timedelta(hours=3, minutes=30)) == "2026-11-21T19:00:00-03:30"
    assert instant_text(NOW_US + 999_999, timedelta(hours=7)) == "2026-11-22T05:40:00+07:00"


def test_earlier_alerts_are_named_as_they_were_written() -> None:
    key = WHOLE.references[0]
    assert b"loa.0,2026-11-22T05:29:00+07:00" in write_alert(WHOLE)
    named = write_alert(WHOLE, written={key: "2026-11-21T22:29:00-00:00"})
    assert b"loa.0,2026-11-21T22:29:00-00:00" in named
    again = look(named).alert
    assert again is not None
    assert again.references == (key,)
