"""What becomes of an item is said in a sentence that names what is in its way, in both languages."""

from typing import get_args

import pytest

from controller.web import rundownpresent as present
from controller.web.i18n import Language, Translator, load_translators
from controller.web.rundownpresent import Found, day_window
from controller.web.rundownviews import QuietRow, RundownRow
from controller.web.rundownwords import (
    REFUSED,
    SKIPPED,
    VERDICTS,
    guard_sentences,
    in_the_way,
    outcome_sentence,
    reason,
    span,
    verdict,
)
from schedules.guards import PRESETS, Guards, Quiet
from schedules.rundown.values import Outcome, RefusedFor, SkippedFor
from tests.controller.web.rundown_sample import DAY, LIMITS, compiler

SAYS = load_translators()
VI, EN = SAYS[Language.VIETNAMESE], SAYS[Language.ENGLISH]


@pytest.fixture(scope="module")
def found() -> Found:
    made = compiler()
    lines = made.lines("s-0")
    items = {line.item.item_id: line.item for line in lines}
    window = day_window(DAY.date(), VI)
    return Found(world=made.world, lines=lines, items=items, guards=LIMITS, window=window)


def told(found: Found, say: Translator) -> dict[str, tuple[str, str]]:
    """Of each item the code of its verdict and its sentence."""
    return {
        found.title(line.item): (verdict(line.outcome).code, outcome_sentence(line, found.names, say))
        for line in found.lines
    }


def test_each_item_says_in_vietnamese_what_becomes_of_it(found: Found) -> None:
    said = told(found, VI)
    assert said["Thông báo của xã"] == ("whole", "Phát trọn vẹn lúc 06:02.")
    assert said["Bản tin chiều"] == (
        "later",
        "Phát trọn vẹn lúc 17:10, muộn hơn dự kiến 8 phút: trước đó đang phát “Chuyên đề an toàn giao thông” (16:50).",
    )
    assert said["Tiếp âm Đài tiếng nói Việt Nam"] == (
        "in_part",
        "Phát 10:00 trong tổng số 15:00, từ 05:30: sau đó hết giờ của buổi phát.",
    )
    assert said["Ca nhạc buổi sáng"][1] == (
        "Phát trọn vẹn từ 06:00, chia thành 2 đoạn: “Thông báo của xã” (06:02) chen vào giữa."
    )
    assert said["Điểm báo"] == (
        "displaced",
        "Không phát: “Thông báo của xã” (06:02) đang chiếm giờ phát và được phát trước.",
    )


def test_what_is_not_heard_says_why_in_english(found: Found) -> None:
    said = told(found, EN)
    assert "it clashes with “Thông báo tiêm chủng” (11:00)" in said["Thông báo của tỉnh"][1]
    assert said["Thông báo của tỉnh"][0] == "conflicted"
    assert "has not been approved" in said["Bản tin chờ duyệt"][1]
    assert "The sound is not ready yet" in said["Bản tin chưa xong"][1]
    assert said["Bản tin trưa"] == ("skipped", "It does not happen: this one was cancelled.")
    assert said["Hội nghị"][1].endswith("(At most 30 minutes a slot)")
    assert said["Tiếp âm đặt nhầm giờ"][1].endswith("(Quiet from 23:00 to 05:00)")


def test_every_item_has_one_line_and_every_line_a_reason_that_a_program_can_read(found: Found) -> None:
    assert len(found.lines) == len(found.world.schedules)
    for line in found.lines:
        assert verdict(line.outcome).code in VERDICTS
        assert bool(reason(line.outcome)) != (verdict(line.outcome).code == "whole")
        other = in_the_way(line.outcome)
        assert other is None or found.names.item(other) is not None


def test_no_outcome_and_no_reason_is_without_words() -> None:
    assert set(REFUSED) == set(RefusedFor)
    assert set(SKIPPED) == set(SkippedFor)
    assert len(get_args(Outcome)) == 5
    for code in VERDICTS:
        assert VI.gettext(VERDICTS[code].word) != VERDICTS[code].word


def test_the_day_shows_quiet_hours_beside_what_is_heard_and_what_is_not(found: Found) -> None:
    rows = present.with_quiet(found, present.rows(found, VI))
    assert [row.at for row in rows] == sorted(row.at for row in rows)
    quiet = [row for row in rows if isinstance(row, QuietRow)]
    assert [VI.format_time(row.until, seconds=False) for row in quiet] == ["05:00", "05:00"]
    absent = {row.title for row in rows if isinstance(row, RundownRow) and row.starts_at is None}
    assert {"Điểm báo", "Hội nghị", "Bản tin trưa"} <= absent
    assert [row.title for row in rows if isinstance(row, RundownRow) and row.odd] == ["Bản tin đêm"]


def test_the_drawn_day_stays_within_its_edges(found: Found) -> None:
    bars = present.bars(found, VI)
    assert all(bar.x >= 0 and bar.x + bar.width <= 1_440 for bar in bars)
    assert {bar.kind for bar in bars} == {"quiet", "ok", "info", "warn", "absent"}
    assert [(bar.x, bar.width) for bar in bars if bar.kind == "quiet"] == [(0.0, 300.0), (1_380.0, 60.0)]


def test_limits_are_said_one_by_one() -> None:
    whole_day = Guards(quiet=(Quiet(LIMITS.quiet[0].begin, LIMITS.quiet[0].begin, (5, 6)),), day_minutes=90)
    assert guard_sentences(whole_day, VI) == ("Yên lặng cả ngày (Thứ Bảy, Chủ nhật)", "Tối đa 90 phút mỗi ngày")
    assert guard_sentences(Guards(), VI) == ()
    assert len(guard_sentences(PRESETS["urban"], EN)) == 5


@pytest.mark.parametrize(
    ("length_s", "words"), [(40, "40 giây"), (60, "1 phút"), (110, "110 giây"), (3_600, "60 phút")]
)
def test_a_delay_is_said_in_seconds_or_minutes(length_s: int, words: str) -> None:
    assert span(length_s * 1_000_000, VI) == words
