"""The sound of alerts that wait is made while they wait: what a person confirms is heard at once.

Rules: the most urgent first, one after another, behind all that is urgent; at most `MOST_AHEAD` sounds are there at a
time, however many alerts wait. What was declined, replaced, cancelled, decided or is over has its sound dropped, also
where that happened while the station was off. A recording that cannot be had is tried again now and then, and meanwhile
nobody waits for it: the text is read. Whatever fails is tried again later, and ends nothing: the desk goes on, and with
it every stop.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from agents.protocol.values import ClipPart
from controller.domain.cap_alerts import AlertState, CapAlert, MessageType, Sending, SendingState, Status, groups
from controller.domain.emergencies import EmergencyDraft, EmergencyState
from controller.domain.errors import LoaError, StoreFailed
from controller.domain.hazard_templates import fixed_parts
from controller.domain.sounds import Sound, SoundId, SoundState
from controller.services.bell import Bell
from controller.services.cap.book import CapBook
from controller.services.cap.drafts import drafted, urgency_of
from controller.services.cap.options import CapOptions
from controller.services.cap.reading import anywhere_decisions
from controller.services.cap.sounds import CapSounds, same_sounds
from controller.services.cap.world import CapWorlds
from controller.services.emergency.ahead import PREFIX, SoundsAhead, named
from controller.services.emergency.desk import EmergencyDesk
from controller.services.emergency.sounds import needed
from controller.services.events import CapChanged, EmergencyChanged, Event, Lagged
from controller.services.leftovers import Leftovers
from controller.services.office import Office
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_SECOND_US: Final = 1_000_000
_AGAIN_US: Final = 300 * _SECOND_US
_IDLE_US: Final = 3_600 * _SECOND_US
_FEW: Final = 50
MOST_AHEAD: Final = 20
"""So many sounds are made ahead at a time: those of the alerts that are the most urgent."""
_FIXED_KEYS: Final = frozenset(one.key for one in fixed_parts())
_UNHEARD: Final = ClipPart(renditions={})
"""In the place of a recording that is not there yet."""
Work = Callable[[], Awaitable[bool]]
"""Makes something; false where that failed."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What one sending of an alert that waits would need. The text is wanted where there is no recording, or none that
    can be had; ``keys`` are fixed parts.
    """

    alert: CapAlert
    messages: tuple[int, ...]
    recording: Sound | None
    texts: tuple[Sound, ...]
    keys: tuple[str, ...]

    @property
    def names(self) -> tuple[SoundId, ...]:
        """Of all that is made for it."""
        return tuple(one.sound_id for one in (self.recording, *self.texts) if one is not None)


class CapAhead:
    """One task, and one for the sound that is being made."""

    def __init__(
        self,
        office: Office,
        *,
        book: CapBook,
        worlds: CapWorlds,
        sounds: CapSounds,
        ahead: SoundsAhead,
        emergencies: EmergencyDesk,
        leftovers: Leftovers,
    ) -> None:
        self._clock = office.clock
        self._events = office.events
        self._options: CapOptions = office.settings.cap
        self._book = book
        self._worlds = worlds
        self._sounds = sounds
        self._ahead = ahead
        self._emergencies = emergencies
        self._leftovers = leftovers
        self._bell = Bell()
        self._work: tuple[str, asyncio.Task[None]] | None = None
        self._failed: dict[str, int] = {}
        self._put_off = False
        self._many = False

    # --- being asked --------------------------------------------------------------------------------------------------

    async def recording(self, alert: CapAlert, messages: Sequence[int]) -> ClipPart | None:
        """The recording of these messages: made ahead, or now; None where the text is to be read."""
        name = _recorded(alert, messages)
        if name is None or name in self._failed:
            return None
        there = self._ahead.clips(name)
        return await self._sounds.find(alert, messages) if there is None else there.part

    async def grant(self, draft: EmergencyDraft) -> None:
        """What was made ahead of it goes to the emergency that is prepared of it next. Raises what
        `SoundsAhead.needed` raises.
        """
        if draft.audio is None:
            await self._ahead.grant(draft)

    # --- going on -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        async with self._events.subscribe() as events, asyncio.TaskGroup() as group:
            group.create_task(self._listen(events))
            while True:
                next_us = await self._looked(group)
                await first_of(self._bell.wait(), self._clock.sleep_until(next_us))
                if self._many:  # in a flood of alerts each of them would have all of them read again
                    await self._clock.sleep_until(self._clock.now_us() + _SECOND_US)

    async def _listen(self, events: AsyncIterator[Event]) -> None:
        async for event in events:
            match event:
                case CapChanged() | Lagged():
                    self._bell.wake()
                case EmergencyChanged():
                    if self._put_off:  # else nothing of it matters here, and others have work to do at such a moment
                        self._bell.wake()
                case _:
                    pass

    async def _looked(self, group: asyncio.TaskGroup) -> int:
        """Does what is to be done; returns when to look again at the latest."""
        now_us = self._clock.now_us()
        try:
            there = await self._ahead.look()
            alerts = await self._book.busy()
            self._many = len(alerts) > _FEW
            wishes = await self._wishes([one for one in alerts if _waits(one, now_us)])
            kept = {name for wish in wishes for name in wish.names} | await self._begun(alerts)
            await self._drop([name for name in there if name not in kept], kept)
            self._next(group, wishes, there)
            await self._leftovers.sweep()
        except StoreFailed:
            _log.exception("sounds of alerts wait for the database")
            return now_us + _SECOND_US
        except Exception:
            _log.exception("sounds of alerts could not be looked at")
            return now_us + _AGAIN_US
        self._failed = {name: at_us for name, at_us in self._failed.items() if name in kept or name in _FIXED_KEYS}
        ends = [one.expires_at_us for one in alerts if one.expires_at_us is not None]
        later = [*ends, *self._failed.values(), *self._leftovers.due_us]
        return min((at_us for at_us in later if at_us > now_us), default=now_us + _IDLE_US)

    # --- what is wanted -----------------------------------------------------------------------------------------------

    async def _wishes(self, alerts: Iterable[CapAlert]) -> list[_Wish]:
        """Those of the most urgent alerts, as many as are made ahead."""
        wishes: list[_Wish] = []
        count = 0
        for alert in sorted(alerts, key=lambda one: (one.state is not AlertState.HELD, *urgency_of(one))):
            for wish in await self._wishes_of(alert):
                count += len(wish.names)
                if count > MOST_AHEAD:
                    return wishes
                wishes.append(wish)
        return wishes

    async def _wishes_of(self, alert: CapAlert, sendings: Sequence[Sending] | None = None) -> list[_Wish]:
        """Of these sendings, None: of those that would come of it. An alert that cannot be understood has none, and
        keeps no other from its sound. Raises `StoreFailed`.
        """
        try:
            wanted = await self._sendings(alert) if sendings is None else sendings
            return [wish for one in wanted if (wish := await self._wish(alert, one)) is not None]
        except StoreFailed:
            raise
        except Exception:
            _log.exception("no sound can be made ahead of an alert", extra={"alert_id": alert.alert_id})
            return []

    async def _sendings(self, alert: CapAlert) -> list[Sending]:
        """Those that would come of it, if all that waits was confirmed."""
        held = alert.held
        if alert.anywhere and not alert.areas:
            world = await self._worlds.now()
            held = anywhere_decisions(alert, (path[0] for path in world.paths.values()), world)
        drill = alert.status is not Status.ACTUAL
        return [
            Sending(sending_id="", messages=messages, area_ids=area_ids, drill=drill, by="")
            for messages, area_ids in groups(held)[:MOST_AHEAD]
            if messages
        ]

    async def _wish(self, alert: CapAlert, sending: Sending) -> _Wish | None:
        """None where nothing of it can be made."""
        name, texts, keys = _recorded(alert, sending.messages), tuple[Sound, ...](), tuple[str, ...]()
        for audio in (None, _UNHEARD) if name is not None else (None,):
            try:
                draft = drafted(alert, sending, self._clock.now_us(), self._options.heard_s, audio)
                texts = (*texts, *await self._ahead.needed(draft))
                keys = (*keys, *needed(draft))
            except StoreFailed:
                raise
            except LoaError:
                continue  # a person who confirms it is told
        recording = None if name is None else self._ahead.recording(name)
        return _Wish(alert, sending.messages, recording, texts, keys) if texts or recording is not None else None

    async def _begun(self, alerts: Iterable[CapAlert]) -> set[SoundId]:
        """Of what was decided, while its emergency is made of these sounds."""
        kept: set[SoundId] = set()
        for alert in alerts:
            begun = [one for one in alert.sendings if one.state is SendingState.MAKING and not one.emergency_id]
            kept.update(name for wish in await self._wishes_of(alert, begun) for name in wish.names)
        return kept

    async def _drop(self, names: Sequence[SoundId], kept: Container[str]) -> None:
        if self._work is not None and self._work[0].startswith(PREFIX) and self._work[0] not in kept:
            self._work[1].cancel()
        self._ahead.forget(names)
        await self._leftovers.drop(names)

    # --- making -------------------------------------------------------------------------------------------------------

    def _next(self, group: asyncio.TaskGroup, wishes: Iterable[_Wish], there: Mapping[SoundId, Sound]) -> None:
        """One after another, and not while the sound of an emergency is made."""
        if self._work is not None and not self._work[1].done():
            return
        self._put_off = any(one.state is EmergencyState.PREPARING for one in self._emergencies.open())
        if self._put_off:
            return
        found = next((step for wish in wishes for step in self._steps(wish, there)), None)
        if found is not None:
            name, work = found
            self._work = (name, group.create_task(self._guarded(name, work), name=f"ahead: {name}"))

    def _steps(self, wish: _Wish, there: Mapping[SoundId, Sound]) -> Iterator[tuple[str, Work]]:
        """What is missing of it, the most needed first."""
        now_us = self._clock.now_us()

        def missing(sound: Sound) -> bool:
            ready = sound.sound_id in there and there[sound.sound_id].state is SoundState.READY
            return not ready and self._failed.get(sound.sound_id, now_us) <= now_us

        recording, recorded = wish.recording, False
        if recording is not None:
            recorded = self._ahead.clips(recording.sound_id) is not None
            if missing(recording):
                yield recording.sound_id, partial(self._fetched, wish, recording)
        for one in () if recorded else wish.texts:
            if missing(one):
                yield one.sound_id, partial(self._read, one)
        for key in wish.keys:
            if self._ahead.fixed.part(key) is None and self._failed.get(key, now_us) <= now_us:
                yield key, partial(self._fixed, key)

    async def _guarded(self, name: str, work: Work) -> None:
        """Whatever fails is tried again later, and stops nothing."""
        done = False
        try:
            done = await work()
        except LoaError as error:
            _log.warning("a sound could not be made ahead: %s", error, extra={"code": error.code, "sound": name})
        except Exception:
            _log.exception("a sound could not be made ahead", extra={"sound": name})
        if done:
            self._failed.pop(name, None)
        else:
            self._failed[name] = self._clock.now_us() + _AGAIN_US
        self._work = None
        self._bell.wake()

    async def _fetched(self, wish: _Wish, sound: Sound) -> bool:
        clips = await self._sounds.clips(wish.alert, wish.messages)
        if clips is None:
            return False
        await self._ahead.keep(sound, clips)
        return True

    async def _read(self, sound: Sound) -> bool:
        await self._ahead.begin(sound)
        await self._ahead.making.wait([sound.sound_id])
        there = await self._ahead.look()
        return sound.sound_id in there and there[sound.sound_id].state is SoundState.READY

    async def _fixed(self, key: str) -> bool:
        return key in await self._ahead.fixed.need([key], urgent=False)


def _waits(alert: CapAlert, now_us: int) -> bool:
    """Whether somebody may confirm it, to be heard."""
    if alert.expires_at_us is not None and alert.expires_at_us <= now_us:
        return False
    exercise = alert.state is AlertState.NOT_ACTUAL and alert.status is Status.EXERCISE
    return alert.message_type is not MessageType.CANCEL and (alert.state is AlertState.HELD or exercise)


def _recorded(alert: CapAlert, messages: Sequence[int]) -> SoundId | None:
    """What the recording of these messages is called; None where they bring none that is heard for all of them."""
    sounds = same_sounds(alert, messages)
    return named(alert.digest, sounds) if sounds else None
