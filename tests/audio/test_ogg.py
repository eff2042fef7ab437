"""The few bytes of Ogg Opus that are read and written here."""

from pathlib import Path

import numpy as np
import pytest

from audio import ogg, runner
from audio.clip import ToolFailed
from audio.ogg import opus_frames, set_output_gain
from tests.audio.conftest import convert, decode, tone, write_wav


@pytest.fixture
async def clip(speech_wav: Path, tmp_path: Path, ffmpeg: Path) -> Path:
    out = tmp_path / "clip.opus"
    argv = (str(ffmpeg), "-nostdin", "-i", str(speech_wav), "-c:a", "libopus", "-b:a", "16k", str(out))
    await runner.run_checked(runner.Command(argv, time_limit_s=60))
    return out


async def test_the_frames_are_those_that_a_decoder_returns(clip: Path) -> None:
    assert opus_frames(clip) == len(decode(clip))


async def test_the_output_gain_turns_the_decoded_sound_up(clip: Path) -> None:
    set_output_gain(clip, 0.0)
    before = decode(clip)
    set_output_gain(clip, -1.5)
    after = decode(clip)
    loud = np.abs(before) > 0.01
    assert 20 * np.log10(np.abs(after[loud] / before[loud])) == pytest.approx(-1.5, abs=0.05)


async def test_a_file_that_is_cut_off_is_found_out(clip: Path) -> None:
    clip.write_bytes(clip.read_bytes()[:-2000])
    with pytest.raises(ToolFailed, match="cut off"):
        opus_frames(clip)


def test_what_is_no_opus_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "x.opus").write_bytes(b"RIFF" * 100)
    with pytest.raises(ToolFailed):
        opus_frames(tmp_path / "x.opus")
    with pytest.raises(ToolFailed):
        set_output_gain(tmp_path / "x.opus", 1.0)


async def test_packets_of_another_encoding_take_their_place(tmp_path: Path, ffmpeg: Path) -> None:
    loud = await convert(ffmpeg, write_wav(tmp_path / "loud.wav", tone(5)), tmp_path / "loud.opus")
    soft = await convert(ffmpeg, write_wav(tmp_path / "soft.wav", tone(5, amplitude=0.03)), tmp_path / "soft.opus")
    whole = ogg.pages(loud)
    ogg.write(tmp_path / "same.opus", whole)
    assert (tmp_path / "same.opus").read_bytes() == loud.read_bytes()
    made = tmp_path / "made.opus"
    ogg.write(made, ogg.splice(whole, ogg.pages(soft), 100, 150, 0))
    assert ogg.opus_frames(made) == ogg.opus_frames(loud)
    heard = np.abs(decode(made))[: 48_000 * 5 // 4800 * 4800].reshape(-1, 4800).max(axis=1)
    assert heard[:19].min() > 0.2
    assert heard[22:29].max() < 0.06
    assert heard[33:].min() > 0.2


async def test_an_excerpt_is_a_file_of_its_own(tmp_path: Path, ffmpeg: Path) -> None:
    source = await convert(ffmpeg, write_wav(tmp_path / "in.wav", tone(10)), tmp_path / "in.opus")
    near, begins = ogg.excerpt(ogg.pages(source), 200, 260)
    assert begins <= 200
    ogg.write(tmp_path / "part.opus", near)
    assert 1 <= len(decode(tmp_path / "part.opus")) / 48_000 <= 4


async def test_a_patch_that_is_too_short_is_refused(tmp_path: Path, ffmpeg: Path) -> None:
    source = await convert(ffmpeg, write_wav(tmp_path / "in.wav", tone(2)), tmp_path / "in.opus")
    whole = ogg.pages(source)
    with pytest.raises(ToolFailed):
        ogg.splice(whole, whole, 10, 20, -1_000)
    (tmp_path / "no.opus").write_bytes(b"no sound" * 10)
    with pytest.raises(ToolFailed):
        ogg.pages(tmp_path / "no.opus")
