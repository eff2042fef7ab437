"""From an emergency and what devices said of it to what a page shows."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.values import ClipPart, LivePart, Part, RenditionName
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.alarm_board import Board, BoardLine, Reach
from controller.domain.emergencies import (
    UNSENT_STATES,
    By,
    Emergency,
    EmergencyKind,
    EmergencyState,
    EndKind,
    Origin,
    Policy,
)
from controller.domain.emergency_sound import written
from controller.domain.rights import Right
from controller.domain.speakers import NotReady
from controller.web.asking import Ask
from controller.web.emergency import alarms, console
from controller.web.emergency import views as emergencyviews
from controller.web.emergency.alarmviews import Stage
from controller.web.emergency.views import AreaTally, Lines, May, Said, SpeakerLine, Step, Tally
from controller.web.i18n import N_, Translator
from controller.web.moments import maybe_moment, moment
from controller.web.sentences import playback_sentence, sentence
from controller.web.views import SoundPart, Track

LINES_A_PAGE: Final = 50
MOST_AREAS: Final = 40
DRILL_WORD: Final = N_("drill")
ENDS: Final = {
    EndKind.ALL_CLEAR: N_("ended it, and said so"),
    EndKind.QUIET: N_("ended it quietly"),
    EndKind.CORRECTED: N_("replaced it by a correction"),
    EndKind.STOPPED: N_("stopped it"),
    EndKind.OVER: N_("its time was over"),
}
CONFIRMED_IT: Final = N_("confirmed and sent it")
SENT_ALONE: Final = N_("sent it alone")
SENT_AT_ONCE: Final = N_("sent it at once, for it stood ready")
AWAY: Final = {
    NotReady.RELEASING: N_("It is being released."),
    NotReady.STOPPED: N_("It is stopped."),
    NotReady.OFFLINE: N_("It is not connected now."),
    NotReady.STOPPED_HERE: N_("Somebody pressed the stop button at its box."),
    NotReady.TIME_UNKNOWN: N_("It does not know the time yet, so it stays silent."),
    NotReady.NO_OUTPUT: N_("It has no sound: its sound device cannot be opened."),
    NotReady.NOT_HEARD: N_("The last self-test did not hear its horn."),
}


async def emergency(ask: Ask, one: Emergency) -> emergencyviews.Emergency:
    """Everything about it, for whoever asks. Raises `StoreFailed`."""
    say, draft = ask.say, one.draft
    ready = await ask.parts.emergencies.boards.readiness(draft.area_ids)
    names = alarms.area_names(ask, draft.area_ids)
    return emergencyviews.Emergency(
        id=one.emergency_id,
        drill=one.drill,
        stage=alarms.STAGES[one.state],
        title=one.title,
        hazard_name=say.gettext(console.HAZARD_NAMES[draft.hazard]),
        severity_name=say.gettext(console.SEVERITIES[draft.severity]),
        area_names=names,
        word=say.gettext(DRILL_WORD) if one.drill else names[0],
        said=said(one, say),
        prepared_by=one.prepared.name,
        prepared_at=moment(one.prepared.at_us),
        confirmed_by=_confirmed_by(one, say),
        confirmed_at=maybe_moment(one.confirmed.at_us) if one.confirmed else None,
        alone_reason=one.reason if one.broken_glass else "",
        ended_by=one.ended.name if one.ended else "",
        ended_at=maybe_moment(one.ended.at_us) if one.ended else None,
        sentence=_sentence(one, say),
        siren=draft.siren,
        live=draft.live,
        lasts_sentence=_lasts(one, say),
        corrects_id=one.answers or "",
        corrected_by_id=one.answered_by or "",
        airing_id=one.airing_id if one.confirmed else "",
        from_cap=(draft.cap_id or "") if draft.origin is Origin.CAP else "",
        track=track(one.sequence, say),
        ready=ready.ready,
        speakers=ready.speakers,
        steps=_steps(one, say),
        may=_may(ask, one, ask.parts.emergencies.policies.of(draft.area_ids)),
    )


def said(one: Emergency, say: Translator) -> Sequence[Said]:
    """Its words, as they are or will be said: what is confirmed is what is heard."""
    return [replace(console.said_as(language, text, say), audio_urls=()) for language, text in written(one).items()]


def _confirmed_by(one: Emergency, say: Translator) -> str:
    """Who confirmed it: a person, or the rule that somebody made."""
    if one.confirmed is None:
        return ""
    _ = say.gettext
    return one.confirmed.name if one.confirmed.person_id else _("the rule of %(name)s", name=one.confirmed.name)


def _sentence(one: Emergency, say: Translator) -> str:
    match one.state:
        case EmergencyState.FAILED:
            return sentence(one.failure or "tool_failed", say)
        case EmergencyState.EXPIRED:
            return say.gettext("Nobody confirmed it in time, so it was never heard.")
        case EmergencyState.WITHDRAWN:
            return say.gettext("It was withdrawn, and was never heard.")
        case EmergencyState.SENT if one.kind is EmergencyKind.CORRECTION:
            return say.gettext("This corrects what was sent before.")
        case EmergencyState.SENT if one.kind is EmergencyKind.ALL_CLEAR:
            return say.gettext("This says that the danger is over.")
        case _:
            return ""


def _lasts(one: Emergency, say: Translator) -> str:
    if one.kind is not EmergencyKind.ALARM and one.answers is not None and one.times > 0:
        return say.ngettext("heard once", "heard %(num)s times", one.times)
    if one.draft.lasts_s is None:
        return say.gettext("repeated until somebody ends it")
    minutes = max(1, round(one.draft.lasts_s / 60))
    return say.ngettext("repeated for at most %(num)s minute", "repeated for at most %(num)s minutes", minutes)


def _steps(one: Emergency, say: Translator) -> list[Step]:
    def step(by: By | None, said: str) -> list[Step]:
        return [Step(at=moment(by.at_us), by=by.name, sentence=say.gettext(said))] if by else []

    if one.kind is not EmergencyKind.ALARM and one.answers is not None:
        return [*step(one.confirmed, SENT_AT_ONCE), *step(one.ended, ENDS[one.end or EndKind.OVER])]
    return [
        *step(one.prepared, N_("prepared it")),
        *step(one.confirmed, SENT_ALONE if one.broken_glass else CONFIRMED_IT),
        *step(one.ended, ENDS[one.end or EndKind.OVER]),
    ]


def _may(ask: Ask, one: Emergency, policy: Policy) -> May:
    def holds(right: Right) -> bool:
        return alarms.holds(ask, one, right)

    waits = one.state is EmergencyState.PREPARED
    mine = ask.person is not None and one.prepared.person_id == ask.known_actor.person_id
    needed = mine and policy.second_person
    sent = one.on_air and holds(Right.CONFIRM_EMERGENCY)
    why = N_("You prepared it, so another person confirms it.") if mine else ""
    return May(
        confirm=waits and holds(Right.CONFIRM_EMERGENCY) and not needed,
        confirm_sentence=ask.say.gettext(why) if why else "",
        alone=waits and needed and policy.break_glass and holds(Right.BREAK_GLASS),
        withdraw=one.state in UNSENT_STATES and holds(Right.PREPARE_EMERGENCY),
        repair=one.state is EmergencyState.FAILED and holds(Right.PREPARE_EMERGENCY),
        correct=sent and one.kind is EmergencyKind.ALARM,
        end=sent,
        all_clear=sent and one.kind is not EmergencyKind.ALL_CLEAR,
        stop=one.on_air and holds(Right.STOP),
        speak=one.on_air and one.draft.live and holds(Right.LIVE) and (mine or not one.prepared.person_id),
    )


def track(sequence: Iterable[Part], say: Translator) -> Track:
    """What is heard once, piece by piece, from the very clips that speakers have."""
    parts: list[SoundPart] = []
    clips = 0
    for part in sequence:
        if isinstance(part, ClipPart):
            clips += 1
            clip = part.renditions[RenditionName.OPUS24]
            label = say.gettext("Piece %(number)s", number=clips)
            seconds = clip.frames / FRAMES_PER_SECOND
            parts.append(SoundPart(label=label, duration_s=seconds, audio_url=f"/clips/{clip.sha256}"))
        elif isinstance(part, LivePart):
            parts.append(SoundPart(label=say.gettext("Spoken live"), duration_s=0.0))
        else:
            parts.append(SoundPart(label=say.gettext("Silence"), duration_s=part.frames / FRAMES_PER_SECOND))
    return Track(parts=parts)


# --- the board --------------------------------------------------------------------------------------------------------


def board(found: Board, wanted: Lines, say: Translator) -> emergencyviews.Board:
    """Counts, the areas where most is amiss, and one page of speakers."""
    by_area: dict[str, list[BoardLine]] = {}
    for line in found.lines:
        by_area.setdefault(line.area_id, []).append(line)
    areas = [AreaTally(id=area_id, name=lines[0].area_name, tally=_tally(lines)) for area_id, lines in by_area.items()]
    areas.sort(key=lambda area: (-area.tally.failed - area.tally.not_reached, area.name))
    return emergencyviews.Board(
        tally=_tally(found.lines),
        areas=areas[:MOST_AREAS],
        more_areas=max(0, len(areas) - MOST_AREAS),
        lines=_lines(found, wanted, say),
    )


def _tally(lines: Sequence[BoardLine]) -> Tally:
    counts = dict.fromkeys(Reach, 0)
    for line in lines:
        counts[line.reach] += 1
    return Tally(total=len(lines), **{reach.value: count for reach, count in counts.items()})


def _lines(found: Board, wanted: Lines, say: Translator) -> Lines:
    chosen = [
        line for line in found.lines if wanted.state in {"", line.reach.value} and wanted.area_id in {"", line.area_id}
    ]
    pages = max(1, -(-len(chosen) // LINES_A_PAGE))
    number = min(max(1, wanted.number), pages)
    shown = chosen[(number - 1) * LINES_A_PAGE : number * LINES_A_PAGE]
    return replace(
        wanted,
        lines=[_line(line, say) for line in shown],
        number=number,
        pages=pages,
        found=len(chosen),
    )


def _line(line: BoardLine, say: Translator) -> SpeakerLine:
    return SpeakerLine(
        id=line.speaker_id,
        name=line.speaker_name,
        area_name=line.area_name,
        state=line.reach.value,
        at=maybe_moment(line.sounding_at_us or line.received_at_us),
        reason_sentence=_reason(line, say),
    )


def _reason(line: BoardLine, say: Translator) -> str:
    if line.reason in set(NotReady):
        return say.gettext(AWAY[NotReady(line.reason)])
    if line.reason:
        return playback_sentence(line.reason, say) or sentence(line.reason, say)
    if line.reach is Reach.NOT_REACHED and not line.connected:
        return say.gettext(AWAY[NotReady.OFFLINE])
    return ""


def is_over(one: emergencyviews.Emergency) -> bool:
    """Whether there is nothing to watch any more."""
    return one.stage not in {Stage.SENT, Stage.ENDED}
