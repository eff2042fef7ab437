"""Any program that reads a text aloud is a voice, within limits."""

import asyncio
import shutil
import stat
import sys
import wave
from pathlib import Path

import pytest

from audio.clip import VoiceFailed, VoiceMissing
from audio.speech import speak
from audio.voices.command import CommandVoice

VI = frozenset({"vi"})
# A program that writes a WAV of as many tenths of a second as it got words, and notes what it was given.
PROGRAM = f"""#!{sys.executable}
import sys, wave
text = sys.stdin.read()
out, language, rate, note = sys.argv[1:]
open(note, "a").write(f"{{language}} {{rate}} {{text}}")
with wave.open(sys.stdout.buffer if out == "-" else out, "wb") as file:
    file.setnchannels(2)
    file.setsampwidth(3)
    file.setframerate(11025)
    file.writeframes(b"\\0\\0\\x30\\0\\0\\x30" * 1102 * len(text.split()))
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "a voice"
    path.write_text(PROGRAM)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def shell(body: str, **limits: float) -> CommandVoice:
    return CommandVoice(("/bin/sh", "-c", body), VI, **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize("out", ["{out}", "-"])
async def test_its_wav_comes_in_a_file_or_from_its_output(out: str, program: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    voice = CommandVoice((str(program), out, "{language}", "{rate_wpm}", str(note)), VI)
    (tmp_path / "out").mkdir()
    spoken = await speak("Một hai. Ba bốn năm", "vi", tmp_path / "out" / "x.wav", voice=voice, words_per_minute=130)
    assert note.read_text() == "vi 130 Một hai.\nvi 130 Ba bốn năm\n"
    with wave.open(str(spoken.path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 11025)
    assert spoken.duration_s == pytest.approx(0.5 + 0.35, abs=0.05)
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["x.wav"]


async def test_a_text_is_no_argument_and_no_shell_line(program: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    voice = CommandVoice((str(program), "-", "{language}", "{rate_wpm}", str(note)), frozenset({"en"}))
    text = "{out} $(touch broken); --help"
    await voice.say(text, "en", 120, tmp_path / "x.wav")
    assert note.read_text() == f"en 120 {text}\n"
    assert not Path("broken").exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("cat > /dev/null; exit 3", "ended with 3"),
        ("cat > /dev/null; echo no model >&2; exit 1", "no model"),
        ("cat > /dev/null", "no WAV"),
        ("cat", "no WAV"),
        ("head -c 200000 /dev/zero", "more than 100000 bytes"),
        ("kill -9 $$", "-9"),
    ],
)
async def test_a_broken_program_is_said(body: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(VoiceFailed, match=said):
        await shell(body, output_limit_bytes=100_000).say("Xin chào", "vi", 125, tmp_path / "x.wav")
    assert list(tmp_path.iterdir()) == []


async def test_a_program_that_writes_no_file_is_said(tmp_path: Path) -> None:
    voice = CommandVoice(("/bin/sh", "-c", ": {out}"), VI)
    with pytest.raises(VoiceFailed, match="no file"):
        await voice.say("Xin chào", "vi", 125, tmp_path / "x.wav")


async def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(VoiceFailed) as caught:
        await shell("exec sleep 600", time_limit_s=0.3).say("Xin chào", "vi", 125, tmp_path / "x.wav")
    assert caught.value.values["limit_s"] == 0.3


async def test_a_program_that_takes_all_memory_is_ended(tmp_path: Path) -> None:
    greedy = CommandVoice(
        (sys.executable, "-c", "import time; time.sleep(0.2); bytearray(2**30)"), VI, memory_limit_bytes=512 * 1024**2
    )
    with pytest.raises(VoiceFailed, match="MemoryError"):
        await greedy.say("Xin chào", "vi", 125, tmp_path / "x.wav")


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceMissing):
        await CommandVoice((str(tmp_path / "nothing"),), VI).say("Xin chào", "vi", 125, tmp_path / "x.wav")


async def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    saying = asyncio.create_task(shell(f"touch {begun}; exec sleep 600").say("a", "vi", 125, tmp_path / "x.wav"))
    async with asyncio.timeout(10):
        while not begun.exists():
            await asyncio.sleep(0.005)
    saying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saying


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs the command espeak-ng")
async def test_a_real_program_reads(tmp_path: Path) -> None:
    voice = CommandVoice(("espeak-ng", "-v", "{language}", "-s", "{rate_wpm}", "--stdin", "--stdout"), VI)
    spoken = await speak("Xin chào bà con.", "vi", tmp_path / "x.wav", voice=voice)
    assert spoken.duration_s > 0.5
