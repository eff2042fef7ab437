"""What a device does while it is linked, and what it keeps in between: its time, its heartbeats, its journal."""

import struct
import time
from collections.abc import Callable
from typing import Final

from agents.protocol import ids
from agents.protocol.channel import clock_tag
from agents.protocol.errors import MalformedMessage
from agents.protocol.journal import JournalEvent, Refused, Sounding
from agents.protocol.messages import Heartbeat, JournalAck, Welcome
from agents.protocol.telemetry import LinkKind, Telemetry
from agents.protocol.values import ClipRef, ClockBasis, Profile
from agents.protocol.version import DEFLATE
from firmware_stubs.faults import Fate, FaultName
from firmware_stubs.fetching import Errand
from firmware_stubs.journal import CLOCK_ERROR_US, Journal
from firmware_stubs.live import HeardBundle
from firmware_stubs.playing import Player
from firmware_stubs.saying import Mouth
from firmware_stubs.shared import Shared
from firmware_stubs.state import Kept
from firmware_stubs.timers import Timer

FIRST_BURSTS_S: Final = (0.25, 0.5, 1.0, 2.0)
"""Pauses after the bursts with which a link begins; then one question as often as the welcome says: the clock of a
simulated device is settled by then. On a SIM bursts are for a device that does not know the time. Where it is crowded
there are none before the welcome's time is over, and none at all on a LAN.
"""
_ANSWER: Final = struct.Struct(">BqqqB4s")
_FLOOD_EVERY_S: Final = 0.02
_FLOOD_MESSAGES: Final = 100
_REMIND_AFTER_S: Final = 1.0


