"""What was noticed about an alert, in sentences; the codes are those of `controller.cap.reasons`."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from controller.domain.cap_alerts import Reason
from controller.web.cap.sentences import FINDINGS
from controller.web.i18n import N_, Translator
from controller.web.sentences import CODES, sentence

REASONS: Final = FINDINGS
INSTANT: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) \d{2}:\d{2} UTC")
"""How `controller.cap` writes instants in the values of its reasons."""


def reason_sentence(reason: Reason, say: Translator) -> str:
    """What it is; the code itself where there is no sentence yet."""
    return reason_of(reason.code, reason.values, say)


def reason_of(code: str, values: Mapping[str, str], say: Translator) -> str:
    """The same of a code with what belongs in its sentence."""
    values = {name: _told(code, name, value, say) for name, value in values.items()}
    known = REASONS.get(code)
    if known is None:
        return sentence(code, say) if code in CODES else say.gettext(UNKNOWN, code=code)
    return say.gettext(known) % _Values(values)


def _told(code: str, name: str, value: str, say: Translator) -> str:
    """Instants in the station's zone, and what a parser found in the reader's language."""
    if INSTANT.fullmatch(value):
        with suppress(ValueError, OverflowError):  # at the end of the calendar, or on a day that is not in it
            return say.format_datetime(datetime.fromisoformat(value.removesuffix(" UTC")).replace(tzinfo=UTC))
    if code != "xml_malformed" or name != "problem":
        return value
    return say.gettext(next((said for begins, said in BROKEN.items() if value.startswith(begins)), BROKEN_SOMEHOW))


class _Values(dict[str, str]):
    """A value that is not there is a dash, and no error."""

    def __missing__(self, name: str) -> str:
        return "–"


BROKEN: Final = {
    "Opening and ending tag mismatch": N_("an element that was opened is closed by another, or not at all"),
    "Premature end of data": N_("the file ends too early"),
    "Document is empty": N_("there is nothing in it"),
    "Extra content at the end": N_("something stands after its end"),
    "Start tag expected": N_("an element was expected"),
    "xmlParseEntityRef": N_("a character such as & is not written as XML asks for"),
    "EntityRef": N_("a character such as & is not written as XML asks for"),
    "PCDATA invalid Char": N_("there is a character that XML does not allow"),
    "Couldn't find end of Start Tag": N_("an element is not closed"),
    "expected '>'": N_("an element is not closed"),
    "AttValue": N_("the value of an attribute is not written as XML asks for"),
}
"""What the parser's words begin with, and what that means."""
BROKEN_SOMEHOW: Final = N_("it is not written as XML asks for")
UNKNOWN: Final = N_("Something is wrong with it (%(code)s).")
