"""Faults in words: what each kind is called, how heavy it is, what was seen of it, and what to do about it.

Rules: one plain sentence each, for whoever goes to the pole. What to do begins with what costs least. The order of
`WORDS` is the order of weight, the heaviest first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agents.protocol.journal import FailReason, RefusalReason, SkipReason
from controller.domain.faults import FaultDetail, FaultKind
from controller.web.i18n import N_, Translator
from controller.web.sentences import fail_sentence, refusal_sentence, skip_sentence
from controller.web.views import Tone


@dataclass(frozen=True, kw_only=True, slots=True)
class KindWords:
    """``icon`` is one of the sprite; ``seen`` is what was seen where nothing was measured; ``advice`` what to do."""

    icon: str
    tone: Tone
    word: str
    seen: str
    advice: str


WORDS: Final[Mapping[FaultKind, KindWords]] = {
    FaultKind.CONTROLLER_CLOCK: KindWords(
        icon="clock-alert",
        tone=Tone.BAD,
        word=N_("The controller's clock is not right"),
        seen=N_("This server cannot be sure of the time."),
        advice=N_("Look at the network time of the server (timedatectl); until it is right, nothing new is planned."),
    ),
    FaultKind.DEVICE_TIME_DISAGREES: KindWords(
        icon="clock-alert",
        tone=Tone.BAD,
        word=N_("Speakers say that the controller's time is wrong"),
        seen=N_("Speakers with network time of their own agree with each other, and not with this server."),
        advice=N_("Look at the network time of the server (timedatectl), and correct it."),
    ),
    FaultKind.AREA_OFFLINE: KindWords(
        icon="zap-off",
        tone=Tone.BAD,
        word=N_("Power or line cut"),
        seen=N_("Most speakers of this area went silent within two minutes."),
        advice=N_("Ask whether the power is cut there; if not, look at the line or the mobile network of the place."),
    ),
    FaultKind.OFFLINE: KindWords(
        icon="wifi-off",
        tone=Tone.BAD,
        word=N_("Offline"),
        seen=N_("No sign of life came when one was due. It plays on by itself what it already has."),
        advice=N_("Look whether the box has power, then at its network cable, Wi-Fi or SIM."),
    ),
    FaultKind.OUTPUT: KindWords(
        icon="volume-x",
        tone=Tone.BAD,
        word=N_("No sound output"),
        seen=N_("The box cannot open its sound output, so nothing is heard."),
        advice=N_("Restart the speaker; if it comes back, look at the sound card and its plug."),
    ),
    FaultKind.NOT_HEARD: KindWords(
        icon="ear",
        tone=Tone.BAD,
        word=N_("Horn not heard"),
        seen=N_("The last self-test played its tones and did not hear them."),
        advice=N_("Have it test itself again; if it stays so, look at amplifier, horn and wires."),
    ),
    FaultKind.AIRING_MISSED: KindWords(
        icon="circle-alert",
        tone=Tone.BAD,
        word=N_("Airing missed"),
        seen=N_("It is not known that it played what it was to play."),
        advice=N_("Open the airing to see why, and send it again if it still matters."),
    ),
    FaultKind.TIME_UNKNOWN: KindWords(
        icon="clock-alert",
        tone=Tone.BAD,
        word=N_("Time unknown"),
        seen=N_("It does not know the time, so it stays silent on purpose."),
        advice=N_("Give it a connection to this controller or to network time; a battery clock spares it next time."),
    ),
    FaultKind.UNDER_VOLTAGE: KindWords(
        icon="zap-off",
        tone=Tone.WARN,
        word=N_("Under-voltage"),
        seen=N_("The board gets too little voltage; it may stop at any moment."),
        advice=N_("Change the power supply, or use a shorter and thicker cable."),
    ),
    FaultKind.HOT: KindWords(
        icon="thermometer",
        tone=Tone.WARN,
        word=N_("Too hot"),
        seen=N_("The processor is too hot."),
        advice=N_("Shade the box from the sun, and clean or open its vents."),
    ),
    FaultKind.DISK_SHORT: KindWords(
        icon="hard-drive",
        tone=Tone.WARN,
        word=N_("Storage short"),
        seen=N_("Its storage is nearly full or cannot be written: new sounds may not fit."),
        advice=N_("Remove what does not belong to Loa from the card, or put in a new, larger one."),
    ),
    FaultKind.JOURNAL_LOST: KindWords(
        icon="notebook-text",
        tone=Tone.WARN,
        word=N_("Records lost"),
        seen=N_("Some records of what it did will never be seen."),
        advice=N_("Change the memory card if it happens again: it may be wearing out."),
    ),
    FaultKind.CLOCK_ERROR: KindWords(
        icon="timer",
        tone=Tone.WARN,
        word=N_("Clock not exact"),
        seen=N_("It does not know the time exactly enough: it may sound apart from its neighbours."),
        advice=N_("Look at the signal and the load of its network; a cable is better than Wi-Fi."),
    ),
    FaultKind.REFUSALS: KindWords(
        icon="shield-x",
        tone=Tone.WARN,
        word=N_("Documents refused"),
        seen=N_("It was sent documents that it rightly did not obey."),
        advice=N_("If nobody moved this server, somebody may be trying to speak through it: tell your administrator."),
    ),
    FaultKind.DATA_QUOTA: KindWords(
        icon="signal",
        tone=Tone.WARN,
        word=N_("SIM data used up"),
        seen=N_("Its SIM carried more this month than it should."),
        advice=N_("Send it shorter bulletins, or book more data."),
    ),
    FaultKind.NO_BATTERY_CLOCK: KindWords(
        icon="battery-warning",
        tone=Tone.WARN,
        word=N_("No battery clock"),
        seen=N_("No battery keeps its time over a power cut: without a network it then stays silent."),
        advice=N_("Fit a battery clock, or change its cell."),
    ),
}

WEIGHT: Final[Mapping[FaultKind, int]] = {kind: place for place, kind in enumerate(WORDS)}
"""The heaviest kind has the smallest number."""

TOGETHER: Final = N_("Most speakers of its area went at the same time.")
"""Said of a speaker that is part of an area's fault."""

