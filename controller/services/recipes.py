"""New sounds, as they are stored before anything is made of them."""

from dataclasses import replace
from typing import Final

from controller.domain import texts
from controller.domain.errors import Invalid
from controller.domain.sounds import Profile, Reading, Sound, SoundId, SoundState, Source
from controller.ports import Studio
from controller.services.office import Office
from controller.services.secretary import fresh_id

SLOWEST_WPM: Final = 110
FASTEST_WPM: Final = 150


class Recipes:
    """Each sound is still to be stored, and to be begun (`Making.begin`)."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self._clock = office.clock
        self._settings = office.settings
        self._studio = studio

    def checked(self, reading: Reading) -> Reading:
        """The reading with its text as it will be kept.

        Raises `Invalid`: ``text_empty``, ``text_too_long``, ``language_unknown``, ``voice_unknown``,
        ``rate_out_of_range``.
        """
        cleaned = texts.bulletin_text(reading.text, self._settings.text_max_letters)
        voices = self._studio.voices()
        if not any(reading.language in voice.languages for voice in voices):
            raise Invalid(f"no voice for {reading.language[:20]}", code="language_unknown")
        known = {voice.voice_id for voice in voices if reading.language in voice.languages}
        if reading.voice and reading.voice not in known:
            raise Invalid(f"no voice {reading.voice[:20]} for {reading.language[:20]}", code="voice_unknown")
        if not SLOWEST_WPM <= reading.words_per_minute <= FASTEST_WPM:
            raise Invalid(f"{reading.words_per_minute} words a minute", code="rate_out_of_range")
        return replace(reading, text=cleaned)

    def voice(self, language: str) -> str | None:
        """The voice that reads where none is named; None where there is none."""
        return next((one.voice_id for one in self._studio.voices() if language in one.languages), None)

    def of_text(self, reading: Reading, profile: Profile, by: str) -> Sound:
        """A text that a voice will read. Raises what `checked` raises."""
        return self._new(Source.TEXT, by, reading=self.checked(reading), profile=profile)

    def of_recording(self, file_name: str, profile: Profile, by: str) -> Sound:
        """A recording; ``file_name`` is what the person's file is called."""
        return self._new(Source.RECORDING, by, file_name=file_name[:200], profile=profile)

    def of_tone(self, name: str, by: str) -> Sound:
        """What the station makes itself."""
        return self._new(Source.TONE, by, file_name=name)

    def _new(
        self,
        source: Source,
        by: str,
        *,
        reading: Reading | None = None,
        file_name: str = "",
        profile: Profile = Profile.PLAIN,
    ) -> Sound:
        return Sound(
            sound_id=SoundId(fresh_id("sd")),
            source=source,
            reading=reading,
            file_name=file_name,
            profile=profile,
            state=SoundState.PREPARING,
            created_at_us=self._clock.now_us(),
            created_by=by,
        )
