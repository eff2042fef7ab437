"""A bulletin in several languages with what lies around it, and listening to it sentence by sentence."""

import re
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import quote

import pytest

from agents.protocol.values import AiringClass
from controller.domain.sounds import Profile, Source
from tests.controller.web.browser import Answer
from tests.controller.web.station import Station

TEXT = "Kính thưa bà con. Họp lúc 19h30."


def typed(**more: str) -> dict[str, str]:
    return {"source": "text", "title": "Tin sáng", "text": TEXT, "language": "vi", "rate_wpm": "120"} | more


def second(language: str, text: str = "Dear residents.", source: str = "text") -> dict[str, str]:
    return {"variant": "1", "language_1": language, "source_1": source, "text_1": text}


def bulletin_in(answer: Answer) -> str:
    found = re.search(r'name="bulletin_id" value="([^"]+)"', answer.text)
    assert found, answer.says
    return found[1]


async def test_everything_of_the_form_comes_to_the_bulletin(station: Station) -> None:
    around = {"opening": "tune-chime", "closing": "tune-chime", "times": "2", "pause_s": "2,5", "horn": "yes"}
    fields = typed(airing_class="priority", expires_at="2031-02-03T17:00", **around, **second("en"))
    async with station.browser() as browser:
        page = await browser.post("/broadcast/prepare", fields)
        assert "This is exactly what will sound" in page.says
    found = await station.bulletin(bulletin_in(page))
    assert [variant.language for variant in found.variants] == ["vi", "en"]
    assert found.airing_class is AiringClass.PRIORITY
    assert (found.frame.opening, found.frame.closing, found.frame.times) == ("tune-chime", "tune-chime", 2)
    assert found.frame.pause_s == 2.5
    assert found.expires_at_us == int(datetime(2031, 2, 3, 10, tzinfo=UTC).timestamp()) * 1_000_000
    assert {variant.sound.profile for variant in found.variants} == {Profile.HORN}


async def test_a_language_without_a_voice_takes_a_recording(station: Station) -> None:
    async with station.browser() as browser:
        refused = await browser.post("/broadcast/prepare", typed(**second("km", "សួស្តី")))
        assert refused.status == 422
        assert "There is no voice for this language." in refused.says
        assert "សួស្តី" in refused.text
        fields = typed(**second("km", source="recording"))
        page = await browser.post_file("/broadcast/prepare", "recording_1", BytesIO(station.recording), fields)
    found = await station.bulletin(bulletin_in(page))
    assert [(one.language, one.sound.source) for one in found.variants] == [
        ("vi", Source.TEXT),
        ("km", Source.RECORDING),
    ]


async def test_a_recording_that_was_made_is_not_made_again_when_the_text_changes(station: Station) -> None:
    async with station.browser() as browser:
        fields = typed(**second("km", source="recording"))
        page = await browser.post_file("/broadcast/prepare", "recording_1", BytesIO(station.recording), fields)
        before = await station.bulletin(bulletin_in(page))
        recording_id = re.search(r'name="recording_id_1" value="([^"]+)"', page.text)
        taken = re.search(r'name="taken" value="([^"]+)"', page.text)
        assert recording_id
        assert taken
        kept = {
            "bulletin_id": before.bulletin_id,
            "revision": "1",
            "taken": taken[1],
            "recording_id_1": recording_id[1],
        }
        await browser.post("/broadcast/prepare", {**fields, **kept, "text": "Khác hẳn."})
    after = await station.bulletin(before.bulletin_id)
    assert after.revision == 2
    assert after.variants[1].sound.sound_id == before.variants[1].sound.sound_id
    assert after.variants[0].sound.sound_id != before.variants[0].sound.sound_id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"variant": "1", "language_1": "en", "source_1": "text", "text_1": " "}, "has no text yet"),
        ({"variant": "1", "language_1": "km", "source_1": "recording"}, "has no recording yet"),
        ({"expires_at": "soon"}, "This is no date and time."),
        ({"expires_at": "2020-01-01T05:00"}, "It would have expired already."),
        ({"pause_s": "99"}, "30"),
        ({"opening": "tune-unknown"}, "tune"),
        ({"variant": "1", "language_1": "vi", "source_1": "text", "text_1": "Lại."}, "twice"),
    ],
)
async def test_what_cannot_be_used_says_why_and_keeps_what_was_typed(
    station: Station, change: dict[str, str], said: str
) -> None:
    async with station.browser() as browser:
        answer = await browser.post("/broadcast/prepare", typed(**change))
        assert answer.status == 422
        assert said in answer.says
        assert TEXT in answer.text
        assert (await browser.get("/bulletins")).says.count("Tin sáng") == 0


