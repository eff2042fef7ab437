"""From the tapes of what went out live to clips that can be listened to, tied to their airings.

Rules of the module: a tape goes only when its clip is stored and known. One that was left by a controller that was
killed is kept at the next start; one that cannot be kept now is tried again then.
"""

import asyncio
import logging
from pathlib import Path

from agents.protocol.ids import AiringId
from agents.protocol.live import PACKET_US
from controller.domain.errors import LoaError
from controller.domain.live import FRAMES, LiveArchive
from controller.ports import Studio
from controller.services.events import AiringChanged
from controller.services.live.tape import SUFFIX, Label, Played, Tape
from controller.services.office import Office

_log = logging.getLogger(__name__)


class LiveArchiving:
    """``DeskSettings.live_folder`` None keeps nothing."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self._folder = office.settings.live_folder
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._studio = studio

    def tape(self, label: Label) -> Tape | None:
        """A new tape, on which something is written from now on."""
        return None if self._folder is None else Tape(self._folder, label, self._clock.now_us())

    async def keep(self, tape: Tape) -> None:
        """The tape is over: it becomes a clip."""
        await asyncio.to_thread(tape.close)
        await self._kept(tape.path)

    async def recover(self) -> None:
        """What a controller left behind that was killed. One after the other."""
        if self._folder is None:
            return
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            await self._kept(path)

    async def _kept(self, path: Path) -> None:
        try:
            await self._keep(path)
        except (LoaError, OSError):
            _log.exception("what went out live could not be kept yet", extra={"path": str(path)})

    async def _keep(self, path: Path) -> None:
        if not await asyncio.to_thread(path.exists):
            return
        tape = await asyncio.to_thread(Played, path)
        if tape.label is None or tape.from_us is None:  # nothing was said
            await asyncio.to_thread(path.unlink)
            return
        clip = await self._studio.keep_stream(tape.packets())
        archive = LiveArchive(
            airing_id=tape.label.airing_id,
            sha256=clip.sha256,
            size_bytes=clip.size_bytes,
            from_us=max(0, tape.from_us - tape.label.begins_us),
            frames=(tape.until_us - tape.from_us) // PACKET_US * FRAMES,
            started_at_us=tape.from_us,
        )
        async with self._store.transaction() as tx:
            await tx.live_archives.add(archive)
        await asyncio.to_thread(path.unlink)
        self._events.publish(AiringChanged(AiringId(archive.airing_id)))
