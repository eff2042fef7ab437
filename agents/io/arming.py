"""Sources for the engine, from clips that are verified once more before anything of them is heard.

Rules of the module: a clip is read whole and its hash compared each time that an airing is armed; but an emergency and
its siren take one that was verified before, if its file looks the same since, because they wait for no disk.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from agents.domain.player.effects import ArmSource, SoundSiren
from agents.io.clips import ClipDamaged, ClipStore
from agents.io.decode import Source
from agents.io.jitter import JitterBuffer
from agents.io.loop import Loop
from agents.io.sequence import ClipPart, LateClipPart, LivePart, SequencePart, SequenceSource, SilencePart
from agents.io.stretch import Stretch
from agents.protocol import values as wire
from agents.protocol.values import ClipRef

_REMEMBERED: Final = 1_000
_Look = tuple[int, int, int]


class ClipGone(Exception):
    """A clip that was here is not what its name says any more, and was deleted. It has to be fetched again."""

    def __init__(self, sha256: str, detail: str) -> None:
        super().__init__(detail)
        self.sha256 = sha256


class Armoury:
    """Makes sources of the clips in the store."""

    def __init__(self, clips: ClipStore, live: Callable[[str], JitterBuffer]) -> None:
        """``live`` gives the buffer of an airing that something live is heard in."""
        self._clips = clips
        self._live = live
        self._verified: dict[str, _Look] = {}

    async def source(self, arm: ArmSource) -> Source:
        """What the airing sounds like. Raises `ClipGone`."""
        parts: list[SequencePart] = []
        for part in arm.sequence:
            match part:
                case wire.SilencePart(frames=frames):
                    parts.append(SilencePart(frames))
                case wire.LivePart(frames=frames):
                    parts.append(LivePart(self._live(arm.airing_id), frames))
                case wire.ClipPart():
                    ref = part.choose(arm.rendition)
                    if ref.sha256 in arm.missing:
                        parts.append(LateClipPart(partial(self._find, ref), ref.frames))
                    else:
                        parts.append(ClipPart(await self._path(ref, hurried=arm.emergency), ref.frames))
        whole = SequenceSource(parts, arm.times, arm.pause_frames)
        if arm.span == range(whole.total_frames) and not arm.fade_frames:
            return whole
        return Stretch(whole, arm.span.start, len(arm.span), arm.fade_frames)

    async def siren(self, siren: SoundSiren) -> Source:
        """The siren, without end. Raises `ClipGone`."""
        path = await self._path(siren.clip, hurried=True)
        return Loop(SequenceSource([ClipPart(path, siren.clip.frames)]))

    async def make_ready(self, ref: ClipRef) -> None:
        """Verify it, if it is here and has not been: an emergency will not have the time. Raises `ClipGone`."""
        if self._clips.has(ref):
            await self._path(ref, hurried=True)

    def _find(self, ref: ClipRef) -> Path | None:
        """Of a clip that is fetched meanwhile: what is fetched was verified."""
        return self._clips.path(ref.sha256) if self._clips.has(ref) else None

    async def _path(self, ref: ClipRef, *, hurried: bool) -> Path:
        path = self._clips.path(ref.sha256)
        if hurried and (look := _look(path)) is not None and self._verified.get(ref.sha256) == look:
            return path
        self._verified.pop(ref.sha256, None)
        try:
            path = await self._clips.verify(ref)
        except ClipDamaged as error:
            raise ClipGone(ref.sha256, str(error)) from error
        if (look := _look(path)) is not None:
            self._verified[ref.sha256] = look
        while len(self._verified) > _REMEMBERED:
            self._verified.pop(next(iter(self._verified)))
        return path


def _look(path: Path) -> _Look | None:
    """What a file looks like from outside: a change of it shows."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
