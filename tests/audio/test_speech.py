"""A text is read aloud, sentence by sentence, whole or not at all."""

import asyncio
import stat
import wave
from collections.abc import Sequence
from pathlib import Path

import pytest

from audio.clip import Mark, Stage, TextUnspeakable, VoiceFailed, VoiceMissing
from audio.speech import EspeakVoice, Piece, clean, pieces, sentences, speak, speak_sentence
from audio.tools import Espeak, SystemEspeak

TEXT = "Kính thưa bà con. Ngày 20/11, xã ta họp lúc 19h30."


class FakeVoice:
    """Says every piece as a tenth of a second of sound a letter, and remembers it."""

    languages = frozenset({"vi", "en"})

    def __init__(self, *, rate_hz: int = 8000, sample: bytes = b"\x00\x20") -> None:
        self.said: list[str] = []
        self._rate_hz = rate_hz
        self._sample = sample

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        self.said.append(text)
        with wave.open(str(out), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self._rate_hz)
            file.writeframes(self._sample * (self._rate_hz // 10))


def script(path: Path, body: str) -> EspeakVoice:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return EspeakVoice(SystemEspeak(path), time_limit_s=1.0)


def samples(path: Path, start_s: float = 0.0, end_s: float | None = None) -> bytes:
    with wave.open(str(path)) as file:
        rate_hz = file.getframerate()
        data = file.readframes(file.getnframes())
    return data[2 * round(start_s * rate_hz) : None if end_s is None else 2 * round(end_s * rate_hz)]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_each_voice_reads_each_language(language: str, each_espeak: Espeak, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    spoken = await speak(TEXT, language, out, voice=EspeakVoice(each_espeak))
    with wave.open(str(out)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getnframes() / file.getframerate() == pytest.approx(spoken.duration_s)
    assert spoken.duration_s > 3
    assert left_in(tmp_path) == ["out.wav"]


async def test_a_slower_voice_takes_longer(each_espeak: Espeak, tmp_path: Path) -> None:
    voice = EspeakVoice(each_espeak)
    slow = await speak(TEXT, "vi", tmp_path / "slow.wav", voice=voice, words_per_minute=110)
    fast = await speak(TEXT, "vi", tmp_path / "fast.wav", voice=voice, words_per_minute=150)
    assert slow.duration_s > fast.duration_s * 1.15


async def test_without_a_voice_given_one_is_found(tmp_path: Path) -> None:
    assert (await speak("Xin chào", "vi", tmp_path / "out.wav")).duration_s > 0.3


async def test_progress_is_told_sentence_by_sentence(tmp_path: Path) -> None:
    told: list[tuple[Stage, float]] = []
    voice = FakeVoice()
    await speak(TEXT, "vi", tmp_path / "out.wav", voice=voice, progress=lambda *step: told.append(step))
    assert len(told) == len(voice.said) == 2
    assert told[-1] == (Stage.SPEAKING, 1.0)


async def test_pauses_between_sentences_are_ours(tmp_path: Path) -> None:
    one = await speak("Một.", "vi", tmp_path / "one.wav", voice=FakeVoice())
    two = await speak("Một. Hai.", "vi", tmp_path / "two.wav", voice=FakeVoice())
    apart = await speak("Một.\n\nHai.", "vi", tmp_path / "apart.wav", voice=FakeVoice())
    assert two.duration_s == pytest.approx(2 * one.duration_s + 0.35, abs=0.01)
    assert apart.duration_s == pytest.approx(2 * one.duration_s + 0.7, abs=0.01)


async def test_each_sentence_has_its_place_in_the_whole(tmp_path: Path) -> None:
    spoken = await speak("Một, 1/5.\nHai. " + "ba, " * 200, "vi", tmp_path / "out.wav", voice=FakeVoice())
    one, two, three = spoken.marks
    assert (one.text, two.text, three.text[:8]) == ("Một, 1/5.", "Hai.", "ba, ba, ")
    assert (one.start_s, one.end_s) == pytest.approx((0.0, 0.1))
    assert (two.start_s, two.end_s) == pytest.approx((0.8, 0.9))
    # The long one is said in two pieces, with a short pause between them.
    assert (three.start_s, three.end_s) == pytest.approx((1.25, 1.25 + 0.1 + 0.1 + 0.1))
    assert spoken.duration_s == pytest.approx(three.end_s)


async def test_what_is_marked_is_what_is_heard(each_espeak: Espeak, tmp_path: Path) -> None:
    voice = EspeakVoice(each_espeak)
    whole = await speak(TEXT, "vi", tmp_path / "whole.wav", voice=voice)
    for sentence, mark in zip(sentences(TEXT, "vi"), whole.marks, strict=True):
        alone = await speak_sentence(sentence, "vi", tmp_path / "alone.wav", voice=voice)
        assert alone.marks == (Mark(mark.text, 0.0, alone.duration_s),)
        assert samples(tmp_path / "whole.wav", mark.start_s, mark.end_s) == samples(tmp_path / "alone.wav")


async def test_a_voice_may_change_its_rate(tmp_path: Path) -> None:
    class Changing(FakeVoice):
        async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
            self._rate_hz = 16_000 if self.said else 8_000
            await super().say(text, language, words_per_minute, out)

    spoken = await speak("Một. Hai.", "vi", tmp_path / "out.wav", voice=Changing())
    assert spoken.duration_s == pytest.approx(0.1 + 0.35 + 0.1, abs=0.01)
    with wave.open(str(spoken.path)) as file:
        assert file.getframerate() == 8_000


async def test_a_voice_that_starts_slowly_is_given_many_pieces_at_once(tmp_path: Path) -> None:
    class Slow(FakeVoice):
        given: tuple[int, ...] = ()

        async def say_all(
            self, texts: Sequence[str], language: str, words_per_minute: int, outs: Sequence[Path]
        ) -> None:
            self.given = (*self.given, len(texts))
            for text, out in zip(texts, outs, strict=True):
                await self.say(text, language, words_per_minute, out)

    voice, told = Slow(), list[float]()
    spoken = await speak(
        "Bà con chú ý. " * 20, "vi", tmp_path / "out.wav", voice=voice, progress=lambda _, share: told.append(share)
    )
    assert voice.given == (16, 4)
    assert len(spoken.marks) == spoken.sentences == len(told) == 20
    assert told == sorted(told)


async def test_a_rate_out_of_bounds_is_a_mistake_of_the_caller(tmp_path: Path) -> None:
    for wrong in (109, 151):
        with pytest.raises(ValueError, match="words a minute"):
            await speak("Một", "vi", tmp_path / "out.wav", voice=FakeVoice(), words_per_minute=wrong)


async def test_twenty_thousand_characters_are_read_and_one_more_is_not(tmp_path: Path) -> None:
    sentence = "Bà con chú ý theo dõi. "
    text = (sentence * 1000)[:19_990].rsplit(".", 1)[0] + "."
    voice = FakeVoice()
    spoken = await speak(text, "vi", tmp_path / "out.wav", voice=voice)
    assert spoken.sentences == len(voice.said) == text.count(".")
    with pytest.raises(TextUnspeakable) as caught:
        await speak("a" * 20_001, "vi", tmp_path / "more.wav", voice=voice)
    assert caught.value.code == "text_too_long"
    assert caught.value.values["limit"] == 20_000


@pytest.mark.parametrize("text", ["", "   \n\t ", "\x00\x01\x1b", "...!?", "\u200b\ufeff", "\ud800"])
async def test_nothing_to_say_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(TextUnspeakable) as caught:
        await speak(text, "vi", tmp_path / "out.wav", voice=FakeVoice())
    assert caught.value.code == "text_empty"
    assert left_in(tmp_path) == []


async def test_another_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TextUnspeakable) as caught:
        await speak("欢迎大家收听广播 2026", "vi", tmp_path / "out.wav", voice=FakeVoice())
    assert caught.value.code == "text_other_script"


async def test_a_language_without_a_voice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VoiceMissing) as caught:
        await speak(TEXT, "km", tmp_path / "out.wav", voice=FakeVoice())
    assert caught.value.code == "voice_missing"


@pytest.mark.parametrize("words_per_minute", [0, 109, 151])
async def test_a_rate_that_horns_cannot_carry_is_refused(words_per_minute: int, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="110 to 150"):
        await speak(TEXT, "vi", tmp_path / "x.wav", voice=FakeVoice(), words_per_minute=words_per_minute)


async def test_a_hanging_voice_is_ended_and_said(tmp_path: Path) -> None:
    voice = script(tmp_path / "voice", "exec sleep 600")
    (tmp_path / "out").mkdir()
    with pytest.raises(VoiceFailed) as caught:
        await speak(TEXT, "vi", tmp_path / "out" / "x.wav", voice=voice)
    assert caught.value.code == "voice_failed"
    assert left_in(tmp_path / "out") == []


@pytest.mark.parametrize(
    "body", ["kill -SEGV $$", "exit 1", "exit 0", 'while [ "$1" != -w ]; do shift; done; echo x > "$2"']
)
async def test_a_broken_voice_is_said_and_leaves_nothing(body: str, tmp_path: Path) -> None:
    voice = script(tmp_path / "voice", body)
    (tmp_path / "out").mkdir()
    with pytest.raises(VoiceFailed):
        await speak(TEXT, "vi", tmp_path / "out" / "x.wav", voice=voice)
    assert left_in(tmp_path / "out") == []


async def test_a_voice_that_stays_silent_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoiceFailed, match="no sound"):
        await speak(TEXT, "vi", tmp_path / "x.wav", voice=FakeVoice(sample=b"\x00\x00"))
    assert left_in(tmp_path) == []


async def test_cancelling_ends_the_voice_and_leaves_nothing(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    voice = script(tmp_path / "voice", f"touch {begun}; exec sleep 600")
    (tmp_path / "out").mkdir()
    speaking = asyncio.create_task(speak(TEXT, "vi", tmp_path / "out" / "x.wav", voice=voice))
    async with asyncio.timeout(10):
        while not begun.exists():
            await asyncio.sleep(0.005)
    speaking.cancel()
    with pytest.raises((asyncio.CancelledError, VoiceFailed)):
        await speaking
    assert left_in(tmp_path / "out") == []


async def test_a_text_cannot_give_orders_to_the_voice(each_espeak: Espeak, tmp_path: Path) -> None:
    spoken = await speak(
        "-f /etc/passwd [[h@'loU]] <voice name='xx'>", "en", tmp_path / "x.wav", voice=EspeakVoice(each_espeak)
    )
    assert spoken.duration_s > 1


def test_what_is_neither_seen_nor_heard_is_taken_out() -> None:
    assert clean("\ufeffXã\u200b Đông\x07\r\n\r\n họp\x00 \u202eđây") == "Xã Đông\nhọp đây"


def test_sentences_are_normalised_and_paused() -> None:
    assert pieces("Họp lúc 7h. Mời!\nHết", "vi") == [
        Piece("Họp lúc bảy giờ.", 0.35),
        Piece("Mời!", 0.7),
        Piece("Hết", 0.0),
    ]


def test_a_sentence_without_end_is_parted() -> None:
    found = pieces("một hai ba, " * 200, "vi")
    assert all(len(piece.text) <= 400 for piece in found)
    assert sum(piece.text.count("ba") for piece in found) == 200
    assert all(len(piece.text) <= 400 for piece in pieces("a" * 5000, "vi"))
