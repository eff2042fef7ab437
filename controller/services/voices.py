"""Voices, how the station says words, and listening to a text before anything is made of it."""

from typing import Final

from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, NotFound
from controller.domain.pronunciations import Pronunciation
from controller.domain.sounds import Reading, SpokenSentence, VoiceInfo
from controller.ports import Studio
from controller.services.making import Making, pronunciations_of
from controller.services.office import Office

MOST_PRONUNCIATIONS: Final = 500
LONGEST_WRITTEN: Final = 100
LONGEST_SPOKEN: Final = 300
LONGEST_SAID: Final = 1_000
"""Letters that are said at once to be listened to: more than a long sentence."""


class VoiceDesk:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, studio: Studio, making: Making) -> None:
        self._store = office.store
        self._clock = office.clock
        self._studio = studio
        self._recipes = making.recipes

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Those that can be chosen, the station's first one of each language first."""
        return self._studio.voices()

    async def sentences(self, reading: Reading) -> tuple[SpokenSentence, ...]:
        """The text in sentences, each as written and as it is read. Raises what `Recipes.checked` raises, and
        `StudioFailed`.
        """
        reading = self._recipes.checked(reading)
        return await self._studio.sentences(reading, await pronunciations_of(self._store, reading.language))

    async def say(self, reading: Reading) -> bytes:
        """A sentence as a WAV. Raises what `Recipes.checked` raises, and `StudioFailed`."""
        reading = self._recipes.checked(reading)
        if len(reading.text) > LONGEST_SAID:
            raise Invalid(f"{len(reading.text)} letters; at most {LONGEST_SAID} at once", code="text_too_long")
        return await self._studio.say(reading, await pronunciations_of(self._store, reading.language))

    async def pronunciations(self) -> tuple[Pronunciation, ...]:
        """By language, then as written."""
        async with self._store.reading() as tx:
            return await tx.pronunciations.all()

    async def pronounce(self, language: str, written: str, spoken: str, by: str) -> Pronunciation:
        """From here on ``written`` is read as ``spoken``.

        Raises `Invalid`: ``pronunciation_empty``, ``pronunciation_too_long``, ``language_unknown``,
        ``pronunciations_too_many``.
        """
        written, spoken = _one_line(written), _one_line(spoken)
        if not any(map(str.isalnum, written)) or not any(map(str.isalnum, spoken)):
            raise Invalid("nothing to replace, or nothing to say", code="pronunciation_empty")
        if len(written) > LONGEST_WRITTEN or len(spoken) > LONGEST_SPOKEN:
            raise Invalid(f"at most {LONGEST_WRITTEN} and {LONGEST_SPOKEN} letters", code="pronunciation_too_long")
        if not any(language in voice.languages for voice in self._studio.voices()):
            raise Invalid(f"no voice for {language[:20]}", code="language_unknown")
        made = Pronunciation(
            language=language, written=written, spoken=spoken, changed_at_us=self._clock.now_us(), changed_by=by
        )
        async with self._store.transaction() as tx:
            known = {(one.language, one.written) for one in await tx.pronunciations.all()}
            if len(known | {(language, written)}) > MOST_PRONUNCIATIONS:
                raise Invalid(f"at most {MOST_PRONUNCIATIONS} entries", code="pronunciations_too_many")
            await tx.pronunciations.put(made)
            await tx.deeds.add(self._deed(made.written, f"{written} → {spoken}", by))
        return made

    async def forget(self, language: str, written: str, by: str) -> None:
        """It is read by the usual rules again. Raises `NotFound`."""
        async with self._store.transaction() as tx:
            if (language, written) not in {(one.language, one.written) for one in await tx.pronunciations.all()}:
                raise NotFound(f"nothing is said of {written[:40]}")
            await tx.pronunciations.remove(language, written)
            await tx.deeds.add(self._deed(written, f"{written} →", by))

    def _deed(self, subject: str, detail: str, by: str) -> Deed:
        return Deed(
            at_us=self._clock.now_us(), by=by, what=DeedKind.SET_PRONUNCIATION, subject=subject[:80], detail=detail
        )


def _one_line(typed: str) -> str:
    return " ".join(texts.clean(typed).split())
