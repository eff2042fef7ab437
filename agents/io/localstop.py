"""The stop button of a box: silence here and now, whatever anybody planned.

Rules of the module: a press stops everything, emergencies too, as a stop order does, and it holds: over restarts, until
the button is held down for three seconds, or the desk releases the stop named `BUTTON`, or a day is over (where the
time was not known: a day after it was). Airings that it cut are in the journal as stopped by `BUTTON`. The file is
written behind: silence waits for no disk.
"""

import asyncio
import logging
from pathlib import Path
from typing import Final

import msgspec

from agents.domain.player.events import DocumentTaken
from agents.io.conductor import Conductor
from agents.io.files import sync_directory, write_whole
from agents.io.timeport import TimePort
from agents.io.waiting import first_of
from agents.protocol.documents import Audience, Header, Order, ReleaseStop, Stop
from agents.protocol.version import MAX_INTEGER

BUTTON: Final = "button"
HOLDS_S: Final = 86_400.0
FILE_NAME: Final = "stopped.json"
_LOOK_EVERY_S: Final = 5.0

log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """``until_us`` in controller time, None where that was not known."""

    until_us: int | None


class LocalStop:
    """Tell it what the button does; `run` it for the file."""

    def __init__(self, state_folder: Path, time: TimePort) -> None:
        self._path = state_folder / FILE_NAME
        self._time = time
        self._conductor: Conductor | None = None
        self._may_release = False
        self._changed = asyncio.Event()
        self._kept = self._read()

    def standing(self) -> tuple[Order, ...]:
        """What holds from the run before: to be obeyed before anything is played."""
        return () if self._kept is None else (_stop(self._kept.until_us),)

    def attach(self, conductor: Conductor) -> None:
        """Whom to stop."""
        self._conductor = conductor

    @property
    def holds(self) -> bool:
        """Whether a press is in force."""
        return self._conductor is not None and BUTTON in self._conductor.performer.state.latches

    def pressed(self) -> None:
        """Silence, at once. Where it is silent already, holding on ends it."""
        if self._conductor is None:
            return
        self._may_release = self.holds
        if self.holds:
            return
        log.warning("stopped by the button", extra={"event": "button_stop"})
        self._hold(self._conductor)
        self._changed.set()

    def held(self) -> None:
        """The button has been down for three seconds."""
        if self._conductor is None or not (self.holds and self._may_release):
            return
        log.warning("the button's stop is released", extra={"event": "button_release"})
        self._conductor.performer.tell(DocumentTaken(_release()))
        self._changed.set()

    async def run(self) -> None:
        """Keeps the file as the player has it, until cancelled."""
        if self._conductor is None:
            return
        await self._conductor.wait_ready()
        while True:
            if self._lacks_an_end(self._conductor):
                self._hold(self._conductor)
            kept = self._kept if self.holds else None
            try:
                await asyncio.to_thread(self._write, kept)
            except OSError as error:
                log.error("the button's stop cannot be kept: %s", error, extra={"event": "state_failed"})
            self._kept = kept
            await self._until_changed(self._conductor)

    def _hold(self, conductor: Conductor) -> None:
        """Stop everything for a day; without an end as long as the time is not known."""
        now_us = conductor.performer.now().controller_us
        self._kept = _Kept(until_us=None if now_us is None else now_us + round(HOLDS_S * 1e6))
        conductor.performer.tell(DocumentTaken(_stop(self._kept.until_us)))

    def _lacks_an_end(self, conductor: Conductor) -> bool:
        """Whether the time was not known, and now is."""
        endless = self.holds and self._kept is not None and self._kept.until_us is None
        return endless and conductor.performer.now().controller_us is not None

    async def _until_changed(self, conductor: Conductor) -> None:
        """By the button at once; by an order, the day being over, or the time being known, a little later."""
        self._changed.clear()
        while not (self._changed.is_set() or self.holds != (self._kept is not None) or self._lacks_an_end(conductor)):
            nap = self._time.sleep_until(self._time.monotonic_us() + round(_LOOK_EVERY_S * 1e6))
            await first_of(nap, self._changed.wait())

    def _read(self) -> _Kept | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError):
            # It says that somebody wanted silence here: that holds, whatever else it said.
            return _Kept(until_us=None)

    def _write(self, kept: _Kept | None) -> None:
        if kept is not None:
            write_whole(self._path, msgspec.json.encode(kept))
        elif self._path.exists():
            self._path.unlink()
            sync_directory(self._path.parent)


def _stop(until_us: int | None) -> Order:
    return Order(header=_header(until_us), to=Audience(), action=Stop())


def _release() -> Order:
    return Order(header=_header(None), to=Audience(), action=ReleaseStop(order_id=BUTTON))


def _header(until_us: int | None) -> Header:
    """An order that nobody signed, and that nobody but the player sees."""
    return Header(
        document_id=BUTTON,
        key_id=BUTTON,
        issued_at_us=0,
        not_after_us=MAX_INTEGER if until_us is None else until_us,
        counter=1,
    )
