"""The airings that are open, with the evidence of each speaker: what the clockwork of dispatch looks at.

It mirrors the database, so that a decision needs no query: whoever commits evidence tells the board afterwards.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agents.protocol.documents import Audience
from agents.protocol.ids import AiringId, DeviceId, SpeakerId
from controller.domain.airings import Airing, Playback, PlayState


@dataclass(slots=True)
class OpenAiring:
    """``devices`` is who hangs on each speaker; ``orders`` are the ids of its open orders, ``to`` whom they
    name. Until ``grace_until_us`` speakers that already had the airing are waited for though they are away: after a
    restart all are. While it is ``unwritten`` its playbacks are here alone: whoever commits evidence leaves them out.
    While it is ``unstored`` so is all of it: it is over once the database knows that it began.
    """

    airing: Airing
    playbacks: dict[SpeakerId, Playback]
    devices: dict[SpeakerId, DeviceId]
    orders: list[str] = field(default_factory=list)
    to: Audience | None = None
    grace_until_us: int = 0
    retry_at_us: int = 0
    unwritten: bool = False
    unstored: bool = False

    @property
    def states(self) -> dict[SpeakerId, PlayState]:
        """How far each speaker is that still is to play it."""
        return {speaker_id: one.state for speaker_id, one in self.playbacks.items() if not one.withdrawn}


class Board:
    """Open airings by id and by speaker, and which of them changed since they were last looked at."""

    def __init__(self) -> None:
        self._open: dict[AiringId, OpenAiring] = {}
        self._by_speaker: dict[SpeakerId, dict[AiringId, OpenAiring]] = {}
        self._unbegun: set[AiringId] = set()
        self._touched: set[AiringId] = set()
        self._changed = asyncio.Event()

    def put(self, entry: OpenAiring) -> None:
        """A new open airing, or one whose speakers are others now."""
        airing_id = entry.airing.airing_id
        self._forget(airing_id)
        self._open[airing_id] = entry
        for speaker_id in entry.states:
            self._by_speaker.setdefault(speaker_id, {})[airing_id] = entry
        if entry.airing.start_at_us is None:
            self._unbegun.add(airing_id)
        self._touch(airing_id)

    def remove(self, airing_id: AiringId) -> None:
        """It is not open any more."""
        self._forget(airing_id)
        self._touched.discard(airing_id)

    def _forget(self, airing_id: AiringId) -> None:
        entry = self._open.pop(airing_id, None)
        self._unbegun.discard(airing_id)
        if entry is None:
            return
        for speaker_id in entry.playbacks:
            of_speaker = self._by_speaker.get(speaker_id, {})
            of_speaker.pop(airing_id, None)
            if not of_speaker:
                self._by_speaker.pop(speaker_id, None)

    def get(self, airing_id: AiringId) -> OpenAiring | None:
        """The airing, if it is open."""
        return self._open.get(airing_id)

    def all(self) -> tuple[OpenAiring, ...]:
        """Every open airing."""
        return tuple(self._open.values())

    def unwritten(self, playback: Playback) -> bool:
        """Whether the database has no line for it yet."""
        entry = self._open.get(playback.airing_id)
        return entry is not None and entry.unwritten

    def stored(self, entry: OpenAiring) -> None:
        """The database knows that it began: now it can be over."""
        entry.unstored = False
        if self._open.get(entry.airing.airing_id) is entry:
            self._touch(entry.airing.airing_id)

    def of_speaker(self, speaker_id: SpeakerId) -> tuple[OpenAiring, ...]:
        """The open airings that this speaker is to play, or plays."""
        return tuple(self._by_speaker.get(speaker_id, {}).values())

    def advanced(self, playbacks: Iterable[Playback]) -> None:
        """These playbacks were committed."""
        for playback in playbacks:
            entry = self._open.get(playback.airing_id)
            if entry is not None and playback.speaker_id in entry.playbacks:
                entry.playbacks[playback.speaker_id] = playback
                self._touch(playback.airing_id)

    def links_changed(self) -> None:
        """Somebody connected or left: airings that wait for speakers are to be looked at."""
        self._unbegun = {one for one in self._unbegun if self._open[one].airing.start_at_us is None}
        for airing_id in self._unbegun:
            self._touch(airing_id)

    def _touch(self, airing_id: AiringId) -> None:
        self._touched.add(airing_id)
        self._changed.set()

    async def changed(self) -> None:
        """Returns when something is touched."""
        await self._changed.wait()

    def take_touched(self) -> Sequence[OpenAiring]:
        """Those touched since the last call."""
        self._changed.clear()
        touched = [self._open[airing_id] for airing_id in self._touched if airing_id in self._open]
        self._touched.clear()
        return touched
