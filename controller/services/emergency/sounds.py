"""The sounds of one emergency: what is fixed, made long before, and what somebody has just written."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from agents.protocol.values import ClipPart, Part
from controller.domain.emergencies import Emergency, EmergencyDraft, EmergencyKind
from controller.domain.emergency_sound import answer_sayings, fixed_of, sayings, sequence
from controller.domain.errors import Invalid, LoaError
from controller.domain.sounds import Profile, Reading, Sound, SoundId, SoundState
from controller.ports import Transaction
from controller.services.emergency.ahead import SoundsAhead
from controller.services.emergency.fixed_sounds import FixedSounds
from controller.services.making import Making
from controller.services.office import Office

_log = logging.getLogger(__name__)


class EmergencySounds:
    """Makes what is missing, and says what is heard."""

    def __init__(self, office: Office, making: Making, fixed: FixedSounds) -> None:
        self._store = office.store
        self._making = making
        self._fixed = fixed
        self.ahead: Final = SoundsAhead(office, making, fixed)

    def new(self, draft: EmergencyDraft, by: str) -> dict[str, Sound]:
        """A sound for each language in which something is to be read; to be stored, then begun. Raises `Invalid`
        (``text_empty``, ``text_too_long``, ``language_unknown``, and what `sayings` raises).
        """
        readings = [Reading(text=one.text, language=one.language) for one in sayings(draft) if one.text]
        made = [(one.language, self._making.recipes.of_text(one, Profile.HORN, by)) for one in readings]
        return {language: self.ahead.taken(sound) if draft.cap_id else sound for language, sound in made}

    async def store(self, tx: Transaction, sounds: Mapping[str, Sound]) -> None:
        """To be called before `begin`."""
        for sound in sounds.values():
            await tx.sounds.put(sound)

    def begin(self, sounds: Mapping[str, Sound]) -> None:
        """Their making waits for nobody's."""
        for sound in sounds.values():
            if sound.state is SoundState.PREPARING:
                self._making.begin(sound, _quietly, urgent=True)

    async def again(self, emergency: Emergency) -> None:
        """Makes again what failed. Raises `StoreFailed`, `NotFound`."""
        for sound_id in emergency.sound_ids.values():
            await self._making.again(SoundId(sound_id), _quietly, urgent=True)

    async def outcome(self, emergency: Emergency) -> tuple[Part, ...] | str:
        """What is heard once, when all of it is made; the code of what went wrong where it cannot be."""
        try:
            return await self._made(emergency)
        except LoaError as error:
            return error.code
        except Exception:
            _log.exception("an emergency could not be prepared", extra={"emergency_id": emergency.emergency_id})
            return "internal"

    async def _made(self, emergency: Emergency) -> tuple[Part, ...]:
        """Its correction and its all clear are there as well when it returns. Raises `LoaError`."""
        draft, said = emergency.draft, sayings(emergency.draft)
        keys = needed(draft)
        fixed = await self._fixed.need(keys)
        if missing := set(keys) - fixed.keys():
            raise LoaError(f"{min(missing)} could not be made", code="template_not_made")
        await self._making.wait(SoundId(one) for one in emergency.sound_ids.values())
        return sequence(draft, said, fixed, await self._read(emergency))

    async def _read(self, emergency: Emergency) -> dict[str, ClipPart]:
        read: dict[str, ClipPart] = {}
        async with self._store.reading() as tx:
            for language, sound_id in emergency.sound_ids.items():
                sound = await tx.sounds.get(SoundId(sound_id))
                if sound.state is not SoundState.READY or sound.clips is None:
                    raise LoaError(sound.failure_detail, code=sound.failure or "tool_failed")
                read[language] = sound.clips.part
        return read

    async def answer(self, draft: EmergencyDraft, kind: EmergencyKind) -> tuple[Part, ...]:
        """What a prepared correction, or an all clear, sounds like: at once where it was made before, as it is for
        every emergency that was sent. Raises `Invalid` (``template_not_made``), `StoreFailed`.
        """
        said = answer_sayings(draft, kind)
        plain = replace(draft, audio=None, live=False)
        keys = fixed_of(said, drill=draft.drill)
        there = {key: part for key in keys if (part := self._fixed.part(key)) is not None}
        fixed = there if len(there) == len(keys) else await self._fixed.need(keys)
        try:
            return sequence(plain, said, fixed, {})
        except KeyError as error:
            raise Invalid(f"{error} could not be made", code="template_not_made") from error


def needed(draft: EmergencyDraft) -> tuple[str, ...]:
    """The keys of all fixed parts of it, of its correction and of its all clear. Raises what `sayings` raises."""
    return fixed_of(sayings(draft), drill=draft.drill) + _answers(draft)


def _answers(draft: EmergencyDraft) -> tuple[str, ...]:
    kinds = (EmergencyKind.CORRECTION, EmergencyKind.ALL_CLEAR)
    return tuple(key for kind in kinds for key in fixed_of(answer_sayings(draft, kind), drill=draft.drill))


def _quietly() -> None:
    """The emergency tells when all of it is there."""
