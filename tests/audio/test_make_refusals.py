"""What cannot be used is refused with its reason, what fails leaves nothing, and who cancels is obeyed."""

import asyncio
import contextlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from audio import measure, runner
from audio.clip import (
    AudioSettings,
    EmptyRecording,
    OutOfSpace,
    Profile,
    SilentRecording,
    Stage,
    ToolMissing,
    TooLongRecording,
    UnreadableRecording,
)
from audio.make import make_clips
from tests.audio.conftest import (
    convert,
    noise,
    speechlike,
    tone,
    write_wav,
)


def wav_header(rate_hz: int, channels: int, data_bytes: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + data_bytes) + b"WAVEfmt " + struct.pack("<I", 16) + form
    return head + b"data" + struct.pack("<I", data_bytes)


BAD_FILES: dict[str, bytes] = {
    "random.mp3": np.random.default_rng(5).bytes(50_000),
    "text.mp3": b"this is no sound at all\n" * 200,
    "zip.mp3": b"PK\x03\x04" + bytes(26) + b"\xff\xfb\x90\x64" * 5000,
    "only-a-header.wav": wav_header(48_000, 1, 0)[:20],
    "no-channel.wav": wav_header(48_000, 0, 4000) + bytes(4000),
    "three-hertz.wav": wav_header(3, 1, 4000) + bytes(4000),
    "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.wav\n#EXT-X-ENDLIST\n",
    "list.mp3": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.wav\n#EXT-X-ENDLIST\n",
    "list.wav": b"ffconcat version 1.0\nfile other.wav\n",
    "list.m3u": b"other.wav\n",
    "call.sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    "dash.mpd": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "page.wav": b"<html><body>404</body></html>",
}


@pytest.mark.parametrize("name", BAD_FILES)
async def test_what_is_no_recording_is_refused(
    name: str, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    write_wav(tmp_path / "other.wav", tone(1))
    source = tmp_path / name
    source.write_bytes(BAD_FILES[name])
    with pytest.raises(UnreadableRecording) as caught:
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert caught.value.code == "recording_unreadable"
    assert left_in() == []


async def test_an_empty_file_is_refused(tmp_path: Path, out_dir: Path, left_in: Callable[[], list[str]]) -> None:
    source = tmp_path / "in.mp3"
    source.touch()
    with pytest.raises(EmptyRecording) as caught:
        await make_clips(source, out_dir)
    assert caught.value.code == "recording_empty"
    assert left_in() == []


async def test_a_recording_without_a_sample_is_refused(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = write_wav(tmp_path / "in.wav", np.zeros(0))
    with pytest.raises((EmptyRecording, UnreadableRecording)):
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))


async def test_a_file_that_is_gone_is_refused(tmp_path: Path, out_dir: Path) -> None:
    with pytest.raises(UnreadableRecording):
        await make_clips(tmp_path / "gone.wav", out_dir)


async def test_a_picture_is_refused_as_soundless(speech_wav: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = tmp_path / "in.mp4"
    argv = (str(ffmpeg), "-nostdin", "-f", "lavfi", "-i", "color=size=64x64:duration=1", "-c:v", "mpeg4", str(source))
    await runner.run_checked(runner.Command(argv, time_limit_s=60))
    with pytest.raises(UnreadableRecording) as caught:
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert caught.value.code == "recording_without_sound"


@pytest.mark.parametrize("amplitude", [0.0, 0.0001])
async def test_silence_is_refused(
    amplitude: float, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    source = write_wav(tmp_path / "in.wav", noise(3, amplitude))
    with pytest.raises(SilentRecording) as caught:
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert caught.value.code == "recording_silent"
    assert left_in() == []


async def test_four_hours_are_refused_before_any_work(tmp_path: Path, out_dir: Path) -> None:
    size = 4 * 3600 * 8000 * 2
    source = tmp_path / "in.wav"
    with source.open("wb") as file:
        file.write(wav_header(8000, 1, size))
        file.truncate(44 + size)  # a hole: it takes no room
    with pytest.raises(TooLongRecording) as caught:
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=tmp_path / "never started"))
    assert caught.value.code == "recording_too_long"
    assert caught.value.values == {"duration_s": 14400.0, "limit_s": 3600.0}


async def test_a_long_recording_that_hides_its_length_is_refused(
    speech_wav: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    written = runner.Command(
        (str(ffmpeg), "-nostdin", "-i", str(speech_wav), "-c:a", "libopus", "-f", "webm", "pipe:1"), time_limit_s=60
    )
    source = tmp_path / "in.webm"
    with source.open("wb") as file:
        await runner.run_checked(written, on_stdout=file.write)
    assert (await measure.probe(source)).duration_s is None
    with pytest.raises(TooLongRecording):
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg, duration_limit_s=4))
    assert left_in() == []


async def test_a_quiet_beginning_makes_no_recording_too_long(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    # The length of a bare AAC stream is estimated from its first frames, and those of silence are small.
    quiet = write_wav(tmp_path / "in.wav", np.concatenate([np.zeros(10 * 48_000), speechlike(4)]))
    source = await convert(ffmpeg, quiet, tmp_path / "in.aac", "-f", "adts")
    promised_s = (await measure.probe(source)).duration_s
    assert promised_s is not None
    assert promised_s > 60
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg, duration_limit_s=20))
    assert made.frames < 6 * 48_000


async def test_a_long_stream_of_unknown_length_is_refused(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = await convert(ffmpeg, write_wav(tmp_path / "in.wav", speechlike(8)), tmp_path / "in.aac", "-f", "adts")
    with pytest.raises(TooLongRecording):
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg, duration_limit_s=6))


async def test_a_full_disk_leaves_nothing(
    speech_wav: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    settings = AudioSettings(ffmpeg=ffmpeg, output_limit_bytes=4096)
    with pytest.raises(OutOfSpace) as caught:
        await make_clips(speech_wav, out_dir, settings=settings)
    assert caught.value.code == "out_of_space"
    assert left_in() == []


async def test_an_ffmpeg_that_is_not_there_is_said(speech_wav: Path, out_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(ToolMissing):
        await make_clips(speech_wav, out_dir, settings=AudioSettings(ffmpeg=tmp_path / "no-ffmpeg"))


@pytest.mark.parametrize("stage", [Stage.MEASURING, Stage.LEVELLING, Stage.ENCODING, Stage.CHECKING])
async def test_cancelling_ends_ffmpeg_and_leaves_nothing(
    stage: Stage, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    source = write_wav(tmp_path / "in.wav", np.tile(speechlike(10), 3))
    reached = asyncio.Event()

    def progress(now: Stage, _share: float) -> None:
        if now is stage:
            reached.set()

    others = set(psutil.Process().children(recursive=True))
    # A horn's recording takes every step.
    making = asyncio.create_task(
        make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg), progress=progress, profile=Profile.HORN)
    )
    await asyncio.wait_for(reached.wait(), 30)
    children = set(psutil.Process().children(recursive=True)) - others
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    assert children
    assert left_in() == []
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            assert child.status() == psutil.STATUS_ZOMBIE
