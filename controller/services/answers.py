"""What devices answered to documents, as evidence: stored together, and shown.

Rules: an answer moves the airings forward that its document tells of, and that shows once it is stored. Where storing
it takes longer than a moment, or fails, it shows all the same of an airing whose lines are not stored yet either: an
emergency that has just gone out.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from agents.protocol.documents import Document, Order, Play, ReleaseDevice, Rundown
from agents.protocol.ids import AiringId, DeviceId, DocumentId, SpeakerId
from agents.protocol.messages import DocumentReply
from controller.domain import evidence
from controller.domain.airings import Playback
from controller.domain.deliveries import Delivered
from controller.domain.errors import StoreFailed
from controller.ports import Links, Transaction
from controller.services.events import AiringChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.releases import forget

_SHOWN_AFTER_S: Final = 0.5


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
        # Nobody waits for a database that is locked or full to be told whom an emergency has reached.
        shown = asyncio.get_running_loop().call_later(_SHOWN_AFTER_S, self._show, answers)
        try:
            released, changed = await self._store_all(answers)
        except StoreFailed:
            self._show(answers)
            raise
        finally:
            shown.cancel()
        for device_id in released:
            self._roster.own.discard(device_id)
            self._crew.spawn(self._links.disconnect(device_id), f"disconnect {device_id}")
            self._events.publish(SpeakersChanged())
        self._advance(changed)
        return [None] * len(answers)

    async def _store_all(self, answers: Sequence[Answer]) -> tuple[list[DeviceId], list[Playback]]:
        """Who was released by them, and which playbacks they move forward."""
        async with self._store.transaction() as tx:
            await tx.documents.put_delivered([_delivered(answer) for answer in answers])
            changed = await self._playbacks(tx, answers)
            await tx.airings.put_playbacks([one for one in changed if not self._board.unwritten(one)])
            released = [answer.device_id for answer in answers if _releases(answer)]
            for device_id in released:
                await forget(tx, device_id, self._clock.now_us())
        return released, changed

    def _show(self, answers: Sequence[Answer]) -> None:
        """What they say of airings whose lines are stored later: until then the board alone has them."""
        changed: list[Playback] = []
        named = _named(answers)
        for answer in answers:
            present = self._roster.get(answer.device_id)
            for airing_id in named[answer.document.header.document_id]:
                entry = self._board.get(airing_id)
                if present is None or entry is None or not entry.unwritten:
                    continue
                before = entry.playbacks.get(present.speaker_id)
                if before is not None and (after := _after(before, answer)) != before:
                    changed.append(after)
        self._advance(changed)

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
