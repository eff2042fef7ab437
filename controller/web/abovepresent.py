"""From what was handed in to what a page shows of it."""

from collections import Counter
from collections.abc import Sequence

from agents.protocol.ids import AreaId
from agents.protocol.version import FRAMES_PER_SECOND
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.bulletins import Bulletin, Variant
from controller.domain.evidence import ENDS
from controller.domain.handing_in import HandIn, HandInState
from controller.domain.rights import Right
from controller.services.hand_ins.reports import Outcome
from controller.web import above
from controller.web.aboveviews import Above, AboveAiring, AboveEmergency, AboveSound, HandInView
from controller.web.asking import Ask
from controller.web.i18n import N_, Translator
from controller.web.languages import language_name
from controller.web.moments import maybe_moment, moment
from controller.web.sentences import sentence
from controller.web.sounding import clip_url

_MINUTE_US = 60_000_000

WAITS_FOR_STOP = N_("Everything is stopped, so it waits. It sounds as soon as you allow playing again.")
WAITS_FOR_TIME = N_("It sounds by itself when its time begins.")
WAITS_FOR_SPEAKER = N_("No speaker of these areas can be reached. It sounds as soon as one can.")
IS_PREPARED = N_("Its sound is being prepared.")
SOUNDS = N_("It sounds now.")
IS_SENT = N_("It is on its way to the speakers.")


async def view(ask: Ask, outcome: Outcome) -> HandInView:
    """One of them, for whoever asks."""
    hand_in, now_us = outcome.hand_in, ask.parts.clock.now_us()
    decides = hand_in.open and not hand_in.emergency and above.decides(ask, hand_in)
    return HandInView(
        id=hand_in.hand_in_id,
        title=outcome.bulletin.title,
        sender=hand_in.sender,
        reference=hand_in.reference,
        airing_class=hand_in.airing_class,
        area_names=area_names(ask, hand_in.area_ids),
        state=hand_in.state,
        received_at=moment(hand_in.received_at_us),
        valid_from=maybe_moment(hand_in.valid_from_us),
        valid_until=maybe_moment(hand_in.valid_until_us),
        left_sentence=_left(hand_in, now_us, ask.say) if hand_in.open else "",
        soon=hand_in.ends_soon(now_us),
        note_sentence=await _note(ask, hand_in, now_us),
        sounds=sounds(hand_in, outcome.bulletin, ask.say),
        airings=[_airing(airing, playbacks) for airing, playbacks in outcome.airings],
        reason=hand_in.reason,
        decided_at=None if hand_in.open else maybe_moment(hand_in.decided_at_us),
        decided_by="" if hand_in.open else hand_in.decided_by,
        may_take=decides,
        may_decline=decides and await above.may_decline(ask, hand_in),
    )


def area_names(ask: Ask, area_ids: Sequence[AreaId]) -> list[str]:
    """As people call them."""
    tree = ask.parts.areas.tree()
    return [tree.get(area_id).name if area_id in tree else area_id for area_id in area_ids]


def _left(hand_in: HandIn, now_us: int, say: Translator) -> str:
    if hand_in.valid_until_us is None:
        return ""
    minutes = max(0, (hand_in.valid_until_us - now_us) // _MINUTE_US)
    days, hours = minutes // 1_440, minutes // 60
    if days >= 2:
        return say.ngettext("%(num)s day left", "%(num)s days left", days)
    if hours >= 2:
        return say.ngettext("%(num)s hour left", "%(num)s hours left", hours)
    return say.ngettext("%(num)s minute left", "%(num)s minutes left", minutes)


async def _note(ask: Ask, hand_in: HandIn, now_us: int) -> str:
    if hand_in.state is HandInState.FAILED:
        return sentence(hand_in.failure or "tool_failed", ask.say)
    if hand_in.state is HandInState.PREPARING:
        return ask.say.gettext(IS_PREPARED)
    if hand_in.state is not HandInState.WAITING or not hand_in.emergency:
        return ""
    if not hand_in.begun(now_us):
        return ask.say.gettext(WAITS_FOR_TIME)
    stopped = await ask.parts.dispatch.active_stop() is not None
    return ask.say.gettext(WAITS_FOR_STOP if stopped else WAITS_FOR_SPEAKER)


def sounds(hand_in: HandIn, bulletin: Bulletin, say: Translator) -> list[AboveSound]:
    """Each language of it, to be read and heard."""
    texts = {one.language: one.text for one in hand_in.sent.written}
    return [_sound(variant, texts.get(variant.language, ""), say) for variant in bulletin.variants]


def _sound(variant: Variant, text: str, say: Translator) -> AboveSound:
    clips = variant.sound.clips
    named = language_name(variant.language, say)
    if clips is None:
        return AboveSound(language=variant.language, language_name=named, text=text)
    return AboveSound(
        language=variant.language,
        language_name=named,
        text=text,
        audio_url=clip_url(clips),
        peaks=clips.peaks,
        duration_s=clips.frames / FRAMES_PER_SECOND,
    )


def _airing(airing: Airing, playbacks: Sequence[Playback]) -> AboveAiring:
    finished = sum(one.state is PlayState.FINISHED for one in playbacks)
    return AboveAiring(
        id=airing.airing_id,
        state=airing.state,
        starts_at=maybe_moment(airing.start_at_us),
        finished=finished,
        failed=sum(one.state in ENDS for one in playbacks) - finished,
        targets=len(playbacks),
    )


# --- on every page ----------------------------------------------------------------------------------------------------


async def above_of(ask: Ask) -> Above:
    """How many wait for whoever asks, and the emergencies that they may see."""
    if not (ask.may(Right.DECIDE) or ask.may(Right.SEE)):
        return Above()
    # Many wait for the same few areas.
    waiting = Counter(await ask.parts.hand_ins.reports.waiting_areas())
    underway = {airing.content_id: airing for airing in ask.parts.dispatch.open_airings()}
    found = await ask.parts.hand_ins.reports.emergencies(underway)
    return Above(
        waiting=sum(count for area_ids, count in waiting.items() if above.decides_in(ask, area_ids)),
        emergencies=[
            await _emergency(ask, hand_in, title, underway.get(hand_in.bulletin_id))
            for hand_in, title in found
            if above.sees(ask, hand_in)
        ],
    )


async def _emergency(ask: Ask, hand_in: HandIn, title: str, underway: Airing | None) -> AboveEmergency:
    said = await _note(ask, hand_in, ask.parts.clock.now_us())
    if not said:
        sounding = underway is not None and underway.state is AiringState.ON_AIR
        said = ask.say.gettext(SOUNDS if sounding else IS_SENT)
    return AboveEmergency(
        id=hand_in.hand_in_id,
        title=title,
        sender=hand_in.sender,
        area_names=area_names(ask, hand_in.area_ids),
        sentence=said,
        airing_id="" if underway is None else underway.airing_id,
    )
