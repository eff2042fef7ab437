"""A voice behind an address."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from audio.clip import VoiceFailed
from audio.speech import speak
from audio.voices.http import HttpVoice

VI = frozenset({"vi"})
KEY = "Bearer 7c1f"


def tone(rate_hz: int = 24_000) -> bytes:
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(b"\0\x20" * (rate_hz // 5))
    return kept.getvalue()


class Service:
    """A real server; what it was asked is kept, and `answer` says what it answers."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.headers: list[str] = []
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = self.speaks
        app = web.Application()
        app.router.add_post("/say", self._handle)
        self.server = TestServer(app)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.headers.append(request.headers.get("Authorization", ""))
        return await self.answer(request)

    async def speaks(self, _: web.Request) -> web.StreamResponse:
        # A service may change its mind about the rate.
        return web.Response(body=tone(24_000 if len(self.asked) == 1 else 16_000), content_type="audio/wav")

    def voice(self, **limits: float) -> HttpVoice:
        url = str(self.server.make_url("/say?key=secret"))
        return HttpVoice(url, VI, {"Authorization": KEY}, **limits)  # type: ignore[arg-type]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    await made.server.start_server()
    yield made
    await made.server.close()


async def test_it_is_asked_and_its_answers_are_joined(service: Service, tmp_path: Path) -> None:
    spoken = await speak("Một. Hai.", "vi", tmp_path / "x.wav", voice=service.voice(), words_per_minute=140)
    assert service.asked == [
        {"text": "Một.", "language": "vi", "words_per_minute": 140},
        {"text": "Hai.", "language": "vi", "words_per_minute": 140},
    ]
    assert service.headers == [KEY, KEY]
    assert spoken.duration_s == pytest.approx(0.2 + 0.35 + 0.2, abs=0.02)
    with wave.open(str(spoken.path)) as file:
        assert file.getframerate() == 24_000


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: web.Response(status=500, text="the model\nis asleep"), "answered 500: the model is asleep"),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"}), "answered 302"),
        (lambda: web.Response(text="<html>"), "no WAV"),
        (lambda: web.Response(body=tone() * 100), "more than 100000 bytes"),
        (lambda: web.Response(body=b""), "no WAV"),
    ],
)
async def test_another_answer_is_said(
    answer: Callable[[], web.Response], said: str, service: Service, tmp_path: Path
) -> None:
    async def answers(_: web.Request) -> web.StreamResponse:
        return answer()

    service.answer = answers
    with pytest.raises(VoiceFailed, match=said) as caught:
        await service.voice(output_limit_bytes=100_000).say("Một", "vi", 125, tmp_path / "x.wav")
    assert "secret" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


async def test_one_that_does_not_answer_is_not_waited_for(service: Service, tmp_path: Path) -> None:
    waiting = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        await waiting.wait()
        return web.Response()

    service.answer = never
    with pytest.raises(VoiceFailed, match="did not answer") as caught:
        await service.voice(time_limit_s=0.2).say("Một", "vi", 125, tmp_path / "x.wav")
    waiting.set()
    assert caught.value.values["limit_s"] == 0.2


async def test_one_that_breaks_off_is_said(service: Service, tmp_path: Path) -> None:
    async def breaks(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(b"RIFF")
        assert request.transport is not None
        request.transport.close()
        return answer

    service.answer = breaks
    with pytest.raises(VoiceFailed):
        await service.voice().say("Một", "vi", 125, tmp_path / "x.wav")


async def test_nobody_there_is_said(service: Service, tmp_path: Path) -> None:
    voice = service.voice()
    await service.server.close()
    with pytest.raises(VoiceFailed, match="cannot be used"):
        await voice.say("Một", "vi", 125, tmp_path / "x.wav")


def test_the_key_is_not_shown(service: Service) -> None:
    assert KEY not in repr(HttpVoice("http://localhost/", VI, {"Authorization": KEY}))
