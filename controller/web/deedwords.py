"""What the log of deeds keeps, in the words of whoever reads it.

Rules: a deed keeps short words of its own, the same in every language; a page shows sentences. A detail that is not of
the known shape is shown as it was kept. An id that nobody named says nothing to a reader, and is left out.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from agents.protocol.journal import ActionName
from controller.domain.cap_alerts import AlertState, MessageType
from controller.domain.deeds import Deed, DeedKind
from controller.domain.faults import FaultKind
from controller.domain.rights import Right, Role
from controller.web import faultwords, handwords
from controller.web.cap import words as capwords
from controller.web.composeviews import CLASS_NAMES
from controller.web.i18n import N_, Translator
from controller.web.languages import language_name
from controller.web.rolewords import RIGHT_NAMES, ROLE_NAMES

Named = Callable[[str], str]
"""What something with this id is called, empty where that is not known."""

_ID: Final = re.compile(r"[a-z]{1,8}-[0-9a-f]{16}")
_SENT: Final = re.compile(r"(?P<count>\d+) speakers(?P<own>, self-approved)?")
_REVISION: Final = re.compile(r"revision (?P<number>\d+): (?P<title>.*)", re.DOTALL)
_NATURE: Final = re.compile(r"(?P<nature>drill|real): (?P<said>.*)", re.DOTALL)
_GRANT: Final = re.compile(r"(?P<sign>[+-])(?P<role>\w+)@(?P<area>\S+)")
_RIGHTS: Final = re.compile(r"(?P<name>.*): (?P<rights>[\w ]+)@(?P<area>\S+)", re.DOTALL)
_ALERT: Final = re.compile(r"(?P<type>[A-Z]\w+) (?P<key>.*) (?P<state>\w+)", re.DOTALL)
_POLICY: Final = re.compile(r"break glass: (?P<alone>\w+), second person: (?P<second>\w+)")

GUARDS: Final = (
    (re.compile(r"\bquiet (\S+)"), N_("quiet hours %(value)s")),
    (re.compile(r"\bslots (\d+)"), N_("airings a day %(value)s")),
    (re.compile(r"\bslot (\d+) min"), N_("minutes at a time %(value)s")),
    (re.compile(r"\bday (\d+) min"), N_("minutes a day %(value)s")),
    (re.compile(r"\bvolume (\d+ %)"), N_("volume %(value)s")),
)
ALONE: Final = {
    "True": N_("one person may send alone"),
    "False": N_("nobody may send alone"),
}
SECOND: Final = {
    "True": N_("a second person must confirm"),
    "False": N_("no second person is needed"),
}
ONCE_MORE: Final = N_("once more")
AS_ABOVE: Final = N_("as the area above says")
PLAIN: Final = {
    "again": ONCE_MORE,
    "forced": N_("without waiting for it"),
    "active": N_("account opened"),
    "inactive": N_("account closed"),
    "full_name": N_("other full name"),
    "allowed": N_("allowed"),
    "not allowed": N_("not allowed"),
    "unset": AS_ABOVE,
    "none": N_("none"),
}
"""Details that are one word; those of a changed person stand beside roles too."""


def detail(deed: Deed, named: Named, say: Translator) -> str:
    """What the deed keeps besides, as a sentence or a few words."""
    match deed.what:
        case DeedKind.ADD_PERSON | DeedKind.CHANGE_PERSON:
            told = ", ".join(_grant(word, named, say) for word in deed.detail.split())
        case DeedKind.TAKE_ALERT | DeedKind.CONFIRM_ALERT | DeedKind.DECLINE_ALERT:
            told = _alert(deed, say)
        case DeedKind.CREATE_API_TOKEN:
            told = _rights(deed.detail, named, say)
        case DeedKind.STOP_AREAS:
            told = ", ".join(named(one) for one in deed.detail.split() if named(one))
        case DeedKind.SET_EMERGENCY_POLICY:
            told = _policy(deed.detail, say)
        case DeedKind.ACT if deed.detail in set(ActionName):
            told = say.gettext(handwords.WORDS[ActionName(deed.detail)].word)
        case DeedKind.SEE_FAULT if deed.detail in set(FaultKind):
            told = say.gettext(faultwords.WORDS[FaultKind(deed.detail)].word)
        case DeedKind.MOVE_AREA:
            told = " ".join(named(word) or word for word in deed.detail.split())
        case DeedKind.SET_GUARDS:
            told = _guards(deed.detail, say)
        case DeedKind.SET_ALERTS:
            told = _alerts_set(deed.detail, named, say)
        case DeedKind.HAND_IN | DeedKind.TAKE | DeedKind.DECLINE:
            told = _handed_in(deed.detail, say)
        case _:
            told = _usual(deed.detail, named, say)
    return told


def ids(deed: Deed) -> list[str]:
    """What the deed names by its id, to be looked up."""
    return [deed.subject, *(word for word in deed.detail.split() if _ID.fullmatch(word))]


def subject(deed: Deed, named: Named) -> str:
    """What it was done to; empty where only an id is known."""
    return named(deed.subject) or ("" if _ID.fullmatch(deed.subject) else deed.subject)


def alphabetical(word: str) -> str:
    """A key to sort by, as Vietnamese does: accents count for nothing, and đ comes after d."""
    parts = unicodedata.normalize("NFD", word.casefold().replace("đ", "d\uffff"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def _usual(kept: str, named: Named, say: Translator) -> str:
    if found := _SENT.fullmatch(kept):
        told = say.ngettext("%(num)s speaker", "%(num)s speakers", int(found["count"]))
        return say.gettext("%(speakers)s, approved by themselves", speakers=told) if found["own"] else told
    if found := _REVISION.fullmatch(kept):
        return say.gettext("version %(number)s: %(title)s", number=found["number"], title=found["title"])
    if found := _NATURE.fullmatch(kept):
        return _nature(found["nature"], found["said"], say)
    if kept in PLAIN:
        return say.gettext(PLAIN[kept])
    return " ".join(filter(None, (named(word) if _ID.fullmatch(word) else word for word in kept.split(" "))))


def _nature(nature: str, said: str, say: Translator) -> str:
    title, _, more = said.rpartition(": ")
    if title and more == "again":
        said = f"{title}: {say.gettext(ONCE_MORE)}"
    if nature == "drill":
        return say.gettext("Drill: %(what)s", what=said)
    return say.gettext("In earnest: %(what)s", what=said)


def _grant(word: str, named: Named, say: Translator) -> str:
    found = _GRANT.fullmatch(word)
    if found is None or found["role"] not in set(Role):
        return say.gettext(PLAIN[word]) if word in PLAIN else word
    role, area = say.gettext(ROLE_NAMES[Role(found["role"])]), named(found["area"]) or found["area"]
    if found["sign"] == "+":
        return say.gettext("given: %(role)s (%(area)s)", role=role, area=area)
    return say.gettext("taken away: %(role)s (%(area)s)", role=role, area=area)


def _rights(kept: str, named: Named, say: Translator) -> str:
    found = _RIGHTS.fullmatch(kept)
    if found is None:
        return kept
    rights = [say.gettext(RIGHT_NAMES[Right(one)]) for one in found["rights"].split() if one in set(Right)]
    area = named(found["area"]) or found["area"]
    return f"{found['name']}: {', '.join(rights)} ({area})"


def _alert(deed: Deed, say: Translator) -> str:
    """What it was decided about. Its state is what it came to by coming in: a decision is the deed itself."""
    found = _ALERT.fullmatch(deed.detail)
    if found is None or found["type"] not in set(MessageType) or found["state"] not in set(AlertState):
        return deed.detail
    told = f"{say.gettext(capwords.MESSAGES[MessageType(found['type'])])} {found['key']}"
    if deed.what is not DeedKind.TAKE_ALERT:
        return told
    late = found["state"] == AlertState.EXPIRED
    return f"{told}: {say.gettext(capwords.LATE_WORD if late else capwords.STATES[AlertState(found['state'])][2])}"


def _policy(kept: str, say: Translator) -> str:
    found = _POLICY.fullmatch(kept)
    if found is None:
        return kept
    said = (words[value] for words, value in ((SECOND, found["second"]), (ALONE, found["alone"])) if value in words)
    return ", ".join(map(say.gettext, said)) or say.gettext(AS_ABOVE)


def _guards(kept: str, say: Translator) -> str:
    said = [say.gettext(word, value=value) for shape, word in GUARDS for value in shape.findall(kept)]
    return "; ".join(said) or _usual(kept, lambda _: "", say)


def _alerts_set(kept: str, named: Named, say: Translator) -> str:
    """Rules, feeds and languages."""
    what, _, rest = kept.partition(" ")
    if what == "languages":
        return say.gettext("languages: %(names)s", names=", ".join(language_name(one, say) for one in rest.split()))
    if kept == "rule removed":
        return say.gettext("a rule was removed")
    if what == "feed" and rest.endswith(" removed"):
        return say.gettext("the source %(name)s was removed", name=rest.removesuffix(" removed"))
    if what == "feed":
        return say.gettext("source %(name)s", name=rest.partition(" every ")[0])
    if what == "rule" and (found := re.fullmatch(r"(?P<sender>.*) \w+ \w+ \w+ @(?P<area>\S*) \w+", rest)):
        area = named(found["area"]) or "–"
        return say.gettext("rule for %(sender)s (%(area)s)", sender=found["sender"] or "–", area=area)
    return kept


def _handed_in(kept: str, say: Translator) -> str:
    name, _, reference = kept.partition(" ")
    known: Mapping[str, str] = {one.value: word for one, word in CLASS_NAMES.items()}
    return f"{say.gettext(known[name])} {reference}".strip() if name in known else kept