@pytest.mark.parametrize(
    "change",
    [{"times": "2"}, {"opening": "tune-chime"}, {"airing_class": "priority"}, second("en"), {"source": "recording"}],
)
async def test_what_was_changed_after_listening_is_not_sent(station: Station, change: dict[str, str]) -> None:
    async with station.browser() as browser:
        heard = bulletin_in(await browser.post("/broadcast/prepare", typed()))
        fields = typed(bulletin_id=heard, areas=station.area_id, when="now") | change
        answer = await browser.post("/broadcast/send", fields)
        assert answer.status == 409
        assert "Listen to it again before you send it." in answer.says
    assert await station.airings() == []


async def test_without_scripts_a_language_is_added_and_removed(station: Station) -> None:
    async with station.browser() as browser:
        more = await browser.post("/broadcast/variants", typed(add="1"))
        assert 'name="text_1"' in more.text
        assert TEXT in more.text
        again = await browser.post("/broadcast/variants", typed(add="1", **second("en")))
        assert 'name="text_2"' in again.text
        assert "Dear residents." in again.text
        less = await browser.post("/broadcast/variants", typed(remove="1", **second("en")))
        assert 'name="text_1"' not in less.text


async def test_with_scripts_a_block_comes_for_a_language_that_is_not_there_yet(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        block = await browser.get("/parts/variant?variant=1&variant=4&language=vi&language_1=en&language_4=tyz")
        assert 'name="variant" value="5"' in block.text
        assert re.search(r'<option value="nut" selected>', block.text)
        full = await browser.get("/parts/variant?" + "&".join(f"variant={n}" for n in range(1, 6)))
        assert full.status == 204


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_text_is_heard_sentence_by_sentence(station: Station, scripts: bool) -> None:
    async with station.browser(scripts=scripts) as browser:
        answer = await browser.post("/broadcast/sentences", typed(sentences="0"))
        assert answer.status == 200
        assert answer.text.count("data-sentence>") == 2
        assert ("<html" in answer.text) is not scripts
        address = re.search(r'src="(/sentences/audio[^"]+)"', answer.text)
        assert address
        async with browser.http.get(address[1].replace("&amp;", "&")) as wav:
            assert wav.content_type == "audio/wav"
            assert (await wav.read()) == b"RIFF" + b"K\xc3\xadnh th\xc6\xb0a b\xc3\xa0 con"


async def test_a_further_language_has_sentences_of_its_own(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        answer = await browser.post("/broadcast/sentences", typed(sentences="1", **second("en", "One. Two. Three.")))
        assert answer.text.count("data-sentence>") == 3
        assert 'id="fix-1"' in answer.text


async def test_a_word_that_is_read_wrong_is_mended_right_there(station: Station) -> None:
    async with station.browser(scripts=True) as browser:
        fields = typed(sentences="0", fix_written_0="bà con", fix_spoken_0="nhân dân")
        answer = await browser.post("/broadcast/pronounce", fields)
        assert "“bà con” is read “nhân dân” from now on." in answer.says
        assert answer.text.count("data-sentence>") == 2
        empty = await browser.post("/broadcast/pronounce", typed(sentences="0", fix_written_0="...", fix_spoken_0=""))
        assert empty.status == 422
    (kept,) = await station.desk.voices.pronunciations()
    assert (kept.language, kept.written, kept.spoken) == ("vi", "bà con", "nhân dân")


@pytest.mark.parametrize(
    "query",
    [
        "text=&language=vi&rate_wpm=125",
        "text=a&language=xx&rate_wpm=125",
        "text=a&language=vi&rate_wpm=fast",
        "text=a&language=vi&rate_wpm=900",
        "text=a&language=vi&rate_wpm=125&voice=nobody",
        f"text={quote('a' * 1_001)}&language=vi&rate_wpm=125",
    ],
)
async def test_what_cannot_be_read_out_says_so(station: Station, query: str) -> None:
    async with station.browser() as browser:
        assert (await browser.get(f"/sentences/audio?{query}")).status == 422


async def test_a_clip_is_heard_by_its_name_whole_or_by_range(station: Station) -> None:
    async with station.browser() as browser:
        page = await browser.post("/broadcast/prepare", typed())
        address = re.search(r'src="(/clips/[0-9a-f]{64})"', page.text)
        assert address
        async with browser.http.get(address[1], headers={"Range": "bytes=0-3"}) as part:
            assert part.status == 206
            assert await part.read() == b"OggS"
            assert "immutable" in part.headers["Cache-Control"]
        assert (await browser.get(f"/clips/{'0' * 64}")).status == 404
