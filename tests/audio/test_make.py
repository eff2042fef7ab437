"""A recording becomes clips that are equally loud, begin at the same frame, and are whole or absent."""

import hashlib
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audio import judge, level, measure, plan, runner
from audio.clip import (
    AudioSettings,
    FindingCode,
    Remedy,
    Rendition,
    Stage,
)
from audio.make import make_clips
from audio.speech import speak
from tests.audio.conftest import (
    RATE_HZ,
    Sound,
    convert,
    decode,
    integrated_lufs,
    lag_frames,
    noise,
    seconds,
    speechlike,
    tone,
    true_peak_dbtp,
    write_wav,
)

PREROLL_FRAMES = 9600


def music(duration_s: float) -> Sound:
    at = seconds(duration_s)
    notes = sum(np.sin(math.tau * f * at + f) for f in (261.6, 329.6, 392.0, 523.3, 1046.5, 2093.0))
    return np.asarray(notes * np.exp(-3 * ((2 * at) % 1)) * 0.14)


RECORDINGS: dict[str, Callable[[], tuple[Sound, ...]]] = {
    "speech": lambda: (speechlike(6),),
    "speech with high crest": lambda: (np.sign(speechlike(6)) * np.abs(speechlike(6)) ** 1.5 * 1.5,),
    "stereo": lambda: (speechlike(6), 0.4 * speechlike(6)),
    "one channel only": lambda: (speechlike(6), np.zeros(6 * RATE_HZ)),
    "quiet": lambda: (0.02 * speechlike(6, noise=0.0005),),
    "loud and clipped": lambda: (4 * speechlike(6),),
    "music": lambda: (music(6),),
    "tone": lambda: (tone(4),),
    "hiss": lambda: (noise(4),),
    "constant offset": lambda: (0.3 * speechlike(6) + 0.4,),
}


async def recut(path: Path, ffmpeg: Path, wav: Path) -> tuple[measure.View, judge.Heard]:
    """The recording as the first pass hears it, and the levelled sound in `wav`."""
    probed = await measure.probe(path)
    source = plan.Source(path, probed.format, probed.channels, 60)
    view = measure.View(mixed=probed.channels > 1)
    command = runner.Command((str(ffmpeg), *plan.measuring(source)), time_limit_s=60)
    finished = await runner.run_checked(command, on_stdout=view.feed)
    view.finish()
    heard = judge.hear(view, measure.read_loudness(finished.stderr).integrated_lufs, "wav", None)
    at = level.aim(view, heard, AudioSettings()).level
    await runner.run_checked(
        runner.Command((str(ffmpeg), *plan.levelling(source, heard.cut, at, 200, wav=wav)), time_limit_s=60)
    )
    return view, heard


async def check_levels(recording: tuple[Sound, ...], folder: Path, ffmpeg: Path) -> None:
    source = write_wav(folder / "in.wav", *recording)
    made = await make_clips(source, folder / "clips", settings=AudioSettings(ffmpeg=ffmpeg))
    assert set(made.renditions) == set(Rendition)
    for clip in made.renditions.values():
        sound = decode(clip.path)
        assert integrated_lufs(sound) == pytest.approx(-16, abs=0.5)
        assert true_peak_dbtp(sound) <= -1.5
        assert clip.loudness.integrated_lufs == pytest.approx(integrated_lufs(sound), abs=0.2)
        assert len(sound) == clip.frames
    assert FindingCode.OFF_LEVEL not in {finding.code for finding in made.findings}


@pytest.mark.parametrize("name", RECORDINGS)
async def test_every_recording_comes_out_equally_loud(name: str, tmp_path: Path, ffmpeg: Path) -> None:
    await check_levels(RECORDINGS[name](), tmp_path, ffmpeg)


async def test_every_ffmpeg_gives_the_same_level(tmp_path: Path, each_ffmpeg: Path) -> None:
    await check_levels((speechlike(6, seed=7),), tmp_path, each_ffmpeg)


