"""Bulletins in the making: a text or a recording becomes clips, in the background."""

from pathlib import Path

from agents.protocol.ids import BulletinId
from controller.domain.bulletins import Bulletin


class Compose:
    """Makes bulletins. A text is checked at once; speaking, levelling and transcoding go on behind."""

    async def text_bulletin(self, title: str, text: str, language: str, words_per_minute: int, by: str) -> Bulletin:
        """A bulletin in state preparing. An empty title is taken from the text.

        Raises `Invalid`: ``text_empty``, ``text_too_long``, ``title_too_long``, ``language_unknown``,
        ``rate_out_of_range``.
        """
        raise NotImplementedError

    async def recording_bulletin(self, title: str, path: Path, by: str) -> Bulletin:
        """A bulletin in state preparing. The file at ``path`` is ours from here on, and removed when it was used.

        Raises `Invalid`: ``title_too_long``, ``recording_missing``.
        """
        raise NotImplementedError

    async def cancel(self, bulletin_id: BulletinId, by: str) -> Bulletin:
        """Ends the work at once; a bulletin that is ready or failed stays as it is. Raises `NotFound`."""
        raise NotImplementedError

    async def get(self, bulletin_id: BulletinId) -> Bulletin:
        """With the progress of this moment. Raises `NotFound`."""
        raise NotImplementedError

    async def wait_ready(self, bulletin_id: BulletinId) -> Bulletin:
        """Waits while it is preparing; the one returned may have failed or been cancelled. Raises `NotFound`."""
        raise NotImplementedError

    async def latest(self, limit: int) -> tuple[Bulletin, ...]:
        """The newest first."""
        raise NotImplementedError

    async def resume(self) -> None:
        """After a restart: texts left in preparing are prepared again; recordings fail with ``upload_incomplete``."""
        raise NotImplementedError
