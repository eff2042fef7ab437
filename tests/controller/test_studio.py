"""The studio: what the room audio makes, as the services know it, and nothing outside its folder."""

import hashlib
import math
import struct
import wave

import pytest

from agents.protocol.values import RenditionName
from controller.domain.errors import StudioFailed
from controller.domain.sounds import Profile
from controller.studio import AudioStudio
from tests.controller.drafts import reading


@pytest.fixture
def studio(tmp_path):
    made = AudioStudio(tmp_path / "clips", ffmpeg=None, duration_limit_s=60)
    made.open()
    return made


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "recording.wav"
    samples = (int(9_000 * math.sin(n / 20) * (0.6 + 0.4 * math.sin(n / 9_000))) for n in range(96_000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


async def test_a_recording_becomes_named_clips_in_every_rendition(studio, recording):
    shares = []
    prepared = await studio.from_recording(recording, "a.wav", Profile.PLAIN, shares.append)
    assert set(prepared.renditions) == set(RenditionName)
    for reference in prepared.renditions.values():
        path = studio.clip_path(reference.sha256)
        content = path.read_bytes()
        assert hashlib.sha256(content).hexdigest() == reference.sha256
        assert len(content) == reference.size_bytes
        assert reference.frames == prepared.frames
    assert prepared.peaks
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert recording.exists(), "whose file it is, is not for the studio to say"


async def test_a_text_becomes_clips_and_leaves_nothing_else(studio, tmp_path):
    shares = []
    prepared = await studio.from_text(reading("Xin chào bà con."), {}, Profile.PLAIN, shares.append)
    assert 48_000 < prepared.frames < 5 * 48_000
    names = {f"{reference.sha256}.opus" for reference in prepared.renditions.values()}
    assert {path.name for path in (tmp_path / "clips").iterdir()} == names
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


async def test_a_text_that_cannot_be_read_is_refused_with_its_code(studio, tmp_path):
    with pytest.raises(StudioFailed) as failed:
        await studio.from_text(reading("..."), {}, Profile.PLAIN, lambda share: None)
    assert failed.value.code == "text_empty"
    assert list((tmp_path / "clips").iterdir()) == []


async def test_what_cannot_be_used_is_refused_with_its_code_and_leaves_nothing(studio, tmp_path):
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"not a recording" * 100)
    with pytest.raises(StudioFailed) as failed:
        await studio.from_recording(broken, "b.wav", Profile.PLAIN, lambda share: None)
    assert failed.value.code == "recording_unreadable"
    assert list((tmp_path / "clips").iterdir()) == []


@pytest.mark.parametrize("name", ["", "0" * 64, "../secret", "x" * 64, "/etc/passwd"])
def test_only_a_clip_of_its_own_has_a_path(studio, tmp_path, name):
    (tmp_path / "secret.opus").write_bytes(b"x")
    assert studio.clip_path(name) is None


async def test_it_is_ready_while_its_folder_is_there(studio, tmp_path):
    assert await studio.ready()
    (tmp_path / "clips").rmdir()
    assert not await studio.ready()
