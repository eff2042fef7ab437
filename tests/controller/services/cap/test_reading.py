"""What vouches for an alert: a signature that counts, or the way it came, unless its signature speaks against it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller import cap
from controller.cap.check import check
from controller.domain.cap_alerts import AlertState, CapAlert, Source, SourceKind, may_be_automatic
from controller.services.cap.drafts import urgency_of
from controller.services.cap.options import CapOptions
from controller.services.cap.reading import Reader, Standing, World
from schedules.areas import Area, AreaTree
from tests.controller.cap.certificates import holder, signed
from tests.controller.services.alerts import HOUR_US, Info, Made

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEED = Source(kind=SourceKind.FEED, source_id="f-1", name="F")
TRUSTED = Source(kind=SourceKind.FEED, source_id="f-2", name="G", trusted=True)
AGENCY = holder("Đài khí tượng")
AREA = Info().area
UNKNOWN = "<area><areaDesc>Đâu đó</areaDesc></area>"
EMPTY = "<geocode><valueName> </valueName><value> </value></geocode>"
NOW_US = int(NOW.timestamp()) * 1_000_000


def read(raw: bytes, source: Source, *, now: datetime = NOW, required: bool = False) -> CapAlert:
    now_us = int(now.timestamp()) * 1_000_000
    options = CapOptions(signers=(AGENCY.pem,), signature_required=required)
    world = World(tree=AreaTree(), standing=[])
    reader = Reader(options=options, world=lambda: world, reach=lambda _: True, now_us=now_us)
    (found,) = reader.read_all(raw, source)
    return found


def plain() -> bytes:
    now_us = int(NOW.timestamp()) * 1_000_000
    return Made(sent_us=now_us, infos=(Info(expires_us=now_us + 10_000 * HOUR_US),)).xml()


def test_a_signature_that_counts_vouches_whatever_way_the_alert_came() -> None:
    alert = read(signed(plain(), AGENCY), FEED)
    assert (alert.signature, alert.trusted) == ("valid", True)
    assert "Đài khí tượng" in alert.signed_by
    assert read(plain(), FEED).trusted is False


def test_a_way_that_is_trusted_vouches_for_what_nobody_signed() -> None:
    assert read(plain(), TRUSTED).trusted
    stranger = read(signed(plain(), holder("Ai đó")), TRUSTED)
    assert (stranger.signature, stranger.trusted) == ("untrusted", True)


def test_what_was_changed_after_signing_is_refused_whoever_brings_it() -> None:
    changed = signed(plain(), AGENCY).replace("Rời khỏi".encode(), "Đi tới".encode())
    alert = read(changed, TRUSTED)
    assert (alert.state, alert.trusted) == (AlertState.REFUSED, False)


def test_a_certificate_counts_at_the_time_of_checking() -> None:
    alert = read(signed(plain(), AGENCY), TRUSTED, now=NOW + timedelta(days=300))
    assert (alert.signature, alert.trusted) == ("expired", False)


def test_where_a_signature_is_required_nothing_else_is_taken() -> None:
    assert read(plain(), TRUSTED, required=True).state is AlertState.REFUSED


def written_at_now(**more: Any) -> bytes:
    usual: dict[str, Any] = {"sent_us": NOW_US, "infos": (Info(expires_us=NOW_US + 10 * HOUR_US),)}
    return Made(**{**usual, **more}).xml()


def placed(**more: Any) -> CapAlert:
    """Read for a station with one speaker in the area x-1, at `NOW`."""
    tree = AreaTree([Area(area_id="x-1", parent_id=None, level="commune", name="Xã")])
    world = World(tree=tree, standing=[Standing(SpeakerId("s-1"), AreaId("x-1"))])
    reader = Reader(options=CapOptions(), world=lambda: world, reach=lambda _: True, now_us=NOW_US)
    (found,) = reader.read_all(written_at_now(**more), TRUSTED)
    return found


def warnings_of(alert: CapAlert) -> list[str]:
    return [one.code for one in alert.reasons if one.weight == "warning"]


def test_what_says_it_was_sent_later_than_now_waits_for_a_person() -> None:
    assert may_be_automatic(placed())
    soon = placed(sent_us=NOW_US + 9 * 60_000_000)
    assert (warnings_of(soon), may_be_automatic(soon)) == ([], True)
    later = placed(sent_us=NOW_US + 50 * 60_000_000)
    assert (later.state, warnings_of(later), may_be_automatic(later)) == (
        AlertState.HELD,
        ["sent_in_future"],
        False,
    )


@pytest.mark.parametrize(
    ("more", "doubted"),
    [
        ({"sent_us": NOW_US + 50 * 60_000_000}, {"sent_in_future"}),
        ({"infos": (Info(expires_us=NOW_US + HOUR_US, area=AREA + UNKNOWN),)}, {"area_without_place"}),
        ({"kind": "Cancel", "references": (Made(),), "sent_us": NOW_US + 50 * 60_000_000}, {"sent_in_future"}),
    ],
)
def test_the_station_doubts_what_the_check_on_the_command_line_doubts(more: dict[str, Any], doubted: set[str]) -> None:
    (checked,) = check([("a.xml", written_at_now(**more))], limits=cap.Limits(), trust=cap.Trust(), now_us=NOW_US)
    (outcome,) = checked.outcomes
    said = {one.code for one in outcome.reasons if one.weight is cap.Weight.WARNING}
    assert doubted <= said <= set(warnings_of(placed(**more)))


def test_no_number_of_notes_keeps_out_what_a_person_has_to_look_at() -> None:
    ring = "<area><areaDesc>Y</areaDesc><circle>10,106 0</circle></area>"
    more = AREA.replace("</area>", f"{EMPTY}</area>") * 60
    alert = placed(infos=(Info(expires_us=NOW_US + HOUR_US, area=more + ring),))
    assert len(alert.reasons) >= 50
    assert "circle_without_radius" in warnings_of(alert)


def test_of_equally_urgent_alerts_the_newest_is_the_first() -> None:
    first = placed()
    last = replace(placed(), received_at_us=NOW_US + 1)
    worse = placed(infos=(Info(severity="Extreme", expires_us=NOW_US + HOUR_US),))
    assert sorted((first, worse, last), key=urgency_of) == [worse, last, first]