async def test_a_text_that_was_read_aloud_comes_out_equally_loud(tmp_path: Path, ffmpeg: Path) -> None:
    text = "Kính thưa bà con. Ngày mai, 20/11, trạm y tế xã tiêm vắc xin từ 7h30. Mời bà con đến đúng giờ."
    for language in ("vi", "en"):
        spoken = await speak(text, language, tmp_path / f"{language}.wav")
        made = await make_clips(spoken.path, tmp_path / "clips", settings=AudioSettings(ffmpeg=ffmpeg))
        for clip in made.renditions.values():
            decoded = decode(clip.path)
            assert integrated_lufs(decoded) == pytest.approx(-16, abs=0.5)
            assert true_peak_dbtp(decoded) <= -1.5


async def test_the_sound_begins_after_exactly_200_ms(
    speech_wav: Path, tmp_path: Path, out_dir: Path, each_ffmpeg: Path
) -> None:
    levelled = tmp_path / "levelled.wav"
    _, heard = await recut(speech_wav, each_ffmpeg, levelled)
    made = await make_clips(speech_wav, out_dir, settings=AudioSettings(ffmpeg=each_ffmpeg))
    reference = decode(levelled)
    assert not reference[:PREROLL_FRAMES].any()
    assert len(reference) == PREROLL_FRAMES + heard.frames == made.frames
    for clip in made.renditions.values():
        sound = decode(clip.path)
        # Opus smears an onset over a few milliseconds; before that it is silent.
        assert np.abs(sound[: PREROLL_FRAMES - 480]).max() < 0.001
        assert abs(lag_frames(sound, reference)) <= 2


