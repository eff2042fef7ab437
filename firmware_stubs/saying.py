"""What a device says once it is welcomed, and what the faults make of it on the way."""

import zlib
from typing import Final

from agents.protocol.codec import encode
from agents.protocol.messages import Message
from firmware_stubs.faults import Fate, FaultName
from firmware_stubs.link import JSON_DEFLATED, JSON_LAST, Link, clock_ask
from firmware_stubs.tally import Tally
from firmware_stubs.timers import Timers

_DEFLATED_FROM_BYTES: Final = 200
_HELD_AT_MOST_S: Final = 1.0


class Mouth:
    """Belongs to one device; ``link`` is set while it is linked."""

    __slots__ = ("_fate", "_held", "_tally", "_timers", "deflating", "link")

    def __init__(self, fate: Fate | None, timers: Timers, tally: Tally) -> None:
        self._fate = fate
        self._timers = timers
        self._tally = tally
        self._held = b""
        self.link: Link | None = None
        self.deflating = False

    def open(self, link: Link | None) -> None:
        """A new link, or none. What was held back for the old one is lost."""
        self.link, self._held, self.deflating = link, b"", False

    def say(self, message: Message) -> None:
        """One message."""
        self.say_raw(encode(message))

    def say_raw(self, message: bytes) -> None:
        """The same for one that is encoded already."""
        if self.deflating and len(message) >= _DEFLATED_FROM_BYTES:
            self._out(bytes((JSON_DEFLATED,)) + zlib.compress(message, 9))
        else:
            self._out(bytes((JSON_LAST,)) + message)

    def ask_time(self) -> None:
        """A clock exchange."""
        self._out(clock_ask())

    def _out(self, plain: bytes) -> None:
        link, fate = self.link, self._fate
        if link is None:
            return
        if fate is None:
            link.send_plain(plain)
            return
        at_s = self._timers.elapsed_s()
        if fate.holds(FaultName.SILENT, at_s):
            self._tally.fault(FaultName.SILENT)
            return
        struck = fate.of_message(at_s)
        if struck is not None:
            self._tally.fault(struck)
        match struck:
            case None:
                self._send(link, plain)
            case FaultName.DROP:
                pass
            case FaultName.DELAY:
                self._timers.after(fate.delay_s(), lambda: self._send_late(link, plain))
            case FaultName.DUPLICATE:
                self._send(link, plain)
                self._send(link, plain)
            case FaultName.REORDER:
                self._hold(link, plain)
            case FaultName.TEAR:
                frame = link.sealed(plain)
                link.write(frame[: max(1, len(frame) // 2)])
                link.end("torn down in the middle of a message, on purpose", abruptly=True)

    def _send(self, link: Link, plain: bytes) -> None:
        held, self._held = self._held, b""
        link.send_plain(plain)
        if held:
            link.send_plain(held)

    def _send_late(self, link: Link, plain: bytes) -> None:
        if self.link is link:
            self._send(link, plain)

    def _hold(self, link: Link, plain: bytes) -> None:
        """Goes behind the next one; where none comes, it goes a second later."""
        if self._held:
            self._send(link, plain)
            return
        self._held = plain
        self._timers.after(_HELD_AT_MOST_S, lambda: self._let_go(link, plain))

    def _let_go(self, link: Link, plain: bytes) -> None:
        if self.link is link and self._held is plain:
            self._held = b""
            link.send_plain(plain)
