"""The languages of the interface: catalogues, and dates and numbers as a reader of each language writes them.

Message ids are the English sentences themselves, so English needs no catalogue. Catalogues are read from their ``.po``
files when the program starts; nothing compiled is kept. Sentences in code are marked with `N_` where they are written
and translated where they are shown, in the language of the person who reads them.
"""

import gettext
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALE_FOLDER = Path(__file__).parent / "locale"
DOMAIN = "loa"
DEFAULT_ZONE = "Asia/Ho_Chi_Minh"


class Language(StrEnum):
    """The languages the pages are written in, the one shown by default first."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


DEFAULT_LANGUAGE = Language.VIETNAMESE

_DATE = {Language.VIETNAMESE: "dd/MM/yyyy", Language.ENGLISH: "d MMM yyyy"}
_DAY = {Language.VIETNAMESE: "EEEE, dd/MM", Language.ENGLISH: "EEEE, d MMM"}
_DAY_OF_YEAR = {Language.VIETNAMESE: "EEEE, dd/MM/yyyy", Language.ENGLISH: "EEEE, d MMM yyyy"}


def N_(sentence: str) -> str:
    """Marks ``sentence`` for the catalogue, and gives it back unchanged."""
    return sentence


@dataclass(frozen=True)
class Translator:
    """One language with one time zone: everything needed to say something to one reader."""

    language: Language
    zone: tzinfo
    catalogue: gettext.NullTranslations

    def gettext(self, sentence: str, **values: object) -> str:
        """``sentence`` in this language, its ``%(name)s`` filled from ``values`` when there are any."""
        said = self.catalogue.gettext(sentence)
        return said % values if values else said

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The form for ``count``, which also fills ``%(num)s``."""
        return self.catalogue.ngettext(one, many, count) % {"num": self.format_number(count), **values}

    def format_datetime(self, moment: datetime, *, seconds: bool = False) -> str:
        """Time of day and date, in the station's zone. ``moment`` must carry its zone."""
        return self._format(moment, f"{_clock(seconds)} {_DATE[self.language]}")

    def format_time(self, moment: datetime, *, seconds: bool = True, milliseconds: bool = False) -> str:
        """Time of day in the station's zone."""
        pattern = _clock(seconds or milliseconds) + (".SSS" if milliseconds else "")
        if milliseconds:  # else the last half millisecond of a second would be called its thousandth
            moment += timedelta(microseconds=500)
            moment = moment.replace(microsecond=moment.microsecond // 1_000 * 1_000)
        return self._format(moment, pattern)

    def format_us(self, moment_us: int) -> str:
        """Time of day to the millisecond, and the date, of an instant in microseconds since the Unix epoch."""
        moment = datetime.fromtimestamp(moment_us / 1e6, UTC)
        return f"{self.format_time(moment, milliseconds=True)} {self.format_date(moment)}"

    def format_date(self, moment: datetime) -> str:
        """Day, month and year in the station's zone."""
        return self._format(moment, _DATE[self.language])

    def format_day(self, moment: datetime) -> str:
        """The day of the week with day and month, in the station's zone."""
        return self._day(moment, _DAY[self.language])

    def format_day_of(self, moment: datetime, now: datetime) -> str:
        """As `format_day`, with the year where it is not that of ``now``."""
        same = moment.astimezone(self.zone).year == now.astimezone(self.zone).year
        return self._day(moment, (_DAY if same else _DAY_OF_YEAR)[self.language])

    def _day(self, moment: datetime, pattern: str) -> str:
        said = self._format(moment, pattern).replace("Chủ Nhật", "Chủ nhật")
        return said[:1].upper() + said[1:]

    def format_number(self, number: float, decimals: int = 0) -> str:
        """``number`` with exactly ``decimals`` places, and the separators of the language."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return str(format_decimal(number, format=pattern, locale=self.language.value))

    def format_signed(self, number: float, decimals: int = 0) -> str:
        """As `format_number`, with its sign always written; what rounds to nothing has none."""
        rounded = round(number, decimals)
        sign = "−" if rounded < 0 else "+" if rounded else ""
        return sign + self.format_number(abs(rounded), decimals)

    def format_bytes(self, size_bytes: int) -> str:
        """A size in kB, MB or GB (powers of 1000)."""
        for unit, size in (("GB", 1_000_000_000), ("MB", 1_000_000)):
            if size_bytes >= size:
                return f"{self.format_number(size_bytes / size, 1)} {unit}"
        return f"{self.format_number(size_bytes / 1_000)} kB"

    @staticmethod
    def format_duration(seconds: float) -> str:
        """How long something sounds: ``0:07``, ``12:30`` or ``1:02:03``."""
        whole = max(0, round(seconds))
        hours, rest = divmod(whole, 3_600)
        minutes, second = divmod(rest, 60)
        return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"

    def input_datetime(self, moment: datetime) -> str:
        """``moment`` as the value of a date-time field: wall time of the station's zone, to the minute."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def _format(self, moment: datetime, pattern: str) -> str:
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone cannot be shown")
        locale = Locale.parse(self.language.value)
        return format_datetime(moment.astimezone(UTC), pattern, tzinfo=self.zone, locale=locale)


def _clock(seconds: bool) -> str:
    return "HH:mm:ss" if seconds else "HH:mm"


def load_translators(zone: str = DEFAULT_ZONE, folder: Path = LOCALE_FOLDER) -> Mapping[Language, Translator]:
    """One translator a language. Raises `FileNotFoundError` when a catalogue is missing from ``folder``."""
    info = ZoneInfo(zone)
    return {language: Translator(language, info, _read(language, folder)) for language in Language}


def catalogue_path(language: Language, folder: Path = LOCALE_FOLDER) -> Path:
    """Where the catalogue of ``language`` lies under ``folder``."""
    return folder / language.value / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(language: Language, folder: Path) -> gettext.NullTranslations:
    if language is Language.ENGLISH:
        return gettext.NullTranslations()
    with catalogue_path(language, folder).open("rb") as lines:
        catalogue = read_po(lines, locale=language.value)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def pick_language(remembered: str | None, accept_language: str | None) -> Language:
    """The language to answer in.

    What the person chose before wins. Else Vietnamese, unless the browser asks for another of our languages and does
    not name Vietnamese at all: many office PCs in Vietnam run an English browser.
    """
    if remembered in set(Language):
        return Language(remembered)
    wanted = {_primary(part) for part in (accept_language or "").split(",") if not _is_refused(part)}
    if DEFAULT_LANGUAGE.value in wanted:
        return DEFAULT_LANGUAGE
    return next((language for language in Language if language.value in wanted), DEFAULT_LANGUAGE)


def _primary(part: str) -> str:
    return re.split("[;-]", part, maxsplit=1)[0].strip().lower()


def _is_refused(part: str) -> bool:
    quality = part.partition(";")[2].replace(" ", "")
    return quality in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
