"""The device's own journal in words: one line a record, for the evidence tables."""

from dataclasses import dataclass

from agents.protocol.journal import (
    ActionEnded,
    Armed,
    Ended,
    Failed,
    Finished,
    Gap,
    Interrupted,
    JournalEvent,
    JournalRecord,
    Preempted,
    RecordsLost,
    Refused,
    SelfTested,
    SirenSounding,
    Skipped,
    Sounding,
    StartedUp,
    Stopped,
    Stored,
)
from agents.protocol.values import ClockBasis
from controller.web import handwords
from controller.web.boxwords import box_sentence
from controller.web.i18n import N_, Translator
from controller.web.sentences import fail_sentence, refusal_sentence, skip_sentence

CLOCK_BASIS = {
    ClockBasis.NONE: N_("unknown"),
    ClockBasis.LINK: N_("controller"),
    ClockBasis.HOLDOVER: N_("own clock, carried on"),
    ClockBasis.NETWORK: N_("network time"),
}


BUTTON = "button"
"""In place of an order: somebody pressed the stop button on the box."""


@dataclass(frozen=True)
class EvidenceLine:
    """``icon`` names a symbol of the sprite; ``word`` is what happened, ``detail`` the figures or the reason."""

    icon: str
    word: str
    detail: str = ""


def clock_basis(basis: ClockBasis, say: Translator) -> str:
    """Where the device's knowledge of the time comes from, in words."""
    return say.gettext(CLOCK_BASIS[basis])


def describe(record: JournalRecord, say: Translator) -> EvidenceLine:
    """``record`` in the words of the reader's language."""
    return _describe(record.event, say)


def _describe(event: JournalEvent, say: Translator) -> EvidenceLine:
    _ = say.gettext
    match event:
        case Refused() | RecordsLost() | StartedUp() | ActionEnded() | SelfTested():
            line = _of_the_box(event, say)
        case Preempted() | Interrupted() | Stopped() | Ended():
            line = _cut(event, say)
        case Stored(fetched_bytes=size_bytes):
            fetched = _("%(size)s fetched", size=say.format_bytes(size_bytes)) if size_bytes else ""
            line = EvidenceLine("hard-drive-download", _("Stored, hash verified"), fetched)
        case Armed():
            line = EvidenceLine("timer", _("Armed"))
        case SirenSounding(began_at_us=began_at_us):
            line = EvidenceLine("megaphone", _("The siren sounds"), _("since %(at)s", at=say.format_us(began_at_us)))
        case Sounding():
            line = EvidenceLine("audio-lines", _("Started sounding"), _start_detail(event, say))
        case Gap():
            line = _gap(event, say)
        case Finished():
            line = EvidenceLine("circle-check", _("Finished"), _finish_detail(event, say))
        case Skipped(reason=reason):
            line = EvidenceLine("skip-forward", _("Skipped"), skip_sentence(reason, say))
        case Failed(reason=reason):
            line = EvidenceLine("circle-alert", _("Failed"), fail_sentence(reason, say))
    return line


def _cut(event: Preempted | Interrupted | Stopped | Ended, say: Translator) -> EvidenceLine:
    _ = say.gettext
    at = say.format_duration(event.at_us / 1e6)
    match event:
        case Preempted():
            return EvidenceLine("circle-slash", _("Preempted"), _("cut at %(at)s by an airing that goes first", at=at))
        case Interrupted(resumes_at_us=resumes_at_us):
            detail = _("cut at %(at)s; it goes on at %(again)s", at=at, again=say.format_us(resumes_at_us))
            return EvidenceLine("pause", _("Interrupted"), detail)
        case Ended():
            return EvidenceLine("circle-check", _("Ended"), _("ended at %(at)s by an order", at=at))
        case Stopped(order_id=order_id):
            word = _("Stopped by the button on the box") if order_id == BUTTON else _("Stopped")
            return EvidenceLine("square", word, _("cut at %(at)s", at=at))


def _of_the_box(event: Refused | RecordsLost | StartedUp | ActionEnded | SelfTested, say: Translator) -> EvidenceLine:
    _ = say.gettext
    match event:
        case Refused(reason=reason, count=count):
            times = say.ngettext("%(num)s time", "%(num)s times", count)
            return EvidenceLine("shield-x", _("Refused"), f"{refusal_sentence(reason, say)} ({times})")
        case RecordsLost(records=records):
            lost = say.ngettext("%(num)s record", "%(num)s records", records) if records else ""
            return EvidenceLine("triangle-alert", _("Records were lost"), lost)
        case StartedUp(software=software, clean=clean):
            word = _("Started up") if clean else _("Started up after a power cut or a crash")
            return EvidenceLine("rotate-ccw", word, software)
        case ActionEnded(action=action, result=result, detail=detail):
            words = handwords.WORDS[action]
            ended = handwords.detail_sentence(detail, result, say)
            return EvidenceLine(words.icon, f"{_(words.word)}: {handwords.result_word(result, say)}", ended)
        case SelfTested() as found:
            return EvidenceLine(
                "ear", f"{_('Self-test')}: {handwords.heard_word(found.heard, say)}", box_sentence(found.detail, say)
            )


def _gap(gap: Gap, say: Translator) -> EvidenceLine:
    _ = say.gettext
    lost, at = _seconds(gap.lost_us, say), say.format_duration(gap.from_us / 1e6)
    if gap.cause == "guarded":
        detail = _("%(lost)s s not played from %(at)s on", lost=lost, at=at)
        return EvidenceLine("circle-slash", _("Cut by quiet hours"), detail)
    return EvidenceLine("triangle-alert", _("Gap"), _("%(lost)s s lost at %(at)s", lost=lost, at=at))


def _start_detail(event: Sounding, say: Translator) -> str:
    said = say.gettext("%(error)s ms from the planned instant", error=say.format_signed(event.start_error_us / 1e3, 2))
    if event.joined_at_us:
        joined = say.gettext("joined in step at %(at)s", at=say.format_duration(event.joined_at_us / 1e6))
        said = f"{said}; {joined}"
    return said


def _finish_detail(event: Finished, say: Translator) -> str:
    said = say.gettext("%(played)s s played", played=_seconds(event.played_us, say))
    if event.lost_us:
        said = f"{said}; " + say.gettext("%(lost)s s lost", lost=_seconds(event.lost_us, say))
    return said


def _seconds(duration_us: int, say: Translator) -> str:
    return say.format_number(duration_us / 1e6, 1)
