"""Why speakers would not sound, or do not: beside every count, in words, with the names of some of them.

Rules: the facts are those by which they are counted as ready. Speakers in areas that whoever asks may not see are
counted, and not named.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.alarm_board import Readiness
from controller.domain.rights import Right
from controller.domain.speakers import NotReady
from controller.web.asking import Ask
from controller.web.emergency.views import Lacking, LackingSpeaker
from controller.web.i18n import N_, Translator
from controller.web.moments import maybe_moment

MOST_NAMED: Final = 8
AWAY: Final = {
    NotReady.RELEASING: N_("It is being released."),
    NotReady.STOPPED: N_("It is stopped."),
    NotReady.OFFLINE: N_("It is not connected now."),
    NotReady.STOPPED_HERE: N_("Somebody pressed the stop button at its box."),
    NotReady.TIME_UNKNOWN: N_("It does not know the time yet, so it stays silent."),
    NotReady.NO_OUTPUT: N_("It has no sound: its sound device cannot be opened."),
    NotReady.NOT_HEARD: N_("The last self-test did not hear its horn."),
}
COUNTED: Final = {
    NotReady.RELEASING: N_("{n} being released"),
    NotReady.STOPPED: N_("{n} stopped"),
    NotReady.OFFLINE: N_("{n} not connected"),
    NotReady.STOPPED_HERE: N_("{n} stopped by the button at the box"),
    NotReady.TIME_UNKNOWN: N_("{n} without the right time"),
    NotReady.NO_OUTPUT: N_("{n} whose sound device does not open"),
    NotReady.NOT_HEARD: N_("{n} whose horn the last self-test did not hear"),
}


@dataclass(frozen=True, slots=True)
class Silent:
    """One of them, before it is put into words."""

    speaker_id: SpeakerId
    name: str
    area_id: AreaId
    area_name: str


def sees(ask: Ask) -> Callable[[str], bool]:
    """Whether whoever asks may know what stands in an area; asked once of each."""
    known: dict[str, bool] = {"": True}

    def seen(area_id: str) -> bool:
        if area_id not in known:
            known[area_id] = ask.may(Right.SEE, AreaId(area_id))
        return known[area_id]

    return seen


def counted(why: Mapping[NotReady, int], say: Translator) -> list[Lacking]:
    """Reasons with their numbers alone, the weightiest first."""
    return [Lacking(sentence=_counted(one, why[one], say)) for one in NotReady if why.get(one)]


def _counted(why: NotReady, number: int, say: Translator) -> str:
    return say.gettext(COUNTED[why]).replace("{n}", say.format_number(number))


async def not_ready(ask: Ask, found: Readiness) -> list[Lacking]:
    """Those that would not sound if it were sent now, by reason. Raises `StoreFailed`."""
    by_reason: dict[NotReady, list[Silent]] = {}
    for one in found.missing:
        if one.not_ready is not None:
            here = Silent(one.speaker.speaker_id, one.speaker.name, AreaId(one.area.area_id), one.area_name)
            by_reason.setdefault(one.not_ready, []).append(here)
    groups = [
        (_counted(why, len(by_reason[why]), ask.say), by_reason[why], why is NotReady.OFFLINE)
        for why in NotReady
        if why in by_reason
    ]
    shown = await named(ask, groups)
    if found.empty:
        said = ask.say.ngettext(
            "%(num)s ready speaker has fetched nothing yet: it has no siren, and needs a moment for the words.",
            "%(num)s ready speakers have fetched nothing yet: they have no siren, and need a moment for the words.",
            found.empty,
        )
        shown.append(Lacking(sentence=said))
    return shown


async def named(ask: Ask, groups: Iterable[tuple[str, Sequence[Silent], bool]]) -> list[Lacking]:
    """Each a sentence, the speakers, and whether it is told since when they are away. Raises `StoreFailed`."""
    seen = sees(ask)
    shown = [
        (sentence, every, [one for one in every if seen(one.area_id)][:MOST_NAMED], away)
        for sentence, every, away in groups
    ]
    gone = [one.speaker_id for _, _, some, away in shown if away for one in some]
    since = await ask.parts.emergencies.boards.last_seen_us(gone) if gone else {}
    return [
        Lacking(
            sentence=sentence,
            speakers=[
                LackingSpeaker(
                    id=one.speaker_id,
                    name=one.name,
                    area_name=one.area_name,
                    since=maybe_moment(since.get(one.speaker_id)) if away else None,
                )
                for one in some
            ],
            more=len(every) - len(some),
        )
        for sentence, every, some, away in shown
    ]
