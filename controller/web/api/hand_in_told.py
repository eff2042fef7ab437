"""What became of a hand-in, as its sender and the people of the station are told."""

from collections.abc import Iterable, Sequence
from typing import Literal

from agents.protocol.ids import AiringId, AreaId, SpeakerId
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.evidence import ENDS
from controller.domain.handing_in import HandIn, HandInId, HandInState
from controller.domain.speakers import Speaker
from controller.services.hand_ins.reports import Outcome
from controller.web.api.values import Told
from controller.web.asking import Ask
from controller.web.errors import code_sentence
from controller.web.sentences import playback_sentence
from schedules.areas import AreaTree

Decider = Literal["station", "sender", "nobody"]


class TargetAreaTold(Told):
    """An area that it is meant for."""

    area_id: AreaId
    code: str
    name: str


class WrittenTold(Told):
    """The text in one language."""

    language: str
    text: str


class CountTold(Told):
    """``finished`` of ``targets`` speakers played it to its end; ``failed`` will not play it, or not to its end."""

    targets: int
    finished: int
    failed: int


class AreaCountTold(CountTold):
    """The same for the speakers that stand in one area."""

    area_id: AreaId
    name: str


class SpeakerOutcomeTold(Told):
    """One speaker. ``reason`` is a code, and ``reason_sentence`` the same in words, where it did not sound."""

    speaker_id: SpeakerId
    name: str
    area_id: AreaId
    state: PlayState
    started_at_us: int | None
    ended_at_us: int | None
    reason: str | None
    reason_sentence: str


class AiringOutcomeTold(CountTold):
    """One airing of it. ``start_at_us`` is null while it waits for its speakers."""

    airing_id: AiringId
    state: AiringState
    now: bool
    start_at_us: int | None
    duration_us: int
    areas: list[AreaCountTold]
    speakers: list[SpeakerOutcomeTold]


class HandInTold(Told):
    """What was handed in, and what became of it.

    It is in its ``state`` since ``since_us``. ``decided`` says who decided: the ``station``, its ``sender``, or
    ``nobody``, as an emergency asks nobody; null while nothing is decided. ``reason`` is why it was declined, in a
    person's words. ``failure`` is a code, and ``failure_sentence`` the same in words, where its sound could not be
    made. ``airings`` are the newest first. ``links`` are addresses below this server: ``self``, and ``withdraw`` where
    that is possible.
    """

    hand_in_id: HandInId
    reference: str
    sender: str
    title: str
    airing_class: AiringClass
    areas: list[TargetAreaTold]
    texts: list[WrittenTold]
    valid_from_us: int | None
    valid_until_us: int | None
    received_at_us: int
    state: HandInState
    since_us: int
    decided: Decider | None
    decided_at_us: int | None
    station: str
    reason: str
    failure: str | None
    failure_sentence: str
    airings: list[AiringOutcomeTold]
    links: dict[str, str]


async def hand_in_told(ask: Ask, outcome: Outcome) -> HandInTold:
    """For whoever asks."""
    hand_in, tree = outcome.hand_in, ask.parts.areas.tree()
    async with ask.parts.store.reading() as tx:
        wanted = {one.speaker_id for _, playbacks in outcome.airings for one in playbacks}
        speakers = await tx.speakers.several(sorted(wanted))
    return HandInTold(
        hand_in_id=hand_in.hand_in_id,
        reference=hand_in.reference,
        sender=hand_in.sender,
        title=outcome.bulletin.title,
        airing_class=hand_in.airing_class,
        areas=[_area(tree, area_id) for area_id in hand_in.area_ids],
        texts=[WrittenTold(language=one.language, text=one.text) for one in hand_in.sent.written],
        valid_from_us=hand_in.valid_from_us,
        valid_until_us=hand_in.valid_until_us,
        received_at_us=hand_in.received_at_us,
        state=hand_in.state,
        since_us=hand_in.changed_at_us,
        decided=_decider(hand_in),
        decided_at_us=hand_in.decided_at_us,
        station=ask.parts.station_name,
        reason=hand_in.reason,
        failure=hand_in.failure,
        failure_sentence=code_sentence(hand_in.failure, ask.say) if hand_in.failure else "",
        airings=[_airing(ask, airing, playbacks, speakers) for airing, playbacks in outcome.airings],
        links=_links(hand_in),
    )


def _links(hand_in: HandIn) -> dict[str, str]:
    own = f"/api/v1/hand-ins/{hand_in.hand_in_id}"
    back = hand_in.open or (hand_in.emergency and hand_in.state is HandInState.TAKEN)
    return {"self": own, "withdraw": f"{own}/withdraw"} if back else {"self": own}


def _decider(hand_in: HandIn) -> Decider | None:
    if hand_in.decided_at_us is None or hand_in.open:
        return None
    if hand_in.state is HandInState.WITHDRAWN:
        return "sender"
    return "station" if hand_in.decided_by else "nobody"


def _area(tree: AreaTree, area_id: AreaId) -> TargetAreaTold:
    if area_id not in tree:
        return TargetAreaTold(area_id=area_id, code="", name=area_id)
    area = tree.get(area_id)
    return TargetAreaTold(area_id=area_id, code=area.code, name=area.name)


def _airing(
    ask: Ask, airing: Airing, playbacks: Sequence[Playback], speakers: dict[SpeakerId, Speaker]
) -> AiringOutcomeTold:
    tree = ask.parts.areas.tree()
    area_ids = dict.fromkeys(speakers[one.speaker_id].area_id for one in playbacks)
    areas = []
    for area_id in area_ids:
        here = [one for one in playbacks if speakers[one.speaker_id].area_id == area_id]
        areas.append(AreaCountTold(area_id=area_id, name=_area(tree, area_id).name, **_counts(here)))
    return AiringOutcomeTold(
        airing_id=airing.airing_id,
        state=airing.state,
        now=airing.now,
        start_at_us=airing.start_at_us,
        duration_us=airing.duration_us,
        areas=areas,
        speakers=[_speaker(ask, one, speakers[one.speaker_id]) for one in playbacks],
        **_counts(playbacks),
    )


def _counts(playbacks: Iterable[Playback]) -> dict[str, int]:
    states = [one.state for one in playbacks]
    finished = states.count(PlayState.FINISHED)
    return {"targets": len(states), "finished": finished, "failed": sum(s in ENDS for s in states) - finished}


def _speaker(ask: Ask, playback: Playback, speaker: Speaker) -> SpeakerOutcomeTold:
    return SpeakerOutcomeTold(
        speaker_id=playback.speaker_id,
        name=speaker.name,
        area_id=speaker.area_id,
        state=playback.state,
        started_at_us=playback.started_at_us,
        ended_at_us=playback.ended_at_us,
        reason=playback.reason,
        reason_sentence=playback_sentence(playback.reason, ask.say),
    )
