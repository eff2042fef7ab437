"""Writes what the planner decided: airings that come, go, and change their speakers, in one transaction.

Between the decision and the write somebody may have stopped an airing, or it may have begun: such a one is left as it
is, and the planner's next look sees it so.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from agents.protocol.ids import AiringId, DeviceId, SpeakerId
from controller.domain import evidence
from controller.domain.airings import Airing, AiringState, Playback, PlayState
from controller.domain.planning import (
    Addition,
    Begun,
    Change,
    Changes,
    Cue,
    Due,
    Script,
    Standing,
    airing_id_of,
    cue_of,
    due_of,
)
from controller.ports import Transaction
from controller.services.board import OpenAiring
from controller.services.events import AiringChanged
from controller.services.office import Office

_SECOND_US = 1_000_000
_AT_ONCE = 200


@dataclass(slots=True)
class _Filed:
    """What was written, to be told once it is committed."""

    added: list[Airing] = field(default_factory=list)
    joined: list[Change] = field(default_factory=list)
    left: list[Change] = field(default_factory=list)
    withdrawn: list[AiringId] = field(default_factory=list)


class Filing:
    """The planner's hand: the database first, then the board."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._clock = office.clock
        self._board = office.board
        self._events = office.events
        self._lateness_us = round(office.settings.lateness_window_s * _SECOND_US)
        self._cues: dict[AiringId, Cue] = {}

    async def standing(self) -> list[Standing]:
        """The planner's airings that are planned. What changes while they are gone through is looked at again by
        `file`.
        """
        found: list[Standing] = []
        known: dict[AiringId, Cue] = {}
        for number, entry in enumerate(self._entries_planned()):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            airing = entry.airing
            cue = self._cues.get(airing.airing_id) or cue_of(airing)
            if cue is None or airing.state is not AiringState.PLANNED:
                continue
            known[airing.airing_id] = cue
            out = frozenset(one for one, playback in entry.playbacks.items() if playback.withdrawn)
            speakers = frozenset(entry.playbacks) - out
            found.append(Standing(airing_id=airing.airing_id, cue=cue, speakers=speakers, left=out))
        self._cues = known
        return found

    def sounding(self, now_us: int) -> dict[Due, list[Begun]]:
        """The planner's airings that have begun and are not over."""
        found: dict[Due, list[Begun]] = {}
        for entry in self._entries_planned():
            cue_start_us, due = entry.airing.start_at_us, due_of(entry.airing)
            if due is not None and cue_start_us is not None and cue_start_us <= now_us:
                begun = Begun(cue_start_us + entry.airing.duration_us, frozenset(entry.states))
                found.setdefault(due, []).append(begun)
        return found

    def _entries_planned(self) -> list[OpenAiring]:
        return [entry for entry in self._board.all() if entry.airing.schedule_id is not None]

    async def file(self, changes: Changes, script: Script) -> frozenset[SpeakerId]:
        """Makes the changes; returns whose rundowns they touch. Raises `StoreFailed`, and then nothing is changed."""
        if not changes:
            return frozenset()
        async with self._store.transaction() as tx:
            now_us = self._clock.now_us()
            filed = self._still(changes, now_us)
            added = [one for one in changes.added if one.cue.start_at_us > now_us]
            for one, airing_id in await _named(tx, added):
                filed.added.append(script.airing(one.cue, airing_id, one.speakers, now_us, self._lateness_us))
                await asyncio.sleep(0)
            await tx.planned_airings.add(filed.added)
            for change in filed.joined:
                await tx.planned_airings.join(change.airing_id, change.speakers)
            for change in filed.left:
                await tx.planned_airings.leave(change.airing_id, change.speakers)
            await tx.planned_airings.withdraw(filed.withdrawn)
            devices = await _devices(tx, filed)
        touched = await self._shown(filed, devices)
        for airing_id in self._changed(filed):
            self._events.publish(AiringChanged(airing_id))
        return frozenset(touched)

    def _still(self, changes: Changes, now_us: int) -> _Filed:
        """Of the changes those of airings that are as they were when it was decided."""

        def waits(airing_id: AiringId) -> bool:
            entry = self._board.get(airing_id)
            if entry is None or entry.airing.state is not AiringState.PLANNED:
                return False
            return entry.airing.start_at_us is not None and entry.airing.start_at_us > now_us

        return _Filed(
            joined=[one for one in changes.joined if waits(one.airing_id)],
            left=[one for one in changes.left if waits(one.airing_id)],
            withdrawn=[one for one in changes.withdrawn if waits(one)],
        )

    async def _shown(self, filed: _Filed, devices: dict[SpeakerId, DeviceId]) -> set[SpeakerId]:
        """Puts on the board what is committed; returns whom it touches."""
        touched: set[SpeakerId] = set()
        for change in (*filed.joined, *filed.left):
            touched.update(change.speakers)
        for entry in self._entries({one.airing_id for one in (*filed.joined, *filed.left)}):
            for change in filed.joined:
                if change.airing_id == entry.airing.airing_id:
                    entry.playbacks |= {one: _planned(change.airing_id, one) for one in change.speakers}
                    entry.devices |= {one: devices[one] for one in change.speakers if one in devices}
            for change in filed.left:
                if change.airing_id == entry.airing.airing_id:
                    out = {one: evidence.taken_out(entry.playbacks[one]) for one in change.speakers}
                    entry.playbacks |= out
            entry.airing = replace(entry.airing, speaker_ids=tuple(entry.states))
            self._board.put(entry)
        for entry in self._entries(filed.withdrawn):
            touched.update(entry.states)
            self._board.remove(entry.airing.airing_id)
        for airing in filed.added:
            await asyncio.sleep(0)  # a first plan has thousands
            playbacks = {one: _planned(airing.airing_id, one) for one in airing.speaker_ids}
            known = {one: devices[one] for one in airing.speaker_ids if one in devices}
            self._board.put(OpenAiring(airing=airing, playbacks=playbacks, devices=known))
            touched.update(airing.speaker_ids)
        return touched

    def _entries(self, airing_ids: Iterable[AiringId]) -> list[OpenAiring]:
        found = (self._board.get(airing_id) for airing_id in airing_ids)
        return [entry for entry in found if entry is not None]

    def _changed(self, filed: _Filed) -> list[AiringId]:
        others = (one.airing_id for one in (*filed.joined, *filed.left))
        return list(dict.fromkeys([*(one.airing_id for one in filed.added), *others, *filed.withdrawn]))


def _planned(airing_id: AiringId, speaker_id: SpeakerId) -> Playback:
    return Playback(airing_id=airing_id, speaker_id=speaker_id, state=PlayState.PLANNED)


async def _devices(tx: Transaction, filed: _Filed) -> dict[SpeakerId, DeviceId]:
    wanted = {one for airing in filed.added for one in airing.speaker_ids}
    wanted.update(one for change in filed.joined for one in change.speakers)
    return {one.speaker_id: one.device_id for one in (await tx.speakers.several(sorted(wanted))).values()}


async def _named(tx: Transaction, additions: Sequence[Addition]) -> list[tuple[Addition, AiringId]]:
    """Each with its id: the first of its cue that no airing ever had."""
    named: list[tuple[Addition, AiringId]] = []
    waiting, again = list(additions), 0
    while waiting:
        ids = {airing_id_of(one.cue, again): one for one in waiting}
        taken = await tx.planned_airings.states(list(ids))
        named.extend((one, airing_id) for airing_id, one in ids.items() if airing_id not in taken)
        waiting = [one for airing_id, one in ids.items() if airing_id in taken]
        again += 1
    return sorted(named, key=lambda pair: pair[0].cue.start_at_us)