async def test_nothing_of_an_untrimmed_recording_is_lost(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    frames = 3 * RATE_HZ + 1234
    source = write_wav(tmp_path / "in.wav", tone(10)[:frames])
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert made.frames == PREROLL_FRAMES + frames
    assert made.renditions[Rendition.OPUS24].duration_s == made.frames / RATE_HZ


async def test_many_dips_change_neither_length_nor_place(tmp_path: Path, ffmpeg: Path) -> None:
    frames = 10 * RATE_HZ + 77
    source = plan.Source(write_wav(tmp_path / "in.wav", tone(11)[:frames]), "wav", 1, 60)
    dips = tuple(plan.Dip(0.5 + 0.04 * number, 6.0) for number in range(200))
    wav = tmp_path / "levelled.wav"
    arguments = plan.levelling(source, plan.Cut(), plan.Level(0.0, -4.0, dips), 200, wav=wav)
    await runner.run_checked(runner.Command((str(ffmpeg), *arguments), time_limit_s=60))
    sound = decode(wav)
    assert len(sound) == PREROLL_FRAMES + frames
    before, within = sound[PREROLL_FRAMES : PREROLL_FRAMES + 19_000], sound[RATE_HZ * 2 : RATE_HZ * 8]
    assert np.abs(before).max() == pytest.approx(0.3, abs=0.04)  # it begins with a click
    assert np.abs(within).max() < 0.16


async def test_a_recording_whose_form_changes_on_the_way_is_heard_whole(
    tmp_path: Path, out_dir: Path, each_ffmpeg: Path
) -> None:
    # A tune and a talk, joined as people do: the bytes of one file after those of the other.
    tune = await convert(each_ffmpeg, write_wav(tmp_path / "a.wav", tone(2)), tmp_path / "a.mp3")
    talk = write_wav(tmp_path / "b.wav", speechlike(3)[::2], speechlike(3)[::2], rate_hz=RATE_HZ // 2)
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(tune.read_bytes() + (await convert(each_ffmpeg, talk, tmp_path / "b.mp3")).read_bytes())
    made = await make_clips(joined, out_dir, settings=AudioSettings(ffmpeg=each_ffmpeg))
    assert made.frames / RATE_HZ == pytest.approx(5.2, abs=0.3)
    for clip in made.renditions.values():
        sound = decode(clip.path)
        assert integrated_lufs(sound) == pytest.approx(-16, abs=0.5)
        # No second preroll, and no fade, where the two meet.
        seam = np.abs(sound[RATE_HZ : 3 * RATE_HZ]).reshape(-1, 4800).max(axis=1)
        assert seam.min() > 0.02


async def test_a_file_is_named_by_its_hash_and_the_same_sound_gives_the_same_bytes(
    speech_wav: Path, out_dir: Path, tmp_path: Path, ffmpeg: Path
) -> None:
    settings = AudioSettings(ffmpeg=ffmpeg)
    first = await make_clips(speech_wav, out_dir, settings=settings)
    again = await make_clips(speech_wav, tmp_path / "elsewhere", settings=settings)
    for rendition, clip in first.renditions.items():
        content = clip.path.read_bytes()
        assert clip.path.name == f"{hashlib.sha256(content).hexdigest()}.opus"
        assert clip.sha256 == again.renditions[rendition].sha256
        assert clip.size_bytes == len(content)
        assert clip.size_bytes * 8 / clip.duration_s < rendition.bit_rate_bps * 1.15
    assert len(list(out_dir.iterdir())) == 2


async def test_the_waveform_is_that_of_the_rendition(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    sound = tone(4)
    sound[2 * RATE_HZ : 3 * RATE_HZ] = 0
    source = write_wav(tmp_path / "in.wav", sound)
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert len(made.waveform) == 400
    bucket_s = 4.2 / 400
    assert not any(made.waveform[: int(0.2 / bucket_s) - 1])
    assert min(made.waveform[int(0.3 / bucket_s) : int(2.1 / bucket_s)]) > 80
    # What is cut off below 80 Hz rings for a moment.
    assert not any(made.waveform[int(2.4 / bucket_s) : int(3.1 / bucket_s)])


async def test_progress_never_falls_and_ends_at_one(speech_wav: Path, out_dir: Path, ffmpeg: Path) -> None:
    told: list[tuple[Stage, float]] = []
    await make_clips(
        speech_wav, out_dir, settings=AudioSettings(ffmpeg=ffmpeg), progress=lambda *step: told.append(step)
    )
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert {stage for stage, _ in told} >= {Stage.MEASURING, Stage.ENCODING, Stage.CHECKING}


@pytest.mark.parametrize("duration_s", [0.15, 0.4, 1.0])
async def test_a_short_sound_is_levelled_too(duration_s: float, tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = write_wav(tmp_path / "in.wav", tone(duration_s, amplitude=0.05))
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    sound = decode(made.renditions[Rendition.OPUS24].path)
    # BS.1770 measures blocks of 400 ms.
    sound = np.concatenate([sound, np.zeros(max(0, 19_201 - len(sound)))])
    assert integrated_lufs(sound) == pytest.approx(-16, abs=0.5)


async def findings_of(source: Path, out_dir: Path, ffmpeg: Path) -> dict[FindingCode, tuple[Remedy, dict[str, float]]]:
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    return {each.code: (each.remedy, dict(each.values)) for each in made.findings}


async def test_a_good_recording_gives_no_remark(speech_wav: Path, out_dir: Path, ffmpeg: Path) -> None:
    assert await findings_of(speech_wav, out_dir, ffmpeg) == {}


async def test_a_very_quiet_recording_is_amplified_and_said(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = write_wav(tmp_path / "in.wav", 0.01 * speechlike(6, noise=0.001))
    remedy, values = (await findings_of(source, out_dir, ffmpeg))[FindingCode.VERY_QUIET]
    assert remedy is Remedy.AMPLIFIED
    assert values["loudness_lufs"] < -40
    assert values["gain_db"] > 24


async def test_clipping_is_said(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = write_wav(tmp_path / "in.wav", 6 * speechlike(6))
    remedy, values = (await findings_of(source, out_dir, ffmpeg))[FindingCode.CLIPPED]
    assert remedy is Remedy.KEPT
    assert 5 < values["percent"] <= 100


async def test_silence_at_both_ends_is_trimmed_and_said(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    quiet = np.random.default_rng(2).standard_normal(6 * RATE_HZ) * 0.0003
    sound = np.concatenate([quiet[: 4 * RATE_HZ], speechlike(3), quiet])
    source = write_wav(tmp_path / "in.wav", sound)
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    codes = {each.code: each for each in made.findings}
    assert codes[FindingCode.MOSTLY_SILENT].remedy is Remedy.TRIMMED
    assert codes[FindingCode.SILENCE_TRIMMED].values["start_s"] == pytest.approx(4.0, abs=0.1)
    assert codes[FindingCode.SILENCE_TRIMMED].values["end_s"] == pytest.approx(6.0, abs=0.4)
    assert made.frames == pytest.approx(3.2 * RATE_HZ, abs=0.3 * RATE_HZ)


async def test_a_hissed_first_syllable_is_kept_whole(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    rng = np.random.default_rng(4)
    hiss = np.diff(rng.standard_normal(RATE_HZ // 5 + 1)) * 0.02  # an "s": most of it above 5 kHz
    sound = np.concatenate([np.zeros(2 * RATE_HZ), hiss, speechlike(3, noise=0)])
    made = await make_clips(write_wav(tmp_path / "in.wav", sound), out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    trimmed = next(each for each in made.findings if each.code is FindingCode.SILENCE_TRIMMED)
    assert 1.9 <= trimmed.values["start_s"] <= 2.0


async def test_channels_that_cancel_each_other_are_heard(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    sound = speechlike(6)
    source = write_wav(tmp_path / "in.wav", sound, -sound)
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert made.findings[0].code is FindingCode.OUT_OF_PHASE
    assert integrated_lufs(decode(made.renditions[Rendition.OPUS24].path)) == pytest.approx(-16, abs=0.5)


async def test_a_file_that_breaks_off_is_said(speech_wav: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    flac = await convert(ffmpeg, speech_wav, tmp_path / "in.flac")
    flac.write_bytes(flac.read_bytes()[: flac.stat().st_size // 2])
    remedy, values = (await findings_of(flac, out_dir, ffmpeg))[FindingCode.TRUNCATED]
    assert remedy is Remedy.KEPT
    assert values["promised_s"] == pytest.approx(6.0, abs=0.1)
    assert values["duration_s"] < 4


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("in.mp3", ()),
        ("in.m4a", ()),
        ("in.aac", ()),
        ("in.flac", ()),
        ("in.ogg", ("-c:a", "libvorbis")),
        ("in.opus", ("-c:a", "libopus")),
        ("in.webm", ("-c:a", "libopus")),
        ("in.wma", ()),
        ("in.g722", ("-ar", "16000")),
        ("in.aiff", ()),
        ("eight-channels.wav", ("-ac", "8")),
        ("telephone.wav", ("-ar", "8000", "-c:a", "pcm_alaw")),
        ("an mp3 that is called.wav", ("-f", "mp3")),
    ],
)
async def test_every_common_format_is_read(
    name: str, options: tuple[str, ...], speech_wav: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path
) -> None:
    source = await convert(ffmpeg, speech_wav, tmp_path / name, *options)
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert made.frames == pytest.approx(6.2 * RATE_HZ, abs=0.4 * RATE_HZ)


async def test_the_sound_track_of_a_video_is_read(
    speech_wav: Path, tmp_path: Path, out_dir: Path, ffmpeg: Path
) -> None:
    picture = ("-f", "lavfi", "-i", "color=size=64x64:duration=3", "-shortest", "-c:v", "mpeg4", "-c:a", "aac")
    source = await convert(ffmpeg, speech_wav, tmp_path / "in.mp4", *picture)
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert made.frames > 2 * RATE_HZ


@pytest.mark.parametrize("name", ["😀 loa.wav", "-i.wav", "concat:a|b.wav", "%03d.wav", "a'b\"c;$(x)`.wav", "..wav"])
async def test_a_name_is_a_name_and_nothing_else(name: str, tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = write_wav(tmp_path / name, tone(1))
    made = await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))
    assert made.frames == PREROLL_FRAMES + RATE_HZ