NOT_HEARD_SINCE_START: Final = "not_heard_since_start"

_REASONS: Final[Mapping[str, str]] = {
    NOT_HEARD_SINCE_START: N_("It was not heard since this controller started."),
    "no_word": N_("It never told how it went."),
    "stepped": N_("Somebody set the clock."),
    "not_kept_true": N_("Nothing keeps the clock true."),
}


def seen_sentence(kind: FaultKind, detail: FaultDetail, say: Translator) -> str:
    """What was seen, with the figures where there are some."""
    measured = _measured(kind, detail, say)
    said = say.gettext(WORDS[kind].seen)
    return f"{said} {measured}" if measured else said


def _measured(kind: FaultKind, detail: FaultDetail, say: Translator) -> str:
    match kind:
        case FaultKind.AREA_OFFLINE:
            return (
                say.ngettext("%(num)s speaker went.", "%(num)s speakers went.", detail.members)
                if detail.members
                else ""
            )
        case FaultKind.DEVICE_TIME_DISAGREES if detail.value:
            return say.ngettext("%(num)s speaker says so.", "%(num)s speakers say so.", round(detail.value))
        case FaultKind.NOT_HEARD if detail.value is not None:
            return _levels(detail.value, detail.limit, say)
        case FaultKind.JOURNAL_LOST if detail.value:
            return say.ngettext("%(num)s record is lost.", "%(num)s records are lost.", round(detail.value))
    if detail.reason:
        return _reason(kind, detail.reason, say)
    return "" if detail.value is None else _figures(kind, detail.value, detail.limit, say)


def _levels(level_db: float, reference_db: float | None, say: Translator) -> str:
    level = f"{say.format_signed(level_db, 1)} dB"
    if reference_db is None:
        return say.gettext(N_("Heard at %(level)s; it was never calibrated."), level=level)
    reference = f"{say.format_signed(reference_db, 1)} dB"
    return say.gettext(N_("Heard at %(level)s; its reference is %(reference)s."), level=level, reference=reference)


def _figures(kind: FaultKind, value: float, limit: float | None, say: Translator) -> str:
    written = figure(kind, value, say)
    if limit is None:
        return say.gettext(N_("Measured: %(value)s."), value=written)
    return say.gettext(
        N_("Measured: %(value)s; the limit is %(limit)s."), value=written, limit=figure(kind, limit, say)
    )


def _reason(kind: FaultKind, reason: str, say: Translator) -> str:
    if kind is FaultKind.AIRING_MISSED and reason in set(FailReason):
        return fail_sentence(FailReason(reason), say)
    if kind is FaultKind.AIRING_MISSED and reason in set(SkipReason):
        return skip_sentence(SkipReason(reason), say)
    if kind is FaultKind.REFUSALS and reason in set(RefusalReason):
        return refusal_sentence(RefusalReason(reason), say)
    return say.gettext(_REASONS[reason]) if reason in _REASONS else ""


def figure(kind: FaultKind, value: float, say: Translator) -> str:
    """A measured value in the unit of its kind."""
    match kind:
        case FaultKind.HOT:
            return f"{say.format_number(value)} °C"
        case FaultKind.CLOCK_ERROR:
            return time_span(abs(value) / 1e6, say)
        case FaultKind.DISK_SHORT | FaultKind.DATA_QUOTA:
            return say.format_bytes(round(value))
        case _:
            return say.format_number(value)


def time_span(seconds: float, say: Translator) -> str:
    """How long, in the largest unit that says it."""
    if seconds < 1:
        return f"{say.format_number(seconds * 1_000, 1 if seconds < 0.1 else 0)} ms"
    whole = round(seconds)
    if whole < 60:
        return say.ngettext("%(num)s second", "%(num)s seconds", whole)
    if whole < 3_600:
        return say.ngettext("%(num)s minute", "%(num)s minutes", whole // 60)
    if whole < 172_800:
        return say.ngettext("%(num)s hour", "%(num)s hours", whole // 3_600)
    return say.ngettext("%(num)s day", "%(num)s days", whole // 86_400)
