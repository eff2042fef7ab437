"""Boxes of the believable day: faults, measurements, actions, labels, for the tests that look at the pages."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from agents.protocol.ids import AreaId, DeviceId, DocumentId, SpeakerId
from agents.protocol.journal import ActionName, ActionResult, Heard
from agents.protocol.values import Profile
from controller.domain.faults import Fault, FaultDetail, FaultKind
from controller.domain.hands import AskedHand, SelfTestFound
from controller.domain.telemetry import Reading
from controller.web import handwords
from controller.web.boxviews import BoxLine, BoxShown, HandsShown
from controller.web.faultpresent import card, kinds
from controller.web.faultviews import FaultCard, FaultFilter, FaultsShown
from controller.web.faultwords import WEIGHT
from controller.web.i18n import Language, load_translators
from controller.web.labelling import LabelShown, qr_path
from controller.web.placeviews import Choice
from controller.web.plotpresent import SPANS, data_plot, plots, plots_shown
from tests.controller.web.look_places import CHOICES

NOW = datetime(2026, 3, 2, 10, 3, 20, tzinfo=UTC)
NOW_US = int(NOW.timestamp()) * 1_000_000
HOUR_US = 3_600_000_000
SAY = load_translators()[Language.VIETNAMESE]
NAMES = {SpeakerId(f"s{n}"): (f"Cụm loa xóm {n}", "Thôn Đông") for n in range(12)}


def fault(kind: FaultKind, hours: float, **changes: Any) -> Fault:
    values: dict[str, Any] = {
        "fault_id": f"f-{kind}",
        "kind": kind,
        "speaker_id": SpeakerId("s1"),
        "area_id": AreaId("v1"),
        "opened_at_us": NOW_US - round(hours * HOUR_US),
    }
    return Fault(**(values | changes))


DETAILS = {
    FaultKind.HOT: FaultDetail(value=83.4, limit=80),
    FaultKind.CLOCK_ERROR: FaultDetail(value=48_000, limit=20_000),
    FaultKind.DISK_SHORT: FaultDetail(value=120e6, limit=500e6),
    FaultKind.NOT_HEARD: FaultDetail(value=-61.2, limit=-18),
    FaultKind.AIRING_MISSED: FaultDetail(reason="disk_full", airing_id="a1"),
    FaultKind.REFUSALS: FaultDetail(reason="bad_signature", value=3),
    FaultKind.OFFLINE: FaultDetail(since_us=NOW_US - 30 * HOUR_US),
    FaultKind.CONTROLLER_CLOCK: FaultDetail(value=61, reason="stepped"),
    FaultKind.DEVICE_TIME_DISAGREES: FaultDetail(value=4, limit=2),
    FaultKind.JOURNAL_LOST: FaultDetail(value=12, reason="full"),
    FaultKind.AREA_OFFLINE: FaultDetail(members=12),
}
WHOLE = {FaultKind.CONTROLLER_CLOCK, FaultKind.DEVICE_TIME_DISAGREES, FaultKind.AREA_OFFLINE}


def cards(*, closed: bool = False) -> list[FaultCard]:
    """One of each kind, the heaviest first."""
    made = []
    for number, kind in enumerate(WEIGHT):
        one = fault(
            kind,
            0.2 + number,
            detail=DETAILS.get(kind, FaultDetail()),
            speaker_id=None if kind in WHOLE else SpeakerId(f"s{number % 12}"),
            seen_by="Kỹ thuật viên" if number % 3 == 1 else None,
            seen_at_us=NOW_US - 60_000_000 if number % 3 == 1 else None,
            closed_at_us=NOW_US if closed else None,
        )
        parts = [fault(FaultKind.OFFLINE, 1, speaker_id=one_id) for one_id in NAMES]
        members = parts if kind is FaultKind.AREA_OFFLINE else ()
        made.append(card(one, NAMES, lambda _: "Xã Hoà Bình", SAY, members=members, may_note=number != 2))
    return made


def readings(hours: int, every_s: int) -> list[Reading]:
    """A warm day with a gap in it."""
    made = []
    for number in range(hours * 3_600 // every_s):
        at_us = NOW_US - hours * HOUR_US + number * every_s * 1_000_000
        turn = number * every_s / 86_400 * 2 * math.pi
        if 0.4 < number * every_s / (hours * 3_600) < 0.47:
            continue
        made.append(
            Reading(
                speaker_id=SpeakerId("s0"),
                at_us=at_us,
                temperature_c=62 - 19 * math.cos(turn) + number % 3,
                load_percent=8 + number % 7,
                memory_percent=41,
                disk_free_bytes=12_300_000_000 - number * 4_000_000,
                clock_error_us=400 + (number * 37) % 900,
                signal_dbm=-71 + number % 5,
                volume_percent=80,
                sent_bytes=number * 21_000,
                received_bytes=number * 14_000,
            )
        )
    return made


def asked(number: int, action: ActionName, result: ActionResult | None, detail: str = "") -> AskedHand:
    return AskedHand(
        order_id=DocumentId(f"o{number}"),
        speaker_id=SpeakerId("s0"),
        device_id=DeviceId("d-k3vq2m7xw4tb6yna"),
        action=action,
        by="Kỹ thuật viên",
        asked_at_us=NOW_US - number * 40_000_000,
        ended_at_us=None if result is None else NOW_US - number * 40_000_000 + 2_300_000,
        result=result,
        detail=detail,
        has_log=action is ActionName.FETCH_LOG and result is ActionResult.DONE,
    )


HANDS = [
    asked(0, ActionName.SELF_TEST, None),
    asked(1, ActionName.FETCH_LOG, ActionResult.DONE),
    asked(2, ActionName.TEST_TONE, ActionResult.REFUSED, "Đang có lượt phát."),
    asked(3, ActionName.RESTART, ActionResult.FAILED),
    asked(4, ActionName.IDENTIFY, ActionResult.DONE),
]
TESTS = [
    SelfTestFound(speaker_id=SpeakerId("s0"), at_us=NOW_US, heard=Heard.HEARD, level_db=-18.2, reference_db=-17.9),
    SelfTestFound(speaker_id=SpeakerId("s0"), at_us=NOW_US, heard=Heard.NOT_HEARD, level_db=-62.0),
    SelfTestFound(speaker_id=SpeakerId("s0"), at_us=NOW_US, heard=Heard.NO_SENSOR),
]
SHOWN = [
    *plots(readings(24, 300), SPANS[0], NOW_US, Profile.LAN, SAY),
    data_plot(readings(35, 1_800), 0, NOW_US, 10_000_000, SAY),
]
HANDS_SHOWN = HandsShown(
    speaker_id="s0", lines=handwords.action_lines(HANDS, SAY), problem="Cụm loa hiện không kết nối."
)
BOX = BoxShown(
    offered=handwords.offered(SAY),
    hands=HANDS_SHOWN,
    plots=plots_shown("s0", SPANS[0], SHOWN, SAY),
    profile="sim",
    open_faults=[replace(one, id=f"open-{one.id}") for one in cards()[2:5]],
    former_faults=[replace(one, id=f"former-{one.id}") for one in cards(closed=True)[1:3]],
    tests=handwords.test_lines(TESTS, SAY),
    boxes=[
        BoxLine(device_id="d-k3vq2m7xw4tb6yna", model="Loa Pi 4", from_at=NOW - timedelta(days=3), until_at=None),
        BoxLine(
            device_id="d-p7c5hd2zr6sfqk3e",
            model="",
            from_at=NOW - timedelta(days=300),
            until_at=NOW - timedelta(days=3),
        ),
    ],
)
NOTHING = BoxShown(
    offered=handwords.offered(SAY),
    hands=HandsShown(speaker_id="s0"),
    plots=plots_shown("s0", SPANS[2], plots((), SPANS[2], NOW_US, Profile.LAN, SAY), SAY),
)
FILTER = FaultFilter(kind="hot", area="v1", kinds=kinds(SAY), areas=CHOICES, query="?kind=hot&area=v1")


def label(number: int) -> LabelShown:
    address = f"http://192.168.1.10:8080/speakers/s-{number}f0c9e8d7b6a5"
    side, path = qr_path(address)
    return LabelShown(
        station="Đài truyền thanh xã Hoà Bình",
        name="Nhà văn hóa thôn Đông",
        area="Thôn Đông",
        id=f"s-{number}f0c9e8d7b6a5",
        plate="4062",
        address=address,
        side=side,
        path=path,
    )


BOX_PAGES: Mapping[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "faults": (
        "faults.html",
        {"faults": FaultsShown(cards=cards(), total=40, unnoted=11, chosen=FILTER)},
        {"path": "/faults", "open_faults": 40},
    ),
    "faults-none": ("faults.html", {"faults": FaultsShown(cards=[])}, {"path": "/faults"}),
    "faults-history": (
        "faults.html",
        {"faults": FaultsShown(cards=cards(closed=True), older="/faults/history?before=1.f", history=True)},
        {"path": "/faults/history", "open_faults": 3},
    ),
    "labels": (
        "labels.html",
        {"labels": [label(n) for n in range(5)], "address_sentence": "."},
        {"path": "/labels"},
    ),
    "labels-none": ("labels.html", {"labels": [], "address_sentence": ""}, {"path": "/labels"}),
    "log": (
        "box_log.html",
        {
            "speaker_id": "s0",
            "speaker_name": "Chợ",
            "order_id": "o1",
            "lines": [f"2026-03-02T10:03:{n:02}Z info ready output=alsa device=hw:0 <&>" for n in range(60)],
        },
        {"path": "/speakers/s0/log/o1"},
    ),
}


def box_pages(speaker: Any, found: Any, rows: Any) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Those that show what the other samples show too."""
    page = {"speaker": speaker, "chosen": "", "code": "", "problem": "Sai."}
    path = {"path": "/speakers/s0/replace"}
    return {
        "replace": ("replace.html", {**page, "found": found}, path),
        "replace-nothing": ("replace.html", {**page, "found": [], "problem": ""}, path),
        "replace-choose": (
            "replace_choose.html",
            {"device": "d-k3vq2m7xw4tb6yna", "words": "", "speakers": rows, "more": 4},
            {"path": "/speakers"},
        ),
    }


__all__ = ["BOX", "BOX_PAGES", "NOTHING", "Choice", "box_pages"]
