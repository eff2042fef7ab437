"""The studio: what the room audio makes, as the services know it, and nothing outside its folder."""

import hashlib
import io
import math
import struct
import wave
from dataclasses import replace

import pytest

from agents.protocol.values import RenditionName
from controller.domain.errors import StudioFailed
from controller.domain.sounds import Profile
from controller.studio import AudioStudio, VoicesUnusable
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


async def test_the_siren_sounds_from_its_first_moment_to_its_last(studio):
    """It is heard on arrival, and begun again where it ends."""
    prepared = await studio.siren()
    assert abs(prepared.frames - 8 * 48_000) < 480
    assert min(prepared.peaks[0], prepared.peaks[-1]) > max(prepared.peaks) / 4


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


async def test_each_sentence_is_marked_where_it_lies_in_the_finished_clip(studio):
    prepared = await studio.from_text(
        reading("Kính mời bà con. Đúng 7 giờ tối."), {}, Profile.PLAIN, lambda share: None
    )
    first, second = prepared.marks
    assert [first.text, second.text] == ["Kính mời bà con.", "Đúng 7 giờ tối."]
    assert first.start_s >= 0.2, "a clip begins with silence"
    assert first.start_s < first.end_s < second.start_s < second.end_s
    assert second.end_s <= prepared.frames / 48_000
    pause = prepared.peaks[int(len(prepared.peaks) * (first.end_s + second.start_s) / 2 * 48_000 / prepared.frames)]
    assert pause == 0, "between the sentences nothing is heard"


async def test_a_horn_gets_another_sound_than_any_speaker(studio):
    plain = await studio.from_text(reading("Xin chào."), {}, Profile.PLAIN, lambda share: None)
    horn = await studio.from_text(reading("Xin chào."), {}, Profile.HORN, lambda share: None)
    assert {one.sha256 for one in plain.renditions.values()}.isdisjoint(one.sha256 for one in horn.renditions.values())
    assert horn.integrated_lufs == pytest.approx(-16.0, abs=0.5)


async def test_what_was_mended_is_told_with_its_figures(studio, tmp_path):
    path = tmp_path / "late.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 96_000))
        file.writeframes(b"".join(struct.pack("<h", int(9_000 * math.sin(n / 20))) for n in range(96_000)))
    prepared = await studio.from_recording(path, "late.wav", Profile.PLAIN, lambda share: None)
    trimmed = next(one for one in prepared.findings if one.code == "silence_trimmed")
    assert trimmed.remedy == "trimmed"
    assert trimmed.values["start_s"] == pytest.approx(2.0, abs=0.1)


async def test_a_sentence_is_said_as_it_will_be_heard(studio):
    said = await studio.say(reading("Xin chào."), {})
    with wave.open(io.BytesIO(said)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getnframes() > 0.3 * file.getframerate()
    assert await studio.say(reading("Xin chào."), {"chào": "tạm biệt"}) != said


async def test_what_was_said_before_needs_no_voice(studio, monkeypatch):
    said = await studio.say(reading("Xin chào."), {})
    monkeypatch.setattr("audio.speech.speak", None)
    assert await studio.say(reading("Xin chào."), {}) == said


async def test_a_text_comes_in_sentences_as_written_and_as_said(studio):
    found = await studio.sentences(reading("Đúng 7h. UBND thông báo."), {"UBND": "uỷ ban"})
    assert [one.written for one in found] == ["Đúng 7h.", "UBND thông báo."]
    assert [one.spoken for one in found] == ["Đúng bảy giờ.", "uỷ ban thông báo."]


def voices(tmp_path, written):
    file = tmp_path / "voices.toml"
    file.write_text(written, encoding="utf-8")
    return AudioStudio(tmp_path / "clips", ffmpeg=None, duration_limit_s=60, voices_file=file)


async def test_the_voices_of_the_station_s_file_come_first(tmp_path):
    made = voices(
        tmp_path,
        '[[voice]]\nid = "south"\nname = "Miền Nam"\nkind = "espeak"\nlanguages = ["vi"]\nvoice = "vi-vn-x-south"\n',
    )
    made.open()
    assert [one.voice_id for one in made.voices()] == ["south", "espeak-vi", "espeak-en"]
    south = replace(reading("Xin chào bà con."), voice="south")
    built_in = replace(south, voice="espeak-vi")
    assert await made.say(south, {}) != await made.say(built_in, {})
    assert await made.say(reading("Xin chào bà con."), {}) == await made.say(south, {})


def test_without_a_file_there_are_the_built_in_voices(studio):
    assert [(one.voice_id, one.languages) for one in studio.voices()] == [
        ("espeak-vi", ("vi",)),
        ("espeak-en", ("en",)),
    ]


def test_a_file_of_voices_that_cannot_be_used_is_said_at_the_start(tmp_path):
    with pytest.raises(VoicesUnusable, match=r'voices\.toml.*"colour"'):
        voices(tmp_path, 'colour = "red"\n').open()


async def test_a_voice_that_is_gone_is_told_by_its_code(studio):
    with pytest.raises(StudioFailed) as failed:
        await studio.say(replace(reading("Xin chào."), voice="south"), {})
    assert failed.value.code == "voice_missing"


BROKEN = '[[voice]]\nid = "away"\nname = "Xa"\nkind = "command"\nlanguages = ["vi"]\nargv = ["false"]\n'


async def test_where_no_voice_was_chosen_the_next_one_reads_for_one_that_fails(tmp_path):
    made = voices(tmp_path, BROKEN)
    made.open()
    prepared = await made.from_text(reading("Xin chào bà con."), {}, Profile.PLAIN, lambda share: None)
    assert prepared.frames > 48_000


async def test_no_other_voice_reads_for_one_that_was_chosen(tmp_path):
    made = voices(tmp_path, BROKEN)
    made.open()
    with pytest.raises(StudioFailed) as failed:
        await made.from_text(replace(reading("Xin chào."), voice="away"), {}, Profile.PLAIN, lambda share: None)
    assert failed.value.code == "voice_failed"
