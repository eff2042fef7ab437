"""What the agent keeps (skeleton)."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pinned:
    """The controller this device obeys."""

    controller_id: str
    static_key: bytes
    signing_key: bytes
    urls: tuple[str, ...]


class StateStore:
    """``agent.db`` in the state directory."""

    def __init__(self, directory: Path) -> None: ...

    async def open(self) -> None: ...

    async def close(self, clean: bool = True) -> None: ...

    def pinned(self) -> Pinned | None: ...

    async def pin(self, pinned: Pinned) -> None: ...
