"""Makes the clips that a speaker identifies itself with: agents/assets/digits/vi/{0..9,intro}.opus.

Run once on a machine with espeak-ng (a voice that speaks Vietnamese) and ffmpeg with libopus; the clips are committed.
Each has 50 ms of silence before and 100 ms after the word, and a code said with them is at about -16 LUFS.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
WORDS = {"intro": "Mã số"} | {str(digit): word for digit, word in enumerate(DIGITS)}
# Said one after another with their pauses the words come to about -16 LUFS.
LOUDNESS_LUFS = -13.5
PEAK = 10 ** (-1.5 / 20)
TRIM = "silenceremove=start_periods=1:start_threshold=-45dB"
FOLDER = Path(__file__).parent.parent / "agents" / "assets" / "digits" / "vi"


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, word in WORDS.items():
            make(word, FOLDER / f"{name}.opus", Path(scratch))
    return 0


def make(word: str, clip: Path, scratch: Path) -> None:
    spoken, trimmed = scratch / "spoken.wav", scratch / "trimmed.wav"
    run("espeak-ng", "-v", "vi", "-s", "120", "-w", str(spoken), word)
    ffmpeg("-i", spoken, "-af", f"{TRIM},areverse,{TRIM},areverse", "-ar", 48000, "-ac", 1, trimmed)
    gain_db = LOUDNESS_LUFS - loudness(trimmed)
    chain = f"volume={gain_db:.2f}dB,alimiter=limit={PEAK:.3f}:level=false:latency=true,adelay=50,apad=pad_dur=0.1"
    ffmpeg(
        *("-i", trimmed, "-af", chain, "-ar", 48000, "-ac", 1, "-map_metadata", -1),
        *("-c:a", "libopus", "-b:a", "24k", "-bitexact", "-serial_offset", 1, clip),
    )
    print(f"{clip.name}: {word!r}, {gain_db:+.1f} dB, {clip.stat().st_size} bytes")


def loudness(path: Path) -> float:
    """Integrated loudness in LUFS; the word is repeated, because the measure needs some seconds."""
    told = ffmpeg("-stream_loop", 9, "-i", path, "-af", "ebur128", "-f", "null", "-")
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", told)[-1])


def ffmpeg(*arguments: object) -> str:
    return run("ffmpeg", "-hide_banner", "-nostdin", "-y", *map(str, arguments))


def run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


if __name__ == "__main__":
    sys.exit(main())
