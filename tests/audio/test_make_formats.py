"""Whatever a person's telephone, recorder or archive writes becomes a clip.

The files are made here by whichever ffmpeg of this machine has the encoder. No ffmpeg encodes AMR-WB: its frames are
written by hand, filled with random bits, which every decoder plays as noise.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from audio import measure
from audio.clip import AudioSettings, Profile, Rendition, UnreadableRecording
from audio.make import make_clips
from tests.audio.conftest import (
    RATE_HZ,
    convert,
    decode,
    every_ffmpeg,
    integrated_lufs,
    speechlike,
    tone,
    true_peak_dbtp,
    write_wav,
)

DURATION_S = 1.6


@dataclass(frozen=True, slots=True)
class Kind:
    """A file that people have: its name, what it must be recognised as, and how ffmpeg writes it."""

    name: str
    format: str
    encoder: str
    options: tuple[str, ...] = ()


NARROW = ("-ar", "8000", "-ac", "1")
KINDS = (
    Kind("recorder.wav", "wav", "pcm_s16le"),
    Kind("old.wav", "wav", "pcm_u8"),
    Kind("studio.wav", "wav", "pcm_s24le"),
    Kind("float.wav", "wav", "pcm_f32le", ("-ar", "96000", "-ac", "2")),
    Kind("exchange.wav", "wav", "pcm_mulaw", NARROW),
    Kind("exchange-a.wav", "wav", "pcm_alaw", NARROW),
    Kind("dictaphone.wav", "wav", "libgsm_ms", NARROW),
    Kind("speech.mp3", "mp3", "libmp3lame", ("-b:a", "64k")),
    Kind("telephone.m4a", "mov", "aac"),
    Kind("radio.aac", "aac", "aac", ("-f", "adts")),
    Kind("speech.ogg", "ogg", "libvorbis"),
    Kind("speech.opus", "ogg", "libopus"),
    Kind("speech.flac", "flac", "flac"),
    Kind("note.amr", "amr", "libopencore_amrnb", (*NARROW, "-b:a", "12.2k")),
    Kind("call.gsm", "gsm", "libgsm", (*NARROW, "-f", "gsm")),
    Kind("call.g722", "g722", "g722", ("-ar", "16000", "-ac", "1", "-f", "g722")),
    Kind("archive.wma", "asf", "wmav2"),
    Kind("browser.webm", "matroska", "libopus"),
    Kind("browser.mp4", "mov", "aac", ("-movflags", "frag_keyframe+empty_moov")),
    Kind("studio.aiff", "aiff", "pcm_s16be"),
    Kind("disc.ac3", "ac3", "ac3"),
    Kind("mac.caf", "caf", "pcm_s16be"),
    Kind("telephone.3gp", "mov", "libopencore_amrnb", (*NARROW, "-b:a", "12.2k")),
    Kind("sun.au", "au", "pcm_mulaw"),
    Kind("lossless.m4a", "mov", "alac"),
    Kind("tape.mka", "matroska", "libvorbis"),
)


@cache
def with_encoder(name: str) -> Path:
    """An ffmpeg of this machine that has the encoder."""
    for ffmpeg in every_ffmpeg():
        listed = subprocess.run([ffmpeg, "-hide_banner", "-encoders"], capture_output=True, text=True, check=True)
        if any(line.split()[1:2] == [name] for line in listed.stdout.splitlines()):
            return ffmpeg
    pytest.skip(f"no ffmpeg here encodes {name}")


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """The recording behind every file."""
    return write_wav(tmp_path / "spoken.wav", speechlike(DURATION_S))


async def check(source: Path, out_dir: Path, ffmpeg: Path, name: str, duration_s: float) -> None:
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg), name=name)
    assert made.frames / RATE_HZ == pytest.approx(0.2 + duration_s, abs=0.2)
    for clip in made.renditions.values():
        sound = decode(clip.path)
        assert integrated_lufs(sound) == pytest.approx(-16, abs=0.5)
        assert true_peak_dbtp(sound) <= -1.5


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_every_usual_kind_of_file_is_taken(
    kind: Kind, spoken: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path
) -> None:
    options = ("-c:a", kind.encoder, *kind.options)
    written = await convert(with_encoder(kind.encoder), spoken, tmp_path / kind.name, *options)
    # As an upload is kept: only the person's name for it tells the ending.
    upload = written.rename(tmp_path / "upload")
    assert (await measure.probe(upload, kind.name)).format == kind.format
    await check(upload, out_dir, ffmpeg, kind.name, DURATION_S)


async def test_the_sound_track_of_a_video_is_taken(spoken: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    video = ("-f", "lavfi", "-i", f"testsrc=size=128x96:rate=10:duration={DURATION_S}", "-c:v", "mpeg4", "-c:a", "aac")
    source = await convert(ffmpeg, spoken, tmp_path / "film.mp4", *video)
    await check(source, out_dir, ffmpeg, "film.mp4", DURATION_S)


async def test_a_wide_band_telephone_note_is_taken(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    bits = np.random.default_rng(9)

    def frames() -> Iterator[bytes]:
        for _ in range(100):  # of 20 ms, 12.65 kbit/s: type 2, good, 253 bits
            yield b"\x14" + bits.bytes(31) + bytes([int(bits.integers(32)) << 3])

    source = tmp_path / "note.amr"
    source.write_bytes(b"#!AMR-WB\n" + b"".join(frames()))
    assert (await measure.probe(source)).rate_hz == 16_000
    await check(source, out_dir, ffmpeg, "", 2.0)


@pytest.mark.parametrize("ending", ["g722", "gsm"])
async def test_the_ending_of_a_name_counts_only_where_the_content_says_nothing(
    ending: str, spoken: Path, tmp_path: Path
) -> None:
    assert (await measure.probe(spoken, f"call.{ending}")).format == "wav"
    nothing = tmp_path / "upload"
    nothing.write_bytes(b"no sound at all\n" * 400)
    with pytest.raises(UnreadableRecording):
        await measure.probe(nothing, "call.gsm" if ending == "gsm" else "call.mp3")


@pytest.mark.parametrize("name", ["../../call.G722", "a\0b.g722", "-f hls.g722", "😀.g722", "C:\\calls\\1.g722"])
async def test_of_a_name_nothing_but_its_ending_is_looked_at(
    name: str, spoken: Path, tmp_path: Path, ffmpeg: Path
) -> None:
    options = ("-ar", "16000", "-ac", "1", "-f", "g722")
    upload = (await convert(ffmpeg, spoken, tmp_path / "call.g722", *options)).rename(tmp_path / "upload")
    assert (await measure.probe(upload, name)).format == "g722"


async def test_eight_channels_become_one(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    voice = speechlike(DURATION_S)
    source = write_wav(tmp_path / "desk.wav", *(voice * share for share in (1, 1, 0.5, 0.2, 0.3, 0.3, 0.1, 0.1)))
    await check(source, out_dir, ffmpeg, "", DURATION_S)


@pytest.mark.parametrize(("profile", "quieter"), [(Profile.PLAIN, False), (Profile.HORN, True)])
async def test_for_a_horn_nothing_is_sent_that_it_cannot_give(
    profile: Profile, quieter: bool, tmp_path: Path, out_dir: Path, ffmpeg: Path
) -> None:
    # Tones of one level, so far apart that each has its own band, on a recording that has gaps like speech.
    asked_hz = (120, 1000, 3000, 11_000)
    both = np.asarray(sum(tone(6, hz, 0.1) for hz in asked_hz)) * ((np.arange(6 * RATE_HZ) // 9600) % 2)
    source = write_wav(tmp_path / "in.wav", both)
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg), profile=profile)
    sound = decode(made.renditions[Rendition.OPUS24].path)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    at_hz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)

    def level_db(hz: int) -> float:
        return float(10 * np.log10(spectrum[(at_hz > hz - 60) & (at_hz < hz + 60)].sum()))

    below, low, middle, above = map(level_db, asked_hz)
    assert low == pytest.approx(middle, abs=2.5)
    assert (below < low - 20) is quieter
    assert (above < low - 20) is quieter


@pytest.mark.parametrize("amplitude", [0.02, 1.0, 5.0])
async def test_what_is_shaped_for_a_horn_is_as_loud_as_promised(
    amplitude: float, tmp_path: Path, out_dir: Path, ffmpeg: Path
) -> None:
    source = write_wav(tmp_path / "in.wav", amplitude * speechlike(6))
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg), profile=Profile.HORN)
    for clip in made.renditions.values():
        sound = decode(clip.path)
        assert integrated_lufs(sound) == pytest.approx(-16, abs=0.5)
        assert true_peak_dbtp(sound) <= -1.5


async def test_for_a_horn_loud_and_soft_come_nearer_to_each_other(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    sound = speechlike(8)
    sound[4 * RATE_HZ :] *= 0.25  # 12 dB
    source = write_wav(tmp_path / "in.wav", sound)
    settings = AudioSettings(ffmpeg=ffmpeg)
    steps_db = []
    for profile in Profile:
        made = await make_clips(source, out_dir, settings=settings, profile=profile)
        clip = decode(made.renditions[Rendition.OPUS24].path)
        loud, soft = clip[RATE_HZ : 3 * RATE_HZ], clip[5 * RATE_HZ : 7 * RATE_HZ]
        steps_db.append(10 * np.log10((loud**2).mean() / (soft**2).mean()))
    plain_db, horn_db = steps_db
    assert plain_db > 10
    assert horn_db < plain_db - 2
