"""What devices answered to documents, as evidence: stored together, and shown.

Rules: an answer moves the airings forward that its document tells of. Of an airing whose lines are not stored yet, an
emergency that has just gone out, that shows at once; of all others once it is stored.
"""

from collections.abc import Iterable, Sequence

import msgspec

from agents.protocol.documents import Document, Order, Play, ReleaseDevice, Rundown
from agents.protocol.ids import AiringId, DeviceId, DocumentId, SpeakerId
from agents.protocol.messages import DocumentReply
from controller.domain import evidence
from controller.domain.airings import Playback
from controller.domain.deliveries import Delivered
from controller.ports import Links, Transaction
from controller.services.events import AiringChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.releases import forget


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A device's word on a document, and when it came (controller time)."""

    device_id: DeviceId
    document: Document
    reply: DocumentReply
    at_us: int


class Answers:
    """To be given many at a time."""

    def __init__(self, office: Office, links: Links) -> None:
        self._store = office.store
        self._links = links
        self._clock = office.clock
        self._roster = office.roster
        self._board = office.board
        self._events = office.events
        self._crew = office.crew

    async def keep(self, answers: Sequence[Answer]) -> Sequence[None]:
        """Raises `StoreFailed`."""
        rest = self._seen(answers)
        async with self._store.transaction() as tx:
            await tx.documents.put_delivered([_delivered(answer) for answer in answers])
            changed = await self._playbacks(tx, rest)
            await tx.airings.put_playbacks([one for one in changed if not self._board.unwritten(one)])
            released = [answer.device_id for answer in answers if _releases(answer)]
            for device_id in released:
                await forget(tx, device_id, self._clock.now_us())
        for device_id in released:
            self._roster.own.discard(device_id)
            self._crew.spawn(self._links.disconnect(device_id), f"disconnect {device_id}")
            self._events.publish(SpeakersChanged())
        self._advance(changed)
        return [None] * len(answers)

    def _seen(self, answers: Sequence[Answer]) -> list[Answer]:
        """What they say of airings that are on the board alone, whose lines are stored later, shows at once: also while
        the database takes nothing. Returns the others.
        """
        changed: list[Playback] = []
        rest: list[Answer] = []
        named = _named(answers)
        for answer in answers:
            entries = [self._board.get(airing_id) for airing_id in named[answer.document.header.document_id]]
            present = self._roster.get(answer.device_id)
            if present is None or not entries or not all(one is not None and one.unwritten for one in entries):
                rest.append(answer)
                continue
            for entry in entries:
                before = None if entry is None else entry.playbacks.get(present.speaker_id)
                if before is not None and (after := _after(before, answer)) != before:
                    changed.append(after)
        self._advance(changed)
        return rest

    def _advance(self, changed: Sequence[Playback]) -> None:
        self._board.advanced(changed)
        for airing_id in dict.fromkeys(playback.airing_id for playback in changed):
            self._events.publish(AiringChanged(airing_id))

    async def _playbacks(self, tx: Transaction, answers: Sequence[Answer]) -> list[Playback]:
        """The playbacks that these answers move forward."""
        by_pair: dict[tuple[AiringId, SpeakerId], Answer] = {}
        named = _named(answers)
        for answer in answers:
            airing_ids = named[answer.document.header.document_id]
            if not airing_ids:
                continue
            present = self._roster.get(answer.device_id)
            speaker_id = await _stored(tx, answer.device_id) if present is None else present.speaker_id
            if speaker_id is not None:
                for airing_id in airing_ids:
                    by_pair[(airing_id, speaker_id)] = answer
        changed = []
        for playback in await self._known(tx, by_pair):
            after = _after(playback, by_pair[(playback.airing_id, playback.speaker_id)])
            if after != playback:
                changed.append(after)
        return changed

    async def _known(self, tx: Transaction, pairs: Iterable[tuple[AiringId, SpeakerId]]) -> list[Playback]:
        """As they are stored. Of what was sent now the board has them, and nobody else writes meanwhile; what is
        planned the planner writes too.
        """
        known: list[Playback] = []
        unknown: list[tuple[AiringId, SpeakerId]] = []
        for airing_id, speaker_id in pairs:
            entry = self._board.get(airing_id)
            playback = None if entry is None or not entry.airing.now else entry.playbacks.get(speaker_id)
            if playback is None:
                unknown.append((airing_id, speaker_id))
            else:
                known.append(playback)
        return known + list(await tx.airings.playbacks_of(unknown))


async def _stored(tx: Transaction, device_id: DeviceId) -> SpeakerId | None:
    """The speaker of a device that is not connected any more."""
    speaker = await tx.speakers.by_device(device_id)
    return None if speaker is None else speaker.speaker_id


def _named(answers: Sequence[Answer]) -> dict[str, tuple[AiringId, ...]]:
    """The airings of each document."""
    documents = {answer.document.header.document_id: answer.document for answer in answers}
    return {document_id: _airings_in(document) for document_id, document in documents.items()}


def _after(playback: Playback, answer: Answer) -> Playback:
    if answer.reply.accepted:
        return evidence.pushed(playback, answer.at_us)
    return evidence.refused(playback, answer.reply)


def _releases(answer: Answer) -> bool:
    match answer.document:
        case Order(action=ReleaseDevice()):
            return answer.reply.accepted
        case _:
            return False


def _delivered(answer: Answer) -> Delivered:
    return Delivered(
        document_id=DocumentId(answer.document.header.document_id),
        device_id=answer.device_id,
        at_us=answer.at_us,
        accepted=answer.reply.accepted,
        reason=answer.reply.reason,
        detail=answer.reply.detail,
    )


def _airings_in(document: Document) -> tuple[AiringId, ...]:
    match document:
        case Order(action=Play() as play):
            return (AiringId(play.airing.airing_id),)
        case Rundown():
            return tuple(AiringId(airing.airing_id) for airing in document.airings)
        case _:
            return ()
