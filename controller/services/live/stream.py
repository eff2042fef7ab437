"""One stream of live sound, from packets that come in to bundles that go out to its horns.

Rules of the module: feeding never waits. A stream knows who is to get its sound from the board, looked at now and then;
when the airing is not on the board any more the stream is over, whoever ended it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agents.protocol.ids import DeviceId
from agents.protocol.live import MAX_PACKET_BYTES, Bundle, tag_of
from agents.protocol.values import AiringClass
from controller.domain.airings import Airing, PlayState
from controller.domain.evidence import ENDS
from controller.domain.live import Bundler, Stamper
from controller.ports import Links, Meter
from controller.services.board import OpenAiring
from controller.services.live.cuts import Cuts
from controller.services.live.tape import Label, Tape
from controller.services.office import Office

LIVE_CAPABILITY: Final = "live-v1"
_FLUSH_AFTER_S: Final = 0.06
_SILENT_AFTER_US: Final = 2_000_000
GRACE_US: Final = 5_000_000
"""A stream whose microphone was lost waits so long for it to come back."""
FIRST_WORD_US: Final = 60_000_000
"""And so long for its first."""


class StreamState(StrEnum):
    """``waiting`` for its first packet, ``live``, ``silent`` where its source says nothing for two seconds, or
    ``ended``.
    """

    WAITING = "waiting"
    LIVE = "live"
    SILENT = "silent"
    ENDED = "ended"


@dataclass(slots=True)
class LiveCounters:
    """Of all streams since the start. ``bundles`` went out once each, ``given`` counts them for each horn; ``moved``
    and ``left_out`` as `Stamper` has them.
    """

    streams: int = 0
    bundles: int = 0
    given: int = 0
    moved: int = 0
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a stream is made with. ``tapes`` makes the file in which it is kept, None where nothing is kept."""

    office: Office
    links: Links
    counters: LiveCounters
    cuts: Cuts
    tape: Callable[[Label], Tape | None]
    close: "Callable[[LiveStream, str, str], Awaitable[None]]"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the live part of an airing lies, how much later its sound is heard than it arrives, and the number that its
    first bundle has. ``tail_us`` is how much later than at others it is heard from the last of its horns.
    """

    begins_us: int
    ends_us: int
    delay_us: int
    first_number: int = 0
    tail_us: int = 0


class LiveStream:
    """``owned`` streams are their whole airing, and end it; others are a part of one."""

    def __init__(self, workshop: Workshop, airing: Airing, places: Places, *, owned: bool) -> None:
        self.airing: Final = airing
        self.delay_us: Final = places.delay_us
        self.begins_us: Final = places.begins_us
        self.ends_us: Final = places.ends_us
        self.owned: Final = owned
        self._tail_us = places.tail_us
        self.over = asyncio.Event()
        self.meter: Meter | None = None
        self._held = False
        self._patience_us = FIRST_WORD_US
        self._let_go_us = workshop.office.clock.now_us()
        self.reason = ""
        self._workshop = workshop
        self._stamper = Stamper(places.begins_us, places.ends_us, places.delay_us)
        self._bundler = Bundler(tag_of(airing.airing_id), places.first_number)
        self.tape: Final = workshop.tape(Label(airing.airing_id, places.begins_us))
        self._targets: tuple[DeviceId, ...] = ()
        self._flushing: asyncio.TimerHandle | None = None
        self._heard_us: int | None = None
        self._levels: list[float] = []
        workshop.counters.streams += 1
        self.look()

    # --- what comes in ----------------------------------------------------------------------------------------------

    def feed(self, packet: bytes, captured_us: int | None = None) -> bool:
        """One Opus packet of 20 ms, which came in at ``captured_us`` (None: now) in controller time. False where it got
        no place. What is no packet is left out too.
        """
        if self.over.is_set() or not 0 < len(packet) <= MAX_PACKET_BYTES:
            return False
        now_us = self._workshop.office.clock.now_us()
        moved, left_out = self._stamper.moved, self._stamper.left_out
        at_us = self._stamper.place(now_us if captured_us is None else captured_us)
        self._workshop.counters.moved += self._stamper.moved - moved
        self._workshop.counters.left_out += self._stamper.left_out - left_out
        if at_us is None:
            return False
        self._heard_us = now_us
        if self.meter is not None:
            self._measure(self.meter, packet)
        for bundle in self._bundler.add(at_us, packet):
            self._send(bundle)
        if self._bundler.waiting and self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(_FLUSH_AFTER_S, self._flush)
        return True

    def _measure(self, meter: Meter, packet: bytes) -> None:
        level_db = meter(packet)
        if level_db is not None:
            self._levels = [*self._levels[-14:], level_db]

    def _flush(self) -> None:
        self._flushing = None
        for bundle in self._bundler.rest():
            self._send(bundle)

    def _send(self, bundle: Bundle) -> None:
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        office, counters = self._workshop.office, self._workshop.counters
        audio = office.secretary.sign_live(bundle)
        counters.bundles += 1
        counters.given += self._workshop.links.live(self._targets, audio)
        if self.tape is not None:
            self.tape.add(audio)

    def take(self) -> bool:
        """A microphone comes to it. False where one is there already, or it is over."""
        if self._held or self.over.is_set():
            return False
        self._held = True
        return True

    def let_go(self) -> None:
        """The microphone is gone, perhaps to come back."""
        self._held, self._patience_us = False, GRACE_US
        self._let_go_us = self._workshop.office.clock.now_us()

    @property
    def held(self) -> bool:
        """Whether a microphone is at it."""
        return self._held

    @property
    def abandoned(self) -> bool:
        """Nobody has been at it, and nothing came in, for longer than is waited for."""
        last_us = max(self._let_go_us, self._heard_us or 0)
        return not self._held and self._workshop.office.clock.now_us() - last_us > self._patience_us

    # --- how it is --------------------------------------------------------------------------------------------------

    @property
    def entry(self) -> OpenAiring | None:
        """The airing on the board, with its evidence; None once it is over."""
        return self._workshop.office.board.get(self.airing.airing_id)

    def look(self) -> None:
        """Sees to whom its sound goes now: whoever is to play it, and has not ended."""
        entry, roster = self.entry, self._workshop.office.roster
        if entry is None:
            self._targets = ()
            return
        targets = []
        for speaker_id, playback in entry.playbacks.items():
            device_id = entry.devices.get(speaker_id)
            if device_id is None or playback.withdrawn or playback.state in ENDS:
                continue
            present = roster.get(device_id)
            if present is not None and LIVE_CAPABILITY in present.hello.capabilities:
                targets.append(device_id)
        self._targets = tuple(targets)

    def joined(self, delay_us: int) -> None:
        """Others came to hear it: the last of them so much later than the first horns."""
        if self.airing.airing_class is not AiringClass.EMERGENCY:  # which is heard everywhere at once
            self._tail_us = max(self._tail_us, delay_us)
        self.look()

    @property
    def state(self) -> StreamState:
        if self.over.is_set():
            return StreamState.ENDED
        if self._heard_us is None:
            return StreamState.WAITING
        quiet_us = self._workshop.office.clock.now_us() - self._heard_us
        return StreamState.SILENT if quiet_us > _SILENT_AFTER_US else StreamState.LIVE

    @property
    def level_db(self) -> float | None:
        """The loudest of the last 0.3 s that came in, in dB below full scale; None while nobody measures, or nothing
        comes.
        """
        return max(self._levels) if self._levels and self.state is StreamState.LIVE else None

    @property
    def moved(self) -> int:
        """Places of 20 ms that were left empty because packets came too late for theirs."""
        return self._stamper.moved

    @property
    def left_out(self) -> int:
        """Packets that got no place."""
        return self._stamper.left_out

    @property
    def of(self) -> int:
        """How many horns are to sound it."""
        entry = self.entry
        return len((self.airing if entry is None else entry.airing).speaker_ids)

    def hearing(self) -> int:
        """From how many horns it sounds: their devices said so, and of no cut since; they are linked, and take what
        they are sent.
        """
        entry = self.entry
        if entry is None or self.over.is_set():
            return 0
        there = self._workshop.links.connected() - self._workshop.links.behind()
        cuts, airing_id = self._workshop.cuts, self.airing.airing_id
        return sum(
            playback.state is PlayState.SOUNDING
            and entry.devices.get(speaker_id) in there
            and not cuts.has(airing_id, speaker_id)
            for speaker_id, playback in entry.playbacks.items()
        )

    # --- its end ----------------------------------------------------------------------------------------------------

    async def close(self, by: str, reason: str = "") -> None:
        """Says that it is over; what follows of the airing follows. Once is enough. Never raises `StoreFailed`: the end
        is on its way, and is stored as soon as it can be.
        """
        if not self.over.is_set():
            await self._workshop.close(self, by, reason)

    def finish(self, reason: str) -> int:
        """Sends what waits as the last; returns the instant at which the sound has ended at every horn."""
        self.reason = reason
        if self._heard_us is not None and self.entry is not None:
            self._send(self._bundler.last(self._stamper.ended_us))
        elif self._flushing is not None:
            self._flushing.cancel()
        self.over.set()
        return min(self._stamper.ended_us + self._tail_us, self.ends_us)
