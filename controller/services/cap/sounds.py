"""Recordings that come with an alert, to be heard in place of the read text.

Rules: what came along in the alert goes first; else it is fetched, from hosts that were allowed and no others. Sizes,
time, redirects and what it says of its digest are checked; it becomes a clip as any recording does. Whatever is wrong
with it is a line in the log, and the text is read: an alert never waits for its recording for longer than is set.
"""

import asyncio
import base64
import binascii
import hashlib
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from agents.protocol.values import ClipPart
from controller.domain.cap_alerts import CapAlert, Sound
from controller.domain.errors import FetchFailed, NotFound, StudioFailed
from controller.domain.sounds import PreparedClips, Profile
from controller.ports import Fetcher, Studio, Wanted
from controller.services.cap.options import CapOptions
from controller.services.office import Office

_log = logging.getLogger(__name__)
_MOST_BYTES: Final = 20_000_000
_MOST_S: Final = 15.0
_MADE_WITHIN_S: Final = 60.0
_SHA1_LETTERS: Final = 40
_NAMES: Final = {"audio/mpeg": ".mp3", "audio/mp3": ".mp3", "audio/ogg": ".ogg", "audio/wav": ".wav"}


class CapSounds:
    """Finds, checks and prepares them."""

    def __init__(self, office: Office, studio: Studio, fetcher: Fetcher | None, options: CapOptions) -> None:
        self._store = office.store
        self._studio = studio
        self._fetcher = fetcher
        self._options = options

    async def find(self, alert: CapAlert, messages: Sequence[int]) -> ClipPart | None:
        """The recording of these messages, ready to be heard; None where the text is to be read."""
        clips = await self.clips(alert, messages)
        return None if clips is None else ClipPart(renditions=dict(clips.renditions))

    async def clips(self, alert: CapAlert, messages: Sequence[int]) -> PreparedClips | None:
        """The same as it is kept."""
        for sound in same_sounds(alert, messages):
            try:
                async with asyncio.timeout(_MOST_S + _MADE_WITHIN_S):
                    return await self._made(alert, sound)
            except (FetchFailed, StudioFailed, NotFound, TimeoutError) as error:
                _log.warning("the recording of the alert %s: %s", alert.alert_id, error)
        return None

    async def _made(self, alert: CapAlert, sound: Sound) -> PreparedClips:
        content = await self._content(alert, sound)
        if sound.sha1 and not await asyncio.to_thread(_fits, content, sound.sha1):
            raise FetchFailed("its digest is another", code="cap_sound_digest")
        suffix = _NAMES.get(sound.mime_type.casefold().partition(";")[0].strip(), "")
        with tempfile.TemporaryDirectory(prefix="loa-alert-") as folder:
            path = Path(folder) / f"recording{suffix}"
            await asyncio.to_thread(path.write_bytes, content)
            return await self._studio.from_recording(path, path.name, Profile.HORN, lambda _: None)

    async def _content(self, alert: CapAlert, sound: Sound) -> bytes:
        """Raises `FetchFailed`, `NotFound`."""
        if sound.inline:
            async with self._store.reading() as tx:
                raw = await tx.cap_alerts.raw(alert.digest)
            content = None if raw is None else await asyncio.to_thread(_inside, raw, sound, self._options.most_bytes)
            if content is not None:
                return content
        if not sound.uri or self._fetcher is None:
            raise FetchFailed("it is not there", code="cap_sound_missing")
        hosts = frozenset(one.casefold() for one in self._options.audio_hosts)
        answer = await self._fetcher.fetch(
            Wanted(
                url=sound.uri,
                most_bytes=_MOST_BYTES,
                most_s=_MOST_S,
                hosts=hosts,
                inside=hosts & frozenset(one.casefold() for one in self._options.inside_hosts),
            )
        )
        if answer.status != 200 or answer.headers.get("content-type", "").startswith(("text/", "application/xhtml")):
            raise FetchFailed(f"HTTP {answer.status}", code="feed_status")
        return answer.body


def same_sounds(alert: CapAlert, messages: Sequence[int]) -> tuple[Sound, ...]:
    """The recordings of these messages, the first to be tried first. Of several messages that are heard one after
    another the texts are read, unless each of them names the same recording.
    """
    sounds = [alert.messages[place].sounds for place in messages]
    return sounds[0] if sounds and all(one == sounds[0] for one in sounds) else ()


def _fits(content: bytes, sha1: str) -> bool:
    return len(sha1) != _SHA1_LETTERS or hashlib.sha1(content, usedforsecurity=False).hexdigest() == sha1


def _inside(raw: bytes, sound: Sound, most_bytes: int) -> bytes | None:
    """What came along in the alert under this digest, size and type."""
    from controller import cap

    file = cap.read_file(raw, limits=cap.Limits(file_bytes=most_bytes), trust=cap.Trust(), now_us=0)
    resources = [
        one
        for reading in file.readings
        if reading.alert is not None
        for info in reading.alert.infos
        for one in info.resources
    ]
    for one in resources:
        same = (one.mime_type[:100], one.uri[:4_000], one.size_bytes) == (sound.mime_type, sound.uri, sound.size_bytes)
        if not one.deref or not same or (sound.sha1 and one.digest.strip().lower()[:64] != sound.sha1):
            continue
        try:
            content = base64.b64decode("".join(one.deref.split()), validate=True)
        except (ValueError, binascii.Error):
            continue
        if 0 < len(content) <= _MOST_BYTES:
            return content
    return None
