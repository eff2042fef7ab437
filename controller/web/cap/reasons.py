"""What was noticed about an alert, in sentences; the codes are those of `controller.cap.reasons`."""

from collections.abc import Mapping
from typing import Final

from controller.domain.cap_alerts import Reason
from controller.web.cap.sentences import FINDINGS
from controller.web.i18n import N_, Translator
from controller.web.sentences import CODES, sentence

REASONS: Final = FINDINGS


def reason_sentence(reason: Reason, say: Translator) -> str:
    """What it is; the code itself where there is no sentence yet."""
    return reason_of(reason.code, reason.values, say)


def reason_of(code: str, values: Mapping[str, str], say: Translator) -> str:
    """The same of a code with what belongs in its sentence."""
    known = REASONS.get(code)
    if known is None:
        return sentence(code, say) if code in CODES else say.gettext(UNKNOWN, code=code)
    return say.gettext(known) % _Values(values)


class _Values(dict[str, str]):
    """A value that is not there is a dash, and no error."""

    def __missing__(self, name: str) -> str:
        return "–"


UNKNOWN: Final = N_("Something is wrong with it (%(code)s).")
