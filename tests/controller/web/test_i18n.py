"""Vietnamese first, English beside it; nothing on a page is left untranslated."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from controller.web import catalogue
from controller.web.i18n import Language, Translator, load_translators, pick_language

MOMENT = datetime(2026, 11, 20, 22, 5, 9, 70_000, tzinfo=UTC)


@pytest.fixture(scope="module")
def say() -> Mapping[Language, Translator]:
    return load_translators()


def test_the_catalogues_are_complete_and_hold_nothing_more() -> None:
    assert catalogue.check() == []


def problems_with(string: str, *, fuzzy: bool = False, stale: bool = False) -> list[str]:
    template, translated = Catalog(), Catalog(locale="vi")
    template.add("%(n)s speakers in {t}")
    translated.add("%(n)s speakers in {t}", string, flags=["fuzzy"] if fuzzy else [])
    if stale:
        translated.add("Gone", "Mất")
    return [problem.split(":")[0] for problem in catalogue.problems(template, translated)]


def test_the_check_finds_what_is_wrong_with_a_catalogue() -> None:
    assert problems_with("{t}: %(n)s cụm loa") == []
    assert problems_with("") == ["not translated"]
    assert problems_with("{t}: %(n)s cụm loa", fuzzy=True) == ["fuzzy"]
    assert problems_with("%(n)s cụm loa") == ["placeholders differ"]
    assert problems_with("{t}: %(m)s cụm loa") == ["placeholders differ"]
    assert problems_with("{t}: %(n)s cụm loa", stale=True) == ["stale"]


def test_an_update_keeps_translations_and_leaves_new_sentences_empty(tmp_path: Path) -> None:
    waiting = catalogue.update(tmp_path)
    path = tmp_path / "vi" / "LC_MESSAGES" / "loa.po"
    assert waiting > 100
    filled = path.read_text("utf-8").replace('msgid "Stop all"\nmsgstr ""', 'msgid "Stop all"\nmsgstr "Dừng tất cả"')
    path.write_text(filled, "utf-8")
    assert catalogue.update(tmp_path) == waiting - 1
    assert path.read_text("utf-8") == filled


def test_the_command_line_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogue.main(["check"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("remembered", "browser", "language"),
    [
        (None, None, "vi"),
        (None, "", "vi"),
        (None, "fr-FR,fr;q=0.9", "vi"),
        (None, "en-US,en;q=0.9", "en"),
        (None, "en-US,en;q=0.9,vi;q=0.5", "vi"),
        (None, "vi-VN", "vi"),
        (None, "en, vi;q=0", "en"),
        ("en", "vi-VN", "en"),
        ("vi", "en-US", "vi"),
        ("xx", "en-US", "en"),
        ("", ",,;;q", "vi"),
    ],
)
def test_the_language_is_the_remembered_one_else_what_the_browser_reads(
    remembered: str | None, browser: str | None, language: str
) -> None:
    assert pick_language(remembered, browser) is Language(language)


def test_sentences_are_said_in_the_language_with_their_values(say: Mapping[Language, Translator]) -> None:
    assert say[Language.VIETNAMESE].gettext("Stop all") == "Dừng tất cả"
    assert say[Language.ENGLISH].gettext("Stop all") == "Stop all"
    assert say[Language.VIETNAMESE].gettext("Limited to %(percent)s percent.", percent=90).count("90") == 1
    one, many = "%(num)s time", "%(num)s times"
    assert [say[Language.ENGLISH].ngettext(one, many, n) for n in (1, 2)] == ["1 time", "2 times"]
    assert [say[Language.VIETNAMESE].ngettext(one, many, n) for n in (1, 2000)] == ["1 lần", "2.000 lần"]


def test_a_sentence_without_a_translation_is_shown_in_english(say: Mapping[Language, Translator]) -> None:
    assert say[Language.VIETNAMESE].gettext("Never written") == "Never written"


def test_times_are_those_of_the_station_whatever_the_server_lives_by(say: Mapping[Language, Translator]) -> None:
    vietnamese, english = say[Language.VIETNAMESE], say[Language.ENGLISH]
    assert vietnamese.format_datetime(MOMENT) == "05:05 21/11/2026"
    assert english.format_datetime(MOMENT, seconds=True) == "05:05:09 21 Nov 2026"
    assert vietnamese.format_time(MOMENT, milliseconds=True) == "05:05:09.070"
    nearly = MOMENT.replace(second=59, microsecond=999_993)
    assert vietnamese.format_time(nearly, milliseconds=True) == "05:06:00.000"
    assert vietnamese.format_us(int(MOMENT.timestamp() * 1_000_000)) == "05:05:09.070 21/11/2026"
    assert vietnamese.format_day(MOMENT) == "Thứ Bảy, 21/11"
    assert vietnamese.format_day(MOMENT + timedelta(days=1)) == "Chủ nhật, 22/11"
    assert vietnamese.format_day_of(MOMENT, MOMENT) == "Thứ Bảy, 21/11"
    assert vietnamese.format_day_of(MOMENT + timedelta(days=365), MOMENT).endswith(f"/11/{MOMENT.year + 1}")
    assert english.format_day(MOMENT) == "Saturday, 21 Nov"
    assert english.format_date(MOMENT) == "21 Nov 2026"
    assert vietnamese.input_datetime(MOMENT) == "2026-11-21T05:05"
    assert load_translators("Europe/Paris")[Language.ENGLISH].format_time(MOMENT, seconds=False) == "23:05"


def test_a_moment_without_a_zone_is_refused(say: Mapping[Language, Translator]) -> None:
    with pytest.raises(ValueError, match="zone"):
        say[Language.VIETNAMESE].format_datetime(MOMENT.replace(tzinfo=None))


def test_numbers_are_written_as_the_language_writes_them(say: Mapping[Language, Translator]) -> None:
    vietnamese, english = say[Language.VIETNAMESE], say[Language.ENGLISH]
    assert vietnamese.format_number(1_234_567.891, 2) == "1.234.567,89"
    assert english.format_number(1_234_567.891, 1) == "1,234,567.9"
    assert english.format_number(3) == "3"
    assert vietnamese.format_signed(-0.25, 2) == "−0,25"
    assert english.format_signed(0.25, 2) == "+0.25"
    assert english.format_signed(-0.004, 2) == "0.00"
    assert [english.format_bytes(size) for size in (900, 48_120, 2_500_000, 12_300_000_000)] == [
        "1 kB",
        "48 kB",
        "2.5 MB",
        "12.3 GB",
    ]
    assert [english.format_duration(s) for s in (-3, 0, 7.4, 750, 3_723)] == [
        "0:00",
        "0:00",
        "0:07",
        "12:30",
        "1:02:03",
    ]
