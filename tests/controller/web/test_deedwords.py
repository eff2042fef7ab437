"""The log of deeds in the words of whoever reads it."""

import pytest

from controller.domain.deeds import Deed, DeedKind
from controller.web.deedwords import alphabetical, detail, ids, subject
from controller.web.i18n import Language, load_translators

SAY = load_translators()
AREA = "area-0123456789abcdef"
NAMES = {"*": "Whole station", AREA: "Thôn Đông", "80": "an area whose id is a number"}


def told(what: DeedKind, kept: str, language: Language = Language.ENGLISH) -> str:
    return detail(Deed(at_us=0, by="lan", what=what, detail=kept), lambda one: NAMES.get(one, ""), SAY[language])


@pytest.mark.parametrize(
    ("what", "kept", "words"),
    [
        (DeedKind.SEND, "3 speakers, self-approved", "3 speakers, approved by themselves"),
        (DeedKind.LIVE, "1 speakers", "1 speaker"),
        (DeedKind.COMPOSE, "revision 2: Mất điện: tối nay", "version 2: Mất điện: tối nay"),
        (DeedKind.CONFIRM_EMERGENCY, "real: Cháy", "In earnest: Cháy"),
        (DeedKind.PREPARE_EMERGENCY, "drill: Cháy: again", "Drill: Cháy: once more"),
        (DeedKind.ADD_PERSON, "+officer@*", "given: Officer on duty (Whole station)"),
        (
            DeedKind.CHANGE_PERSON,
            f"-editor@{AREA} inactive",
            "taken away: Editor (Thôn Đông), account closed",
        ),
        (DeedKind.TAKE_ALERT, "Alert VN 1,2 held", "Alert VN 1,2: Waits for you"),
        (DeedKind.TAKE_ALERT, "Alert VN-2 expired", "Alert VN-2: Expired before it came"),
        (DeedKind.DECLINE_ALERT, "Alert VN-1 not_actual", "Alert VN-1"),
        (DeedKind.STOP_AREAS, AREA, "Thôn Đông"),
        (DeedKind.CREATE_API_TOKEN, "tỉnh: hand_in@*", "tỉnh: hand in ordinary and priority bulletins (Whole station)"),
        (
            DeedKind.SET_EMERGENCY_POLICY,
            "break glass: True, second person: None",
            "one person may send alone",
        ),
        (DeedKind.ACT, "identify", "Identify"),
        (DeedKind.SET_GUARDS, "quiet 21:30-05:00 slots 3", "quiet hours 21:30-05:00; airings a day 3"),
        (DeedKind.SET_VOLUME, "80 %", "80 %"),
        (DeedKind.HAND_IN, "priority CV-12", "Priority CV-12"),
        (DeedKind.RENAME, "Loa chợ", "Loa chợ"),
        (DeedKind.SIGN_IN, "192.168.1.20", "192.168.1.20"),
    ],
)
def test_a_detail_is_told_in_words(what: DeedKind, kept: str, words: str) -> None:
    assert told(what, kept) == words


def test_it_is_told_in_the_language_of_the_page() -> None:
    assert told(DeedKind.CONFIRM_EMERGENCY, "real: Cháy", Language.VIETNAMESE) == "Thật: Cháy"
    assert told(DeedKind.COMPOSE, "revision 1: Mất điện", Language.VIETNAMESE) == "bản 1: Mất điện"
    assert told(DeedKind.ADD_PERSON, "+officer@*", Language.VIETNAMESE).startswith("giao: ")


def test_an_id_that_nobody_named_is_not_shown() -> None:
    deed = Deed(at_us=0, by="lan", what=DeedKind.RELEASE_STOP, subject="o-0123456789abcdef")
    assert subject(deed, lambda _: "") == ""
    assert subject(deed, lambda _: "Chợ xã") == "Chợ xã"
    written = Deed(at_us=0, by="lan", what=DeedKind.SET_PRONUNCIATION, subject="UBND", detail=f"x {AREA}")
    assert subject(written, lambda _: "") == "UBND"
    assert ids(written) == ["UBND", AREA]


def test_words_sort_as_vietnamese_does() -> None:
    assert sorted(["đăng nhập", "duyệt", "em", "ác", "dừng", "bỏ"], key=alphabetical) == [
        "ác", "bỏ", "dừng", "duyệt", "đăng nhập", "em",
    ]  # fmt: skip
