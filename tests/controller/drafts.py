"""What persons hand in, in one line."""

from pathlib import Path

from controller.domain.drafts import BulletinDraft, RecordingVariant, TextVariant
from controller.domain.sounds import Reading


def reading(text: str, language: str = "vi", words_per_minute: int = 125) -> Reading:
    """A text as it is to be read."""
    return Reading(text=text, language=language, words_per_minute=words_per_minute)


def text_draft(title: str, text: str, language: str = "vi", words_per_minute: int = 125) -> BulletinDraft:
    """A bulletin of one text."""
    return BulletinDraft(title=title, variants=(TextVariant(reading=reading(text, language, words_per_minute)),))


def recording_draft(title: str, path: Path, language: str = "vi") -> BulletinDraft:
    """A bulletin of one recording."""
    return BulletinDraft(title=title, variants=(RecordingVariant(language=language, path=path, file_name=path.name),))
