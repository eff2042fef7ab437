"""A Piper model is a voice; the model here is a tiny one that hums (see make_tiny_piper.py)."""

import itertools
import shutil
import sys
import wave
from array import array
from pathlib import Path

import pytest

from audio.clip import VoiceFailed
from audio.speech import speak
from audio.text import pieces
from audio.voices.piper import PiperVoice

pytest.importorskip("piper", reason="needs piper-tts")
MODEL = Path(__file__).with_name("tiny-vi.onnx")
NOTICE = (
    "Kính thưa bà con. Sáng thứ hai tuần tới, trạm y tế xã tiêm vắc xin cho trẻ em. Mời bà con đưa trẻ đến đúng giờ. "
)


def rising(path: Path) -> float:
    """How often a second the sound rises through zero."""
    with wave.open(str(path)) as file:
        values = array("h", file.readframes(file.getnframes()))
        crossings = sum(1 for a, b in itertools.pairwise(values) if a < 0 <= b)
        return crossings * file.getframerate() / len(values)


@pytest.mark.parametrize("wanted", [110, 150])
async def test_a_model_reads_at_the_pace_that_is_set(wanted: int, tmp_path: Path) -> None:
    text = NOTICE * 4
    words = sum(len(piece.text.split()) for piece in pieces(text, "vi"))
    spoken = await speak(text, "vi", tmp_path / "x.wav", voice=PiperVoice(MODEL), words_per_minute=wanted)
    assert words * 60 / spoken.duration_s == pytest.approx(wanted, rel=0.1)
    assert len(spoken.marks) == 12


async def test_a_model_has_many_speakers(tmp_path: Path) -> None:
    for speaker in (0, 1):
        await PiperVoice(MODEL, speaker=speaker).say("Xin chào", "vi", 125, tmp_path / f"{speaker}.wav")
    assert rising(tmp_path / "0.wav") == pytest.approx(220, rel=0.05)
    assert rising(tmp_path / "1.wav") == pytest.approx(440, rel=0.05)


async def test_a_speaker_that_the_model_has_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceFailed, match="2 speakers"):
        await PiperVoice(MODEL, speaker=7).say("Xin chào", "vi", 125, tmp_path / "x.wav")


async def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not a model")
    with pytest.raises(VoiceFailed, match="cannot be loaded"):
        await PiperVoice(broken, MODEL.with_name("tiny-vi.onnx.json")).say("Xin chào", "vi", 125, tmp_path / "x.wav")
    with pytest.raises(VoiceFailed, match="cannot be loaded"):
        await PiperVoice(broken).say("Xin chào", "vi", 125, tmp_path / "x.wav")


async def test_a_model_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(VoiceFailed) as caught:
        await PiperVoice(MODEL, time_limit_s=0.01).say("Xin chào", "vi", 125, tmp_path / "x.wav")
    assert caught.value.values["limit_s"] == 0.01


async def test_the_program_of_piper_can_be_a_command(tmp_path: Path) -> None:
    from audio.voices.command import CommandVoice

    piper = shutil.which("piper", path=str(Path(sys.executable).parent))
    if piper is None:
        pytest.skip("needs the command piper")
    voice = CommandVoice((piper, "-m", str(MODEL), "-f", "{out}"), frozenset({"vi"}))
    spoken = await speak("Xin chào bà con.", "vi", tmp_path / "x.wav", voice=voice)
    assert spoken.duration_s > 0.3
