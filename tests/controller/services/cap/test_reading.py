"""What vouches for an alert: a signature that counts, or the way it came, unless its signature speaks against it."""

from datetime import UTC, datetime, timedelta

from controller.domain.cap_alerts import AlertState, CapAlert, Source, SourceKind
from controller.services.cap.options import CapOptions
from controller.services.cap.reading import Reader, World
from schedules.areas import AreaTree
from tests.controller.cap.certificates import holder, signed
from tests.controller.services.alerts import HOUR_US, Info, Made

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FEED = Source(kind=SourceKind.FEED, source_id="f-1", name="F")
TRUSTED = Source(kind=SourceKind.FEED, source_id="f-2", name="G", trusted=True)
AGENCY = holder("Đài khí tượng")


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
