"""From an emergency and what devices said of it to what a page shows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final

from agents.protocol.ids import AreaId
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
from controller.domain.emergency_sound import heard
from controller.domain.errors import NotFound
from controller.domain.rights import Right
from controller.domain.speakers import NotReady
from controller.web.asking import Ask
from controller.web.emergency import alarms, console, lacking
from controller.web.emergency import views as emergencyviews
from controller.web.emergency.alarmviews import Stage
from controller.web.emergency.views import AreaTally, Lines, May, Said, Silenced, SpeakerLine, Step, Tally
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
NO_WORD: Final = N_("Nothing was heard of it yet.")
SENT_AT_ONCE: Final = N_("sent it at once, for it stood ready")


async def emergency(ask: Ask, one: Emergency) -> emergencyviews.Emergency:
    """Everything about it, for whoever asks. Raises `StoreFailed`."""
    say, draft, whom = ask.say, one.draft, await _whom(ask, one)
    ready = await ask.parts.emergencies.boards.readiness(draft.area_ids)
    return emergencyviews.Emergency(
        id=one.emergency_id,
        drill=one.drill,
        stage=alarms.STAGES[one.state],
        title=one.title,
        hazard_name=say.gettext(console.HAZARD_NAMES[draft.hazard]),
        severity_name=say.gettext(console.SEVERITIES[draft.severity]),
        area_names=(names := alarms.area_names(ask, draft.area_ids)),
        word=say.gettext(DRILL_WORD) if one.drill else names[0],
        said=said(one, say),
        prepared_by=whom[one.prepared.name],
        prepared_at=moment(one.prepared.at_us),
        confirmed_by=_confirmed_by(one, whom, say),
        confirmed_at=_when(one.confirmed),
        alone_reason=one.reason if one.broken_glass else "",
        correction_reason=await _why_corrected(ask, one),
        ended_by=whom[one.ended.name] if one.ended else "",
        ended_at=_when(one.ended),
        sentence=_sentence(one, say),
        siren=draft.siren,
        live=draft.live,
        lasts_sentence=_lasts(one, say),
        corrects_id=one.answers or "",
        corrected_by_id=one.answered_by or "",
        again_of_id=one.again_of or "",
        silenced=_silenced(ask, one),
        airing_id=one.airing_id if one.confirmed else "",
        from_cap=(draft.cap_id or "") if draft.origin is Origin.CAP else "",
        track=track(one.sequence, say),
        ready=ready.ready,
        speakers=ready.speakers,
        lacking=await lacking.not_ready(ask, ready) if one.confirmed is None else (),
        steps=_steps(one, whom, say),
        may=_may(ask, one, ask.parts.emergencies.policies.of(draft.area_ids)),
    )


def _when(by: By | None) -> datetime | None:
    return None if by is None else moment(by.at_us)


async def _whom(ask: Ask, one: Emergency) -> Mapping[str, str]:
    """What those are called who had to do with it. Of a stop, of a rule and of an alert only the name is known with
    which somebody signs in.
    """
    everybody = [by for by in (one.prepared, one.confirmed, one.ended) if by is not None]
    called = await alarms.called(ask, (by.name for by in everybody if not by.called))
    return {by.name: by.called or called[by.name] for by in everybody}


async def _why_corrected(ask: Ask, one: Emergency) -> str:
    """What was wrong, of a correction and of what it corrected. Raises `StoreFailed`."""
    if reason := _reason_of_correction(one):
        return reason
    if one.answered_by is None:
        return ""
    with suppress(NotFound):
        return _reason_of_correction(await ask.parts.emergencies.get(one.answered_by))
    return ""


def _reason_of_correction(one: Emergency) -> str:
    """Of one that was sent alone, the reason kept is why that was."""
    corrects = one.kind is EmergencyKind.CORRECTION or bool(one.draft.references)
    return one.reason if corrects and not one.broken_glass else ""


def said(one: Emergency, say: Translator) -> Sequence[Said]:
    """Its words, as they are or will be said: what is confirmed is what is heard."""
    return [replace(console.said_as(language, text, say), audio_urls=()) for language, text in heard(one).items()]


def _confirmed_by(one: Emergency, whom: Mapping[str, str], say: Translator) -> str:
    """Who confirmed it: a person, or the rule that somebody made."""
    if one.confirmed is None:
        return ""
    _, name = say.gettext, whom[one.confirmed.name]
    return name if one.confirmed.person_id else _("the rule of %(name)s", name=name)


def _silenced(ask: Ask, one: Emergency) -> Silenced | None:
    """What a stop did to it as a whole."""
    if one.end is not EndKind.STOPPED:
        return None
    said = N_("A stop has silenced it. It does not begin again by itself, also when the stop is released.")
    return _next_step(ask, one, ask.say.gettext(said), one.draft.area_ids)


def _next_step(ask: Ask, one: Emergency, said: str, area_ids: Sequence[AreaId]) -> Silenced:
    again = ask.parts.emergencies.book.again_of(one.emergency_id)
    return Silenced(
        sentence=said,
        held=ask.parts.stops.silences(area_ids),
        may_again=one.kind is EmergencyKind.ALARM and again is None and alarms.holds(ask, one, Right.PREPARE_EMERGENCY),
        again_id="" if again is None else again.emergency_id,
    )


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


def _steps(one: Emergency, whom: Mapping[str, str], say: Translator) -> list[Step]:
    def step(by: By | None, said: str, name: str = "") -> list[Step]:
        return [Step(at=moment(by.at_us), by=name or whom[by.name], sentence=say.gettext(said))] if by else []

    if one.kind is not EmergencyKind.ALARM and one.answers is not None:
        return [*step(one.confirmed, SENT_AT_ONCE), *step(one.ended, ENDS[one.end or EndKind.OVER])]
    return [
        *step(one.prepared, N_("prepared it")),
        *step(one.confirmed, SENT_ALONE if one.broken_glass else CONFIRMED_IT, _confirmed_by(one, whom, say)),
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


async def board_of(ask: Ask, one: Emergency, wanted: Lines) -> emergencyviews.Board:
    """The board as whoever asks may see it. Raises `StoreFailed`."""
    found = await ask.parts.emergencies.board(one.emergency_id)
    shown = board(found, wanted, ask.say, lacking.sees(ask))
    why: dict[str, list[lacking.Silent]] = {}
    for line in found.lines:
        if one.on_air and line.reach in {Reach.NOT_REACHED, Reach.FAILED}:
            silent = lacking.Silent(line.speaker_id, line.speaker_name, line.area_id, line.area_name)
            why.setdefault(_reason(line, ask.say) or ask.say.gettext(NO_WORD), []).append(silent)
    away = ask.say.gettext(lacking.AWAY[NotReady.OFFLINE])
    groups = [(f"{ask.say.format_number(len(some))}: {said}", some, said == away) for said, some in why.items()]
    return replace(shown, lacking=await lacking.named(ask, groups), silenced=_partly_silenced(ask, one, found))


def _partly_silenced(ask: Ask, one: Emergency, found: Board) -> Silenced | None:
    """What a stop did to some of its speakers while it goes on."""
    stopped = dict.fromkeys(line.area_id for line in found.lines if line.reach is Reach.STOPPED and line.area_id)
    if not one.on_air or not stopped:
        return None
    said = ask.say.ngettext(
        "A stop has silenced it on %(num)s speaker. There it does not begin again by itself, also when the stop is "
        "released.",
        "A stop has silenced it on %(num)s speakers. There it does not begin again by itself, also when the stop is "
        "released.",
        found.counts[Reach.STOPPED],
    )
    return _next_step(ask, one, said, tuple(stopped))


def board(
    found: Board, wanted: Lines, say: Translator, seen: Callable[[str], bool] = lambda _: True
) -> emergencyviews.Board:
    """Counts, the areas where most is amiss, and one page of speakers. What is in areas that are not ``seen`` is
    counted alone.
    """
    by_area: dict[str, list[BoardLine]] = {}
    elsewhere: list[BoardLine] = []
    for line in found.lines:
        if seen(line.area_id):
            by_area.setdefault(line.area_id, []).append(line)
        else:
            elsewhere.append(line)
    areas = [AreaTally(id=area_id, name=lines[0].area_name, tally=_tally(lines)) for area_id, lines in by_area.items()]
    areas.sort(key=lambda area: (-area.tally.failed - area.tally.not_reached, area.name))
    return emergencyviews.Board(
        tally=_tally(found.lines),
        areas=areas[:MOST_AREAS],
        more_areas=max(0, len(areas) - MOST_AREAS),
        elsewhere=_tally(elsewhere) if elsewhere else None,
        lines=_lines(found, wanted, say, seen),
    )


def _tally(lines: Sequence[BoardLine]) -> Tally:
    counts = dict.fromkeys(Reach, 0)
    for line in lines:
        counts[line.reach] += 1
    return Tally(total=len(lines), **{reach.value: count for reach, count in counts.items()})


def _lines(found: Board, wanted: Lines, say: Translator, seen: Callable[[str], bool]) -> Lines:
    of_state = [line for line in found.lines if wanted.state in {"", line.reach.value}]
    mine = [line for line in of_state if seen(line.area_id)]
    chosen = [line for line in mine if wanted.area_id in {"", line.area_id}]
    pages = max(1, -(-len(chosen) // LINES_A_PAGE))
    number = min(max(1, wanted.number), pages)
    shown = chosen[(number - 1) * LINES_A_PAGE : number * LINES_A_PAGE]
    return replace(
        wanted,
        lines=[_line(line, say) for line in shown],
        number=number,
        pages=pages,
        found=len(chosen),
        elsewhere=0 if wanted.area_id else len(of_state) - len(mine),
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
        return say.gettext(lacking.AWAY[NotReady(line.reason)])
    if line.reason:
        return playback_sentence(line.reason, say) or sentence(line.reason, say)
    if line.reach is Reach.NOT_REACHED and not line.connected:
        return say.gettext(lacking.AWAY[NotReady.OFFLINE])
    return ""


def is_over(one: emergencyviews.Emergency) -> bool:
    """Whether there is nothing to watch any more."""
    return one.stage not in {Stage.SENT, Stage.ENDED}
