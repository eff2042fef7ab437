"""What every speaker has at hand, whatever comes: the siren, the fixed parts of emergencies, and the signature tunes
that are offered where it stands.

The siren is made once, at the first start. Whenever the set changes, assignments are signed anew a few at a time, so
that nobody else waits for ten thousand signatures; a speaker that is away gets its own when it connects. The digits
that a device speaks are part of its program.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from agents.protocol.values import ClipPart, ClipRef, RenditionName
from agents.protocol.version import MAX_PINNED
from controller.domain.errors import NotFound, StoreFailed
from controller.domain.sounds import SIREN, Sound, SoundState
from controller.domain.speakers import SpeakerState
from controller.ports import Transaction
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.events import Lagged, TunesChanged
from controller.services.making import Making
from controller.services.office import Office

_log = logging.getLogger(__name__)
_STATION: Final = "Loa"
_AT_ONCE: Final = 20
_PAUSE_US: Final = 1_000_000
_RETRY_US: Final = 60_000_000
Renew = Callable[[Sequence[SpeakerId]], Awaitable[None]]
"""Signs for those of these speakers whose pinned clips are not what they should be, and tells them."""


class Pins:
    """`prepare` once, after the sounds were taken up again; then `run`."""

    def __init__(self, office: Office, making: Making, fixed: FixedSounds) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._making = making
        self._fixed = fixed
        self._siren: ClipPart | None = None
        self._tunes: tuple[tuple[AreaId | None, ClipPart], ...] = ()
        self._words: tuple[ClipPart, ...] = ()
        self._sets: dict[tuple[tuple[AreaId, ...], RenditionName], tuple[ClipRef, ...]] = {}
        self._outdated = asyncio.Event()

    @property
    def siren(self) -> ClipPart | None:
        """What an emergency begins with; None until it has been made."""
        return self._siren

    def of(self, area_path: tuple[AreaId, ...], rendition: RenditionName) -> tuple[ClipRef, ...]:
        """What a speaker keeps that stands there: the siren first, then what is fixed in emergencies, then tunes. The
        same object for all that keep the same.
        """
        known = self._sets.get((area_path, rendition))
        if known is None:
            offered = [part for area_id, part in self._tunes if area_id is None or area_id in area_path]
            siren = () if self._siren is None else (self._siren,)
            parts = [*siren, *self._words, *offered]
            refs = {ref.sha256: ref for part in parts for ref in (part.choose(rendition),)}
            known = self._sets[(area_path, rendition)] = tuple(refs.values())[:MAX_PINNED]
        return known

    async def prepare(self) -> None:
        """Has the siren made where it is not there yet. Raises `StoreFailed` when the database cannot be read."""
        siren = await self._load()
        with contextlib.suppress(StoreFailed):  # a full disk at the start must not keep the station from starting
            if siren is not None:
                await self._making.again(SIREN, self._changed)
                return
            siren = replace(self._making.recipes.of_tone("siren", _STATION), sound_id=SIREN)
            async with self._store.transaction() as tx:
                await tx.sounds.put(siren)
            self._making.begin(siren, self._changed)

    async def run(self, renew: Renew) -> None:
        """Until cancelled. A database that fails delays it, and ends nothing."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow())
            group.create_task(self._keep_told(renew))

    def _changed(self) -> None:
        self._events.publish(TunesChanged())

    async def _follow(self) -> None:
        """Looks once when it begins to listen: what became ready between that and `prepare` told nobody."""
        async with self._events.subscribe() as events:
            await self._load_again()
            async for event in events:
                if isinstance(event, TunesChanged | Lagged):
                    await self._load_again()

    async def _load_again(self) -> None:
        try:
            await self._load()
        except StoreFailed:
            _log.exception("the pinned clips could not be read")

    async def _load(self) -> Sound | None:
        """Learns what is to be pinned; returns the siren as it is stored. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            siren = await _stored_siren(tx)
            offered = [
                (tune, tune.sound.clips.part)
                for tune in await tx.tunes.all()
                if not tune.withdrawn and tune.sound.state is SoundState.READY and tune.sound.clips is not None
            ]
        offered.sort(key=lambda one: (not one[0].built_in, one[0].area_id is not None))
        tunes = tuple((tune.area_id, part) for tune, part in offered)
        part = None if siren is None or siren.clips is None else siren.clips.part
        if (part, tunes, self._fixed.kept) != (self._siren, self._tunes, self._words):
            self._siren, self._tunes, self._words = part, tunes, self._fixed.kept
            self._sets.clear()
            self._outdated.set()
        return siren

    async def _keep_told(self, renew: Renew) -> None:
        """Looks at all once at the start as well: the run before may have ended in the middle of it."""
        while True:
            self._outdated.clear()
            try:
                await self._tell_all(renew)
            except StoreFailed:
                _log.exception("pinned clips wait for the database")
                await self._clock.sleep_until(self._clock.now_us() + _RETRY_US)
                continue
            await self._outdated.wait()

    async def _tell_all(self, renew: Renew) -> None:
        async with self._store.reading() as tx:
            found = await tx.speakers.all()
        adopted = [one.speaker_id for one in found if one.state is SpeakerState.ADOPTED]
        for start in range(0, len(adopted), _AT_ONCE):
            if start:
                await self._clock.sleep_until(self._clock.now_us() + _PAUSE_US)
            if self._outdated.is_set():
                return  # from the beginning, for the set that holds now
            await renew(adopted[start : start + _AT_ONCE])


async def _stored_siren(tx: Transaction) -> Sound | None:
    try:
        return await tx.sounds.get(SIREN)
    except NotFound:
        return None
