"""Bulletins and recordings, for the tests of the services."""

from pathlib import Path

import pytest

from controller.domain.bulletins import Bulletin
from controller.domain.drafts import BulletinDraft, KeptVariant, RecordingVariant, TextVariant
from controller.domain.errors import LoaError
from controller.domain.sounds import SoundId
from tests.controller.drafts import reading
from tests.controller.services.station import Station

WORDS = "một hai ba bốn năm"


def upload(tmp_path: Path, name: str = "x.wav", content: bytes = b"RIFF....") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def text(words: str = WORDS, language: str = "vi") -> TextVariant:
    return TextVariant(reading=reading(words, language))


def draft(*variants: TextVariant | RecordingVariant | KeptVariant, **more: object) -> BulletinDraft:
    return BulletinDraft(title="Tin", variants=variants or (text(),), **more)  # type: ignore[arg-type]


async def made(station: Station, *variants: TextVariant | RecordingVariant, **more: object) -> Bulletin:
    compose = station.desk.compose
    return await compose.wait_ready((await compose.make(draft(*variants, **more), "an")).bulletin_id)


def sounds(bulletin: Bulletin) -> list[SoundId]:
    return [variant.sound.sound_id for variant in bulletin.variants]


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "recordings").glob("*"))


async def code_of(what: object) -> str:
    with pytest.raises(LoaError) as refused:
        await what  # type: ignore[misc]
    return refused.value.code
