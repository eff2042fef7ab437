"""A voice behind an address: the text goes there as JSON, a WAV comes back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from audio.clip import VoiceFailed
from audio.voices.base import OUTPUT_LIMIT_BYTES
from audio.voices.wav import read_wav, write_wav

if TYPE_CHECKING:
    from aiohttp import ClientResponse

_CHUNK_BYTES = 64 * 1024
_LONGEST_ANSWER = 200


@dataclass(frozen=True, slots=True)
class HttpVoice:
    """POST `{"text", "language", "words_per_minute"}` to `url`; the answer is a WAV (`audio/wav`).

    `headers` may carry a key; they are kept out of what is logged. No redirection is followed.
    """

    url: str
    languages: frozenset[str]
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    time_limit_s: float = 30.0
    output_limit_bytes: int = OUTPUT_LIMIT_BYTES

    @property
    def _place(self) -> str:
        # A key can stand in the query or before the host.
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"

    async def say(self, text: str, language: str, words_per_minute: int, out: Path) -> None:
        """See `Voice.say`."""
        import aiohttp

        asked = {"text": text, "language": language, "words_per_minute": words_per_minute}
        limit = aiohttp.ClientTimeout(total=self.time_limit_s)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as client,
                client.post(
                    self.url, json=asked, headers={"Accept": "audio/wav", **self.headers}, allow_redirects=False
                ) as answer,
            ):
                content = await self._content(answer)
        except TimeoutError as error:
            values = {"limit_s": self.time_limit_s}
            raise VoiceFailed(f"{self._place} did not answer in {self.time_limit_s:.0f} s", values=values) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise VoiceFailed(f"{self._place} cannot be used: {type(error).__name__}") from error
        await asyncio.to_thread(lambda: write_wav(read_wav(content), out))

    async def _content(self, answer: "ClientResponse") -> bytes:
        if answer.status != 200:
            said = (await answer.content.read(_LONGEST_ANSWER)).decode("utf-8", "replace")
            raise VoiceFailed(f"{self._place} answered {answer.status}: {' '.join(said.split())}")
        kept = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            kept += chunk
            if len(kept) > self.output_limit_bytes:
                raise VoiceFailed(f"{self._place} sent more than {self.output_limit_bytes} bytes")
        return bytes(kept)
