"""The few bytes of Ogg Opus that are read and written here."""

from pathlib import Path

import numpy as np
import pytest

from audio import runner
from audio.clip import ToolFailed
from audio.ogg import opus_frames, set_output_gain
from tests.audio.conftest import decode


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
