"""Sounds that may be needed soon, made while nobody has decided yet: what is then confirmed is heard at once.

Rules: a sound is named by what is read, by which voice, and how the station says words of it: so it is found again
after a restart, and made anew where it would be read otherwise now. They are made behind everything that is urgent. An
emergency gets a sound of its own of the same clips: what was made ahead is dropped whatever became of it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from controller.domain.emergencies import EmergencyDraft, checked_text
from controller.domain.emergency_sound import sayings
from controller.domain.errors import NotFound
from controller.domain.pronunciations import Pronunciation
from controller.domain.sounds import PreparedClips, Profile, Reading, Sound, SoundId, SoundState
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.making import Making
from controller.services.office import Office

PREFIX: Final = "sd-ahead-"
_BY: Final = "Loa"


class SoundsAhead:
    """What was made ahead, and is given to the emergency that needs it. Every method that asks the database raises
    `StoreFailed`.
    """

    def __init__(self, office: Office, making: Making, fixed: FixedSounds) -> None:
        self._store = office.store
        self._limit = office.settings.text_max_letters
        self.making: Final = making
        self.fixed: Final = fixed
        self._ready: dict[SoundId, PreparedClips] = {}
        self._granted: dict[Reading, SoundId] = {}

    # --- looking ------------------------------------------------------------------------------------------------------

    async def look(self) -> Mapping[SoundId, Sound]:
        """All that is there, made or in the making."""
        async with self._store.reading() as tx:
            there = {one.sound_id: one for one in await tx.sounds.named(PREFIX)}
        self._ready = {
            one.sound_id: one.clips for one in there.values() if one.state is SoundState.READY and one.clips is not None
        }
        return there

    async def needed(self, draft: EmergencyDraft) -> tuple[Sound, ...]:
        """The sounds of what is to be read of it, as they would be read now. Raises what `Recipes.checked` and
        `emergency_sound.sayings` raise.
        """
        texts = {language: checked_text(text, self._limit) for language, text in draft.texts.items()}
        recipes = self.making.recipes
        made = [
            recipes.of_text(Reading(text=one.text, language=one.language), Profile.HORN, _BY)
            for one in sayings(replace(draft, texts=texts))
            if one.text
        ]
        async with self._store.reading() as tx:
            said = await tx.pronunciations.all()
        return tuple(replace(one, sound_id=self._name(one.reading, said)) for one in made if one.reading is not None)

    def recording(self, sound_id: SoundId) -> Sound:
        """The sound of a recording, for `keep`."""
        return replace(self.making.recipes.of_recording("alert", Profile.HORN, _BY), sound_id=sound_id)

    def _name(self, reading: Reading, said: Iterable[Pronunciation]) -> SoundId:
        folded = reading.text.casefold()
        spoken = [
            (one.written, one.spoken)
            for one in said
            if one.language == reading.language and one.written.casefold() in folded
        ]
        return named(reading, self.making.recipes.voice(reading.language), spoken)

    def clips(self, sound_id: SoundId) -> PreparedClips | None:
        """What it became, as far as `look` saw."""
        return self._ready.get(sound_id)

    # --- making -------------------------------------------------------------------------------------------------------

    async def begin(self, sound: Sound) -> None:
        """Its making; what failed or was cancelled before is made again."""
        async with self._store.transaction() as tx:
            try:
                there: Sound | None = await tx.sounds.get(sound.sound_id)
            except NotFound:
                there = None
                await tx.sounds.put(sound)
        if there is None:
            self.making.begin(sound, _quietly)
        else:
            await self.making.again(sound.sound_id, _quietly)

    async def keep(self, sound: Sound, clips: PreparedClips) -> None:
        """One that was made elsewhere."""
        ready = replace(sound, state=SoundState.READY, progress=1.0, clips=clips)
        async with self._store.transaction() as tx:
            await tx.sounds.put(ready)
        self._ready[sound.sound_id] = clips

    def forget(self, sound_ids: Iterable[SoundId]) -> None:
        """They are given to nobody any more; to be called before they are dropped."""
        for sound_id in sound_ids:
            self._ready.pop(sound_id, None)

    # --- giving -------------------------------------------------------------------------------------------------------

    async def grant(self, draft: EmergencyDraft) -> None:
        """The emergency that is prepared of this draft next gets what was made ahead for it. What is not ready is not
        waited for: it is made for the emergency, which waits for nobody, and nowhere else at the same time.
        """
        for one in await self.needed(draft):
            if one.reading is not None and one.sound_id in self._ready:
                self._granted[one.reading] = one.sound_id
                continue
            async with self._store.reading() as tx:
                there = await tx.sounds.several([one.sound_id])
            if any(sound.state is SoundState.PREPARING for sound in there.values()):
                await self.making.cancel(there)

    def taken(self, sound: Sound) -> Sound:
        """The sound as it is to be stored: ready, where it was granted."""
        if sound.reading is None or (sound_id := self._granted.pop(sound.reading, None)) is None:
            return sound
        clips = self._ready.get(sound_id)
        return sound if clips is None else replace(sound, state=SoundState.READY, progress=1.0, clips=clips)


def named(*what: object) -> SoundId:
    """What is made ahead is called by what it is made of."""
    return SoundId(f"{PREFIX}{hashlib.sha256(repr(what).encode(errors='replace')).hexdigest()[:24]}")


def _quietly() -> None:
    """Whoever began it looks when it is done."""