class Service:
    """Belongs to one device. Implements `playing.Box`."""

    __slots__ = (
        "_asked",
        "_burst",
        "_crowded_until_us",
        "_device_id",
        "_fate",
        "_in_time",
        "_offset_us",
        "_player",
        "_progress",
        "_refusals",
        "_round_us",
        "_shared",
        "_tag",
        "_timers",
        "_welcome",
        "heard_us",
        "journal",
        "kept",
        "mouth",
    )

    def __init__(self, kept: Kept, device_id: str, shared: Shared, fate: Fate | None) -> None:
        self.kept = kept
        self.mouth = Mouth(fate, shared.timers, shared.tally)
        # A batch that was lost must not be overtaken by the next: the controller would take the hole for a loss.
        self.journal = Journal(kept) if fate is None else Journal(kept, 1)
        self._device_id = device_id
        self._shared = shared
        self._fate = fate
        self._player: Player | None = None
        self._offset_us: int | None = None
        self._round_us = 0
        self._welcome: Welcome | None = None
        self._tag = b""
        self._timers: dict[str, Timer] = {}
        self.heard_us = 0
        self._asked = 0
        self._burst = 0
        self._crowded_until_us = 0
        self._refusals = 0
        self._progress = False
        self._in_time = False

    # --- the link begins and ends -----------------------------------------------------------------------------------

    def begin(self, welcome: Welcome) -> None:
        """The controller's welcome: from now on the link is kept."""
        if self._tag != clock_tag(welcome.clock_id):
            self._tag, self._offset_us = clock_tag(welcome.clock_id), None
        self._welcome = welcome
        self.mouth.deflating = welcome.profile is Profile.SIM and DEFLATE in welcome.capabilities
        self._crowded_until_us = time.monotonic_ns() // 1000 + round(welcome.crowded_s * 1e6)
        sparing = self._offset_us is not None if welcome.profile is Profile.SIM else welcome.crowded_s > 0
        self._asked = len(FIRST_BURSTS_S) if sparing else 0
        self.journal.begin_again()
        self._ask()
        self._upload()
        if self._fate is not None:
            self._flood()
            self._remind()

    def end(self) -> None:
        """The link is over. Airings go on."""
        self._shared.tally.in_time -= self._in_time
        self._in_time = False
        self._welcome = None
        self.mouth.open(None)
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    @property
    def linked(self) -> bool:
        """Whether it was welcomed."""
        return self._welcome is not None

    @property
    def player(self) -> Player:
        """Made when it is first needed: most devices of a large fleet never play."""
        if self._player is None:
            self._player = Player(self, self.kept.rendition, self.kept.delay_us)
        return self._player

    def forget(self) -> None:
        """The device is new again: it plays nothing."""
        if self._player is not None:
            self._player.close()
        self._player = None

    # --- time -------------------------------------------------------------------------------------------------------

    def now_us(self) -> int | None:
        """Controller time, None while it is unknown."""
        return None if self._offset_us is None else time.monotonic_ns() // 1000 + self._offset_us

    def answered(self, plain: bytes, arrived_us: int) -> None:
        """The second half of a clock exchange. Raises `MalformedMessage`."""
        try:
            _, t1_us, t2_us, t3_us, _, tag = _ANSWER.unpack(plain)
        except struct.error as error:
            raise MalformedMessage("a clock frame of another length") from error
        self.heard_us = arrived_us
        self._shared.tally.clock_answers += 1
        first = self._offset_us is None
        self._set_clock(((t2_us - t1_us) + (t3_us - arrived_us)) // 2, (arrived_us - t1_us) - (t3_us - t2_us))
        if tag != self._tag and self.mouth.link is not None:
            self.mouth.link.end("the controller's time line began anew")
        elif not self._in_time and self.linked:
            self._in_time = True
            self._shared.tally.in_time += 1
            self._beat()
            self._shared.noticed()
        if first and self._player is not None:
            self._player.time_known()
        self._burst -= 1
        if self._burst > 0:
            self.mouth.ask_time()

    def _set_clock(self, offset_us: int, round_us: int) -> None:
        """An answer that was longer on its way than one before says less; the one before says less every time."""
        if self._offset_us is None or round_us <= self._round_us:
            self._offset_us, self._round_us = offset_us, round_us
        else:
            self._round_us += self._round_us // 8 + 100

    def _ask(self) -> None:
        welcome, link = self._welcome, self.mouth.link
        if welcome is None or link is None:
            return
        silent_s = time.monotonic() - self.heard_us / 1e6
        if silent_s > welcome.silence_limit_s and not self._holds(FaultName.SILENT):
            link.end(f"nothing was heard for {silent_s:.0f} s")
            return
        crowded_s = (self._crowded_until_us - time.monotonic_ns() // 1000) / 1e6
        first = crowded_s <= 0 and self._asked < len(FIRST_BURSTS_S)
        self._burst = welcome.clock_burst if first else 1
        self.mouth.ask_time()
        pause_s = FIRST_BURSTS_S[self._asked] if first else crowded_s if crowded_s > 0 else welcome.clock_every_s
        self._asked += first
        self._later("ask", min(pause_s, welcome.clock_every_s), self._ask)

    def heard_live(self, bundle: HeardBundle, arrived_us: int) -> None:
        """A bundle, taken from the socket at this instant of the device's own clock."""
        tally = self._shared.tally.live
        key = self.kept.signing_key
        if key is None or not bundle.signed_by(key):
            tally.refused += 1
        elif self._player is None or self._offset_us is None:
            tally.stray += 1
        else:
            self._player.hear(bundle, arrived_us + self._offset_us, tally)

    # --- heartbeats -------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        if self._welcome is None:
            return
        self._shared.tally.heartbeats += 1
        self.mouth.say(self._heartbeat())
        self._later("beat", self._welcome.heartbeat_every_s, self._beat)

    def _heartbeat(self) -> Heartbeat:
        link, player = self.mouth.link, self._player
        lie_us = self._lie_us()
        sim = self._welcome is not None and self._welcome.profile is Profile.SIM
        return Heartbeat(
            clock_basis=ClockBasis.NONE if self._offset_us is None else ClockBasis.LINK,
            clock_error_us=None if self._offset_us is None else CLOCK_ERROR_US,
            clock_offset_us=None if self._offset_us is None else self._offset_us + lie_us,
            volume_percent=self.kept.volume_percent,
            sounding_airing_id=None if player is None else player.sounding,
            clips=0 if player is None else player.clips,
            disk_free_bytes=1 << 30,
            refusals=self._refusals,
            unknown_messages=0,
            telemetry=Telemetry(
                uptime_s=int(self._shared.timers.elapsed_s()),
                temperature_c=45.0,
                load_percent=5,
                memory_percent=30,
                disk_total_bytes=1 << 33,
                link_kind=LinkKind.CELLULAR if sim else LinkKind.ETHERNET,
                sent_bytes=0 if link is None else link.sent_bytes,
                received_bytes=0 if link is None else link.received_bytes,
                journal_waiting=self.journal.waiting,
                drift_ppb=0,
            ),
        )

    def _flood(self) -> None:
        if self._welcome is None:
            return
        if self._holds(FaultName.FLOOD):
            self._shared.tally.fault(FaultName.FLOOD)
            again = self.journal.again()
            for _ in range(_FLOOD_MESSAGES):
                self.mouth.say(self._heartbeat() if again is None else again)
        self._later("flood", _FLOOD_EVERY_S, self._flood)

    def _holds(self, name: FaultName) -> bool:
        return self._fate is not None and self._fate.holds(name, self._shared.timers.elapsed_s())

    def _lie_us(self) -> int:
        if self._fate is None or not self._holds(FaultName.LIE):
            return 0
        self._shared.tally.fault(FaultName.LIE)
        return self._fate.lie_us

    # --- the journal ------------------------------------------------------------------------------------------------

    def _upload(self) -> None:
        """Sends what waits, as far ahead as is allowed."""
        while self.linked:
            batch = self.journal.next_batch()
            if batch is None:
                return
            self._shared.tally.records += len(batch.records)
            self.mouth.say(batch)

    def _remind(self) -> None:
        """Where messages are lost on purpose, what was not acknowledged in time is sent again."""
        if self._welcome is None:
            return
        if self.journal.waiting and not self._progress:
            self.journal.begin_again()
            self._upload()
        self._progress = False
        self._later("remind", _REMIND_AFTER_S, self._remind)

    def acknowledged(self, ack: JournalAck) -> None:
        """The controller has committed."""
        self._progress = True
        self._shared.tally.acknowledged += self.journal.acknowledged(ack.journal_id, ack.committed_seq)
        self._upload()

    # --- for the player ---------------------------------------------------------------------------------------------

    def note(self, event: JournalEvent) -> None:
        """See `playing.Box`."""
        self._shared.tally.sounded += isinstance(event, Sounding)
        if isinstance(event, Refused):
            self._refusals += 1
            self._shared.tally.refused += 1
        now_us = self.now_us()
        self.journal.note(event, None if now_us is None else max(0, now_us + self._lie_us()))
        self._upload()

    def after_us(self, delay_us: int, call: Callable[[], None]) -> Timer:
        """See `playing.Box`."""
        return self._shared.timers.after(delay_us / 1e6, call)

    def fetch(self, clips: tuple[ClipRef, ...], done: Callable[[int | None], None]) -> None:
        """See `playing.Box`."""
        self._shared.fetcher.want(Errand(self._authorization, clips, done))

    def _authorization(self) -> str:
        ticket = "" if self._welcome is None else self._welcome.clip_ticket
        return f"Loa-Device {ids.DeviceId(self._device_id)}:{ticket}"

    def _later(self, name: str, delay_s: float, call: Callable[[], None]) -> None:
        self._timers[name] = self._shared.timers.after(delay_s, call)
