"""How much of the airing on the air was heard, for the run after this one.

Written every second over the same few bytes without waiting for the disk: that survives the end of the program at any
moment, and costs a memory card nothing. After a power cut it may be some seconds old, or unreadable and thus unknown.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from agents.domain.journal import Heard

_NAME: Final = "heard"
_SIZE: Final = 256


class HeardFile:
    """One small file in the state directory. Every method blocks, briefly."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _NAME

    def read(self) -> Heard | None:
        """What was written last, None where nothing can be made of it."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Heard)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            return None

    def write(self, heard: Heard, force: bool) -> None:
        """``force`` waits for the disk. A disk that is full loses nothing but this hint."""
        content = msgspec.json.encode(heard)
        if len(content) > _SIZE:
            return
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.pwrite(handle, content.ljust(_SIZE), 0)
                if force:
                    os.fdatasync(handle)
            finally:
                os.close(handle)
        except OSError:
            return
