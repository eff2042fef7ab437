"""The sounds of what never changes in an emergency: made once, ahead of time, and kept by every device.

They are made one after another some time after the station has started, in the order of `hazard_templates.fixed_parts`,
and behind everything else that is made; what somebody needs before that is made at once. A sound is named by what is
read and by which voice, so that another voice, or another pronunciation, makes another sound. Devices are told once all
of them were looked at, and not of each.
"""

import hashlib
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from agents.protocol.values import ClipPart
from controller.domain.errors import LoaError, NotFound
from controller.domain.hazard_templates import fixed_parts
from controller.domain.hazards import FixedPart
from controller.domain.sounds import Profile, Reading, Sound, SoundId, SoundState
from controller.ports import Studio, Transaction
from controller.services.events import TunesChanged
from controller.services.making import Making
from controller.services.office import Office

_log = logging.getLogger(__name__)
_STATION: Final = "Loa"
_SECOND_US: Final = 1_000_000
_AGAIN_US: Final = 600 * _SECOND_US


class FixedSounds:
    """`load` once at the start; then `run`."""

    def __init__(self, office: Office, making: Making, studio: Studio) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._after_s = office.settings.templates_after_s
        self._making = making
        self._studio = studio
        self._parts: Final = {part.key: part for part in fixed_parts()}
        self._ready: dict[str, ClipPart] = {}
        self._kept: tuple[ClipPart, ...] = ()

    @property
    def kept(self) -> tuple[ClipPart, ...]:
        """What every device keeps, the most needed first."""
        return self._kept

    def part(self, key: str) -> ClipPart | None:
        """What a fixed part sounds like; None until it has been made."""
        return self._ready.get(key)

    async def load(self) -> None:
        """Learns what is there already. Raises `StoreFailed`."""
        names = await self._names(self._parts)
        async with self._store.reading() as tx:
            stored = await tx.sounds.several(names.values())
        for key, sound_id in names.items():
            self._note(key, stored.get(sound_id))
        if self._after_s is not None:
            self._kept = self._all_ready()

    async def run(self) -> None:
        """Until cancelled. What fails is tried again later, and ends nothing."""
        if self._after_s is None:
            return
        await self._clock.sleep_until(self._clock.now_us() + round(self._after_s * _SECOND_US))
        while True:
            complete = await self._looked()
            if self._kept != (ready := self._all_ready()):
                self._kept = ready
                self._events.publish(TunesChanged())
            if complete:
                return
            await self._clock.sleep_until(self._clock.now_us() + _AGAIN_US)

    async def _looked(self) -> bool:
        """Makes what is missing, one after another; False where something failed."""
        complete = True
        for key, part in self._parts.items():
            if key in self._ready or self._voice(part.language) is None:
                continue
            try:
                await self.need([key], urgent=False)
            except LoaError:
                _log.exception("a part of a template could not be made", extra={"part": key})
            complete = complete and key in self._ready
        return complete

    async def need(self, keys: Iterable[str], *, urgent: bool = True) -> Mapping[str, ClipPart]:
        """The parts of these names that can be made, made now where they are not there. Raises `StoreFailed`,
        `Invalid` (``language_unknown``).
        """
        wanted = list(dict.fromkeys(keys))
        names = await self._names([key for key in wanted if key not in self._ready])
        for key, sound_id in names.items():
            await self._begun(self._parts[key], sound_id, urgent)
        await self._making.wait(names.values())
        async with self._store.reading() as tx:
            for key, sound_id in names.items():
                self._note(key, await _stored(tx, sound_id))
        return {key: self._ready[key] for key in wanted if key in self._ready}

    async def _begun(self, part: FixedPart, sound_id: SoundId, urgent: bool) -> None:
        new = False
        async with self._store.transaction() as tx:
            there = await _stored(tx, sound_id)
            if there is None:
                reading = Reading(text=part.text, language=part.language)
                there = replace(self._making.recipes.of_text(reading, Profile.HORN, _STATION), sound_id=sound_id)
                await tx.sounds.put(there)
                new = True
        if new:
            self._making.begin(there, _quietly, urgent=urgent)
        elif there.state is not SoundState.READY:
            await self._making.again(sound_id, _quietly, urgent=urgent)

    async def _names(self, keys: Iterable[str]) -> dict[str, SoundId]:
        """The id of each part's sound, as it would be read now. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            said = await tx.pronunciations.all()
        names: dict[str, SoundId] = {}
        for part in (self._parts[key] for key in keys):
            folded = part.text.casefold()
            spoken = [
                (one.written, one.spoken)
                for one in said
                if one.language == part.language and one.written.casefold() in folded
            ]
            whole = repr((part.language, self._voice(part.language), part.text, spoken))
            names[part.key] = SoundId(f"sd-fixed-{hashlib.sha256(whole.encode()).hexdigest()[:24]}")
        return names

    def _voice(self, language: str) -> str | None:
        """The voice that reads where none is named; None where there is none."""
        return next((one.voice_id for one in self._studio.voices() if language in one.languages), None)

    def _note(self, key: str, sound: Sound | None) -> None:
        if sound is not None and sound.state is SoundState.READY and sound.clips is not None:
            self._ready[key] = sound.clips.part

    def _all_ready(self) -> tuple[ClipPart, ...]:
        return tuple(self._ready[key] for key in self._parts if key in self._ready)


async def _stored(tx: Transaction, sound_id: SoundId) -> Sound | None:
    try:
        return await tx.sounds.get(sound_id)
    except NotFound:
        return None


def _quietly() -> None:
    """Nobody looks at how far one of them is."""
