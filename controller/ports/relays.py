"""What a relay needs from outside, as Protocols: sources of sound, and a way for live sound to the speakers."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from agents.protocol.values import Part


class Reception(Protocol):
    """One source that is being listened to: an iterator of its packets, 20 ms of Opus each, mono, in real time.

    It ends where the source ends, and raises `StudioFailed` where nothing can be had of it any more.
    """

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    @property
    def quiet_s(self) -> float:
        """How long the sound has been silent at the packet that came last, 0 where it is not."""
        ...


class Radio(Protocol):
    """Receives sources by what stands in a programme: an address, or the name of a sound card."""

    def tune(self, source: str) -> AbstractAsyncContextManager[Reception]:
        """Begins to listen; what is wrong with the source is raised by the iterator. Whoever leaves it, for whatever
        reason, leaves nothing running.
        """
        ...

    def recorded(self, parts: tuple[Part, ...]) -> AsyncIterator[bytes]:
        """The packets of parts that are not live, in order, as fast as they are taken. Raises `StudioFailed`."""
        ...
