"""What of an alert is read out, what a rule lets through, and how areas are gathered."""

from dataclasses import replace

import pytest

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.cap_alerts import (
    SIGNED,
    AlertState,
    CapAlert,
    CapAlertId,
    Key,
    Message,
    MessageType,
    Reason,
    Source,
    SourceKind,
    Status,
    may_be_automatic,
    may_follow,
)
from controller.domain.cap_rules import Rule, rule_for
from controller.domain.cap_words import MOST_LETTERS, hazard_of, language_of, to_be_heard
from controller.domain.hazards import Hazard
from controller.services.cap.reading import Standing, World
from schedules.areas import Area, AreaTree

HOME, VILLAGE = AreaId("x-1"), AreaId("t-1")
MESSAGE = Message(language="vi", event="Lũ quét", severity="Severe", urgency="Immediate", certainty="Likely")
ALERT = CapAlert(
    alert_id=CapAlertId("cap-1"),
    key=Key("tram@thuyvan.example", "A-1", 1),
    message_type=MessageType.ALERT,
    status=Status.ACTUAL,
    scope="Public",
    source=Source(kind=SourceKind.FEED, source_id="f-1", name="F", trusted=True),
    signature="none",
    trusted=True,
    digest="",
    received_at_us=1,
    changed_at_us=1,
    state=AlertState.HELD,
    messages=(MESSAGE,),
)
RULE = Rule(
    rule_id="r-1",
    area_id=HOME,
    sender="tram@thuyvan.example",
    severity="Severe",
    urgency="Expected",
    certainty="Likely",
)


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (RULE, True),
        (replace(RULE, severity="Extreme"), False),
        (replace(RULE, urgency="Immediate"), True),
        (replace(RULE, certainty="Observed"), False),
        (replace(RULE, sender="Tram@thuyvan.example"), False),
        (replace(RULE, events=("LŨ QUÉT",)), True),
        (replace(RULE, events=("Bão",)), False),
        (replace(RULE, source_id="f-2"), False),
        (replace(RULE, signed=True), False),
        (replace(RULE, enabled=False), False),
        (replace(RULE, area_id=AreaId("x-2")), False),
    ],
)
def test_a_rule_lets_through_what_it_names_and_nothing_else(rule: Rule, fits: bool) -> None:
    assert (rule_for([rule], ALERT, (HOME, VILLAGE), [0]) is not None) is fits


def test_a_rule_that_asks_for_a_signature_takes_one() -> None:
    assert rule_for([replace(RULE, signed=True)], replace(ALERT, signature=SIGNED), (HOME,), [0]) is not None


@pytest.mark.parametrize(
    "doubted",
    [
        replace(ALERT, status=Status.EXERCISE),
        replace(ALERT, scope="Restricted"),
        replace(ALERT, trusted=False),
        replace(ALERT, anywhere=True),
        replace(ALERT, reasons=(Reason("sent_in_future", "warning"),)),
        replace(ALERT, message_type=MessageType.CANCEL),
    ],
)
def test_no_rule_decides_on_what_is_in_doubt(doubted: CapAlert) -> None:
    assert may_be_automatic(ALERT)
    assert not may_be_automatic(doubted)


def test_a_message_changes_another_only_where_it_may_speak_for_it() -> None:
    later = replace(ALERT, key=Key("tram@thuyvan.example", "A-2", 2))
    assert may_follow(later, ALERT)
    assert not may_follow(replace(later, trusted=False), ALERT)
    assert not may_follow(replace(later, key=Key("x@khac.example", "A-2", 2)), ALERT)
    assert not may_follow(replace(later, status=Status.TEST), ALERT)
    doubted = replace(ALERT, trusted=False)
    assert may_follow(replace(later, trusted=False), doubted)
    other = Source(kind=SourceKind.TOKEN, source_id="t-1", name="T")
    assert not may_follow(replace(later, trusted=False, source=other), doubted)


def test_what_is_for_eyes_is_not_read_out() -> None:
    description = "* WHAT...Flooding.\n\n* WHERE...Đông Hà.\nSee https://cap.example/x?a=1 or mail a@b.example <br/>"
    heard = to_be_heard("Flood warning", description, "Leave now")
    assert heard == "Flood warning. WHAT, Flooding. WHERE, Đông Hà. See or mail. Leave now."
    assert to_be_heard("Lũ quét.", "Lũ quét. Nước lên.", "Nước lên.") == "Lũ quét. Nước lên."
    assert to_be_heard("", " ... ", "***") == ""


def test_what_takes_too_long_is_cut_where_a_sentence_ends_and_what_to_do_stays() -> None:
    heard = to_be_heard("Bão.", "Gió giật rất mạnh. " * 500, "Vào nhà ngay.")
    assert len(heard) <= MOST_LETTERS
    assert heard.startswith("Bão. Gió giật rất mạnh.")
    assert heard.endswith("rất mạnh. Vào nhà ngay.")


@pytest.mark.parametrize(
    ("event", "category", "hazard"),
    [
        ("Cảnh báo lũ quét và sạt lở đất", "Geo", Hazard.FLASH_FLOOD),
        ("Xả lũ hồ chứa", "Infra", Hazard.DAM_RELEASE),
        ("Flood Warning", "Met", Hazard.FLOOD),
        ("Bão số 3", "Met", Hazard.STORM),
        ("Cháy rừng", "Fire", Hazard.FIRE),
        ("Something", "Health", Hazard.EPIDEMIC),
        ("Cảnh báo giao thông", "Other", Hazard.OTHER),
    ],
)
def test_the_hazard_is_told_by_the_event(event: str, category: str, hazard: Hazard) -> None:
    assert hazard_of([event], [category]) is hazard


def test_a_tag_of_a_language_is_its_language() -> None:
    assert [language_of(one) for one in ("vi-VN", "en", "EN_us", " ")] == ["vi", "en", "en", "en"]


def test_areas_are_said_in_few_words_where_all_of_them_are_meant() -> None:
    areas = [Area(area_id="p", parent_id=None, level="province", name="P")]
    areas += [Area(area_id=f"x-{n}", parent_id="p", level="commune", name=str(n)) for n in range(5)]
    standing = [Standing(SpeakerId(f"s-{n}"), AreaId(f"x-{n}")) for n in range(4)]
    world = World(tree=AreaTree(areas), standing=standing)
    every = [AreaId(f"x-{n}") for n in range(4)]
    assert world.together(every, [], 10) == tuple(every)
    assert world.together(every, [AreaId("p")], 10) == ("p",)
    assert world.together(every, [], 3) == ("p",)
    assert world.together(every[1:], [AreaId("p")], 2) == tuple(every[1:])
