"""The clip store (skeleton)."""

from pathlib import Path


class ClipStore:
    """Clips in one directory."""

    def __init__(self, directory: Path) -> None: ...

    async def open(self) -> None: ...
