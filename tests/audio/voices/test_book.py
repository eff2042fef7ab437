"""A technician writes the voices of a station into a file; what is wrong there is said with its line."""

import json
from pathlib import Path

import pytest

from audio.clip import VoiceMissing, VoicesUnusable
from audio.speech import speak
from audio.voices.book import VoiceInfo, load_voices
from audio.voices.command import CommandVoice
from audio.voices.espeak import EspeakVoice
from audio.voices.http import HttpVoice
from audio.voices.piper import PiperVoice

GOOD = """
[[voice]]
id = "nu-bac"
name = "Giọng nữ miền Bắc"
kind = "piper"
languages = ["vi"]
model = "models/vi.onnx"
speaker = 1

[[voice]]
id = "dich-vu"
name = "Dịch vụ giọng nói"
kind = "http"
languages = ["vi", "en"]
url = "https://tts.example/say"
headers = { Authorization = "Bearer 7c1f" }
time_limit_s = 45

[[voice]]
id = "jrai"
name = "Tiếng Jrai"
kind = "command"
languages = ["jra"]
argv = ["/opt/jrai/read", "--rate", "{rate_wpm}", "--out", "{out}"]
memory_limit_mb = 512

[[voice]]
id = "nam"
name = "Miền Nam"
kind = "espeak"
languages = ["vi"]
voice = "vi-vn-x-south"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vi.onnx").write_bytes(b"a model")
    described = {"espeak": {"voice": "vi"}, "phoneme_type": "espeak"}
    (tmp_path / "models" / "vi.onnx.json").write_text(json.dumps(described))
    path = tmp_path / "voices.toml"
    path.write_text(GOOD)
    return path


def test_without_a_file_the_built_in_voices_are_there() -> None:
    book = load_voices()
    assert [(each.id, each.languages) for each in book.all()] == [("espeak-vi", {"vi"}), ("espeak-en", {"en"})]
    assert isinstance(book.voice("", "vi"), EspeakVoice)
    assert book.languages() == {"vi", "en"}


def test_every_kind_of_voice_is_made(file: Path) -> None:
    book = load_voices(file)
    assert [each.id for each in book.all()] == ["nu-bac", "dich-vu", "jrai", "nam", "espeak-vi", "espeak-en"]
    assert book.all()[0] == VoiceInfo("nu-bac", "Giọng nữ miền Bắc", frozenset({"vi"}))
    piper, http, command, espeak = (
        book.voice("nu-bac", "vi"),
        book.voice("dich-vu", "en"),
        book.voice("jrai", "jra"),
        book.voice("nam", "vi"),
    )
    assert isinstance(piper, PiperVoice)
    assert (piper.model, piper.speaker) == (file.parent / "models" / "vi.onnx", 1)
    assert isinstance(http, HttpVoice)
    assert (http.headers["Authorization"], http.time_limit_s) == ("Bearer 7c1f", 45)
    assert isinstance(command, CommandVoice)
    assert (command.argv[0], command.memory_limit_bytes) == ("/opt/jrai/read", 512 * 1024**2)
    assert isinstance(espeak, EspeakVoice)
    assert espeak.voices == {"vi": "vi-vn-x-south"}


def test_an_empty_id_is_the_first_voice_of_the_language(file: Path) -> None:
    book = load_voices(file)
    assert book.voice("", "vi") is book.voice("nu-bac", "vi")
    assert book.voice("", "en") is book.voice("dich-vu", "en")


@pytest.mark.parametrize(("id_", "language"), [("espeak-en", "vi"), ("nu-bac", "en"), ("nobody", "vi"), ("", "tay")])
def test_no_voice_reads_what_it_cannot(id_: str, language: str, file: Path) -> None:
    with pytest.raises(VoiceMissing):
        load_voices(file).voice(id_, language)


def test_the_built_in_voices_can_be_left_out(file: Path) -> None:
    file.write_text("built_in = false\n" + GOOD)
    assert "espeak-vi" not in [each.id for each in load_voices(file).all()]
    file.write_text("built_in = false\n")
    with pytest.raises(VoicesUnusable, match="no voice"):
        load_voices(file)


def test_a_built_in_voice_can_be_replaced(file: Path) -> None:
    file.write_text('[[voice]]\nid = "espeak-vi"\nname = "Nam"\nkind = "espeak"\nlanguages = ["vi"]\n')
    assert [each.name for each in load_voices(file).all()] == ["Nam", "espeak-ng (English)"]


def voice(kind: str, **keys: str) -> str:
    given = {"id": '"v"', "name": '"V"', "kind": f'"{kind}"', "languages": '["vi"]', **keys}
    return "# voices\n[[voice]]\n" + "\n".join(f"{key} = {value}" for key, value in given.items() if value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[voice]\n", "no TOML.*line 1"),
        ('[[voice]]\nid = "a"\nid = "b"\n', "no TOML.*line 3"),
        ("\xff", "no TOML"),
        ("voices = 1\n", '"voices" is unknown'),
        ("[voice]\nid = 'a'\n", "two brackets"),
        ("built_in = 1\n", "true or false"),
        ("[[voice]]\n", 'line 1, voice: "id" is missing'),
        (voice("espeak", colour='"red"'), 'line 2, voice "v": "colour" is unknown here; known are id, kind'),
        (voice("espeak", id='"V 1"'), '"id" must be'),
        (voice("espeak", name='" "'), '"name" must be'),
        (voice("espeak", name=f'"{"n" * 81}"'), '"name" is longer'),
        (voice("espeak", languages='"vi"'), '"languages" must be a list'),
        (voice("espeak", languages="[]"), '"languages" must be a list'),
        (voice("espeak", languages="[1]"), '"languages" must be a list'),
        (voice("espeak", languages='["Vietnamese"]'), '"languages" must be codes'),
        (voice("espeak", languages=""), '"languages" is missing'),
        (voice("espeak", voice='"en-gb"'), '"voice" is en-gb, which does not read vi'),
        (voice("festival"), '"kind" must be one of command, espeak, http, piper'),
        (voice("piper"), '"model" is missing'),
        (voice("piper", model='"nothing.onnx"'), '"model" names .*nothing.onnx, which is no file'),
        (
            voice("piper", model='"models/vi.onnx"', config='"voices.toml"'),
            '"config" voices.toml is not the description',
        ),
        (voice("piper", model='"models/vi.onnx"', languages='["en"]'), r'"languages" must be \["vi"\]'),
        (voice("piper", model='"models/vi.onnx"', speaker="-1"), '"speaker" must be a whole number'),
        (voice("piper", model='"models/vi.onnx"', speaker="true"), '"speaker" must be a whole number'),
        (voice("command"), '"argv" is missing'),
        (voice("command", argv='"espeak-ng --stdin"'), '"argv" must be a list'),
        (voice("command", argv='[""]'), '"argv" must be a list'),
        (voice("command", argv='["x"]', time_limit_s="0"), '"time_limit_s" must be a whole number from 1 to 600'),
        (voice("command", argv='["x"]', url='"http://a"'), '"url" is unknown here'),
        (voice("http"), '"url" is missing'),
        (voice("http", url='"file:///etc/passwd"'), '"url" must be an address'),
        (voice("http", url='"http://[::1"'), '"url" must be an address'),
        (voice("http", url='"http://a"', headers='"x"'), '"headers" must be names'),
        (voice("http", url='"http://a"', headers="{ Key = 1 }"), '"headers.Key" must be'),
        (voice("http", url='"http://a"', headers='{ "a b" = "x" }'), '"headers.a b" must be'),
        (voice("espeak") + "\n" + voice("espeak"), 'line 8, voice "v": "id" is used by another'),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, said: str, file: Path) -> None:
    file.write_bytes(text.encode("latin-1") if text == "\xff" else text.encode())
    with pytest.raises(VoicesUnusable, match=said) as caught:
        load_voices(file)
    assert caught.value.code == "voices_unusable"


def test_a_secret_is_not_repeated(file: Path) -> None:
    file.write_text(voice("http", url='"http://a"', headers='{ "Key" = "7c1f\\n" }'))
    with pytest.raises(VoicesUnusable) as caught:
        load_voices(file)
    assert "7c1f" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(VoicesUnusable, match="cannot be read"):
        load_voices(tmp_path / "voices.toml")


async def test_a_voice_of_the_book_reads(tmp_path: Path) -> None:
    voice = load_voices().voice("", "vi")
    assert (await speak("Xin chào bà con", "vi", tmp_path / "x.wav", voice=voice)).duration_s > 0.5
