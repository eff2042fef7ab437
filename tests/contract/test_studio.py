"""What every `ports.Studio` holds to: the fake of the tests and the one of the program, with ffmpeg and a voice."""

import asyncio
import hashlib
import math
import struct
import wave
from pathlib import Path

import pytest

from agents.protocol.values import RenditionName
from controller.domain.errors import StudioFailed
from controller.domain.sounds import Profile
from controller.ports import Studio
from controller.studio import AudioStudio
from tests.controller.drafts import reading
from tests.controller.fakes import FakeStudio


@pytest.fixture(params=["fake", "real"])
def studio(request: pytest.FixtureRequest, clips: Path) -> Studio:
    if request.param == "fake":
        return FakeStudio(clips)
    made = AudioStudio(clips, ffmpeg=None, duration_limit_s=600)
    made.open()
    return made


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    return folder


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two seconds of a tone."""
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(
            b"".join(struct.pack("<h", round(8_000 * math.sin(number / 16_000 * 2_765))) for number in range(32_000))
        )
    return path


@pytest.mark.parametrize("source", ["text", "recording"])
async def test_it_makes_every_rendition_named_by_what_is_in_it(
    studio: Studio, clips: Path, recording: Path, source: str
) -> None:
    told: list[float] = []
    if source == "text":
        made = await studio.from_text(reading("Mời bà con họp thôn"), {}, Profile.PLAIN, told.append)
    else:
        made = await studio.from_recording(recording, "tone.wav", Profile.PLAIN, told.append)
    assert set(made.renditions) == set(RenditionName)
    for clip in made.renditions.values():
        path = studio.clip_path(clip.sha256)
        assert path is not None
        content = path.read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (clip.size_bytes, clip.sha256)
    assert len({clip.frames for clip in made.renditions.values()}) == 1
    assert made.frames > 0
    assert made.peaks
    assert all(0 <= peak <= 100 for peak in made.peaks)
    assert told == sorted(told)
    assert 0.0 <= told[0] <= told[-1] <= 1.0
    assert len([path for path in clips.rglob("*") if path.is_file()]) == 2


async def test_what_cannot_be_made_is_refused_by_name_and_leaves_nothing(
    studio: Studio, clips: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"MZ" * 1_000)
    with pytest.raises(StudioFailed) as recording:
        await studio.from_recording(broken, "broken.wav", Profile.PLAIN, lambda share: None)
    assert recording.value.code == "recording_unreadable"
    with pytest.raises(StudioFailed) as text:
        await studio.from_text(reading("***"), {}, Profile.PLAIN, lambda share: None)
    assert text.value.code == "text_empty"
    assert [path for path in clips.rglob("*") if path.is_file()] == []


async def test_work_that_is_cancelled_ends_and_leaves_nothing(studio: Studio, clips: Path) -> None:
    began = asyncio.Event()
    if isinstance(studio, FakeStudio):
        studio.hold = asyncio.Event()
    work = asyncio.create_task(
        studio.from_text(reading("một hai ba bốn " * 50), {}, Profile.PLAIN, lambda share: began.set())
    )
    await asyncio.wait_for(began.wait(), 30)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert [path for path in clips.rglob("*") if path.is_file()] == []


async def test_it_keeps_only_what_is_asked_for(studio: Studio, recording: Path) -> None:
    made = await studio.from_recording(recording, "tone.wav", Profile.PLAIN, lambda share: None)
    kept, dropped = (clip.sha256 for clip in made.renditions.values())
    await studio.keep_only(frozenset({kept, "0" * 64}))
    assert studio.clip_path(kept) is not None
    assert studio.clip_path(dropped) is None


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 64, "A" * 64, "é" * 64])
def test_a_clip_that_is_not_there_has_no_path(studio: Studio, name: str) -> None:
    assert studio.clip_path(name) is None
