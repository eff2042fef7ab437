"""Remote actions: what a technician at the desk has this box do.

Rules of the module: one after the other, in the order in which they came. Each order ends with exactly one
`ActionEnded`, whose record spends the order on the disk in the same transaction; an order that was open when the
program ended is not taken up again, but ended: a restart as done, everything else as failed. No sound is made but by
the player's leave, and no test of the horn at night unless a person says that somebody stands beside it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from agents.domain.night import is_night
from agents.io.conductor import Conductor
from agents.io.decode import DecodeError, Source
from agents.io.identify_audio import identify_sequence
from agents.io.local import LocalEnd
from agents.io.loglines import LogLines, log_text
from agents.io.microphone import SensorError
from agents.io.selftest import SILENT, HornFailed, HornTest, NotNow
from agents.io.sequence import SequenceSource
from agents.io.timeport import TimePort
from agents.io.tones import tone_source
from agents.io.tunewatch import self_tested
from agents.io.wire import LinkLost
from agents.protocol.documents import Calibrate, FetchLog, Hand, Identify, Order, Restart, SelfTest, TestTone
from agents.protocol.errors import WireError
from agents.protocol.ids import plate_digits
from agents.protocol.journal import ActionEnded, ActionName, ActionResult, JournalEvent
from agents.protocol.messages import LogReport
from agents.protocol.values import Profile
from agents.protocol.version import MAX_LOG_LETTERS

WAITING_AT_MOST: Final = 16
SIM_LOG_LETTERS: Final = 20_000
"""A SIM card pays for every letter."""
RESTART_AFTER_S: Final = 1.0
"""So that the answer to the order has left before the link goes."""
_LONGEST_S: Final = 60.0
_LOG_WITHIN_S: Final = 30.0
IT_IS_NIGHT: Final = (
    "It is night (22:00 to 05:00). Where somebody stands beside the horn, ask for the self-test in quiet hours too."
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HandParts:
    """What hands work with. ``blink`` shows at the box that it is this one; ``restart`` ends the program."""

    device_id: str
    conductor: Conductor
    time: TimePort
    test: HornTest
    lines: LogLines
    zone: tzinfo
    one: asyncio.Lock
    identify_gain_db: float
    restart: Callable[[], None]
    blink: Callable[[], None] = lambda: None
    secrets: Sequence[str] = ()


class Hands:
    """Give `obey` to the conductor, and `run` it."""

    def __init__(self, parts: HandParts) -> None:
        self._parts = parts
        self._orders: asyncio.Queue[Order] = asyncio.Queue(WAITING_AT_MOST)

    def obey(self, order: Order) -> None:
        """To be called once for each order, when it is on the disk."""
        try:
            self._orders.put_nowait(order)
        except asyncio.QueueFull:
            self._end(order, ActionResult.REFUSED, "Too much was asked for at once.")

    async def run(self) -> None:
        """Ends what the run before left open, then does what is asked, until cancelled."""
        await self._parts.conductor.wait_ready()
        for order in self._parts.conductor.open_hands:
            self._end_left_open(order)
        while True:
            await self._do(await self._orders.get())

    def _end_left_open(self, order: Order) -> None:
        match order.action:
            case Restart():
                self._end(order, ActionResult.DONE, "The program was started again.")
            case _:
                self._end(order, ActionResult.FAILED, "The program ended before it was done. Ask again.")

    async def _do(self, order: Order) -> None:
        assert isinstance(order.action, Hand)
        name = _NAMES[type(order.action)]
        now_us = self._parts.conductor.performer.now().controller_us
        if now_us is not None and now_us > order.header.not_after_us:
            self._end(order, ActionResult.REFUSED, "Its turn came too late, after others. Ask again.")
            return
        log.info("doing %s", name, extra={"event": "action", "order_id": order.header.document_id})
        try:
            async with asyncio.timeout(_LONGEST_S):
                detail = await self._done(order, order.action)
        except NotNow as why_not:
            self._end(order, ActionResult.REFUSED, str(why_not))
        except (HornFailed, SensorError, DecodeError) as error:
            self._end(order, ActionResult.FAILED, str(error))
        except TimeoutError:
            self._end(order, ActionResult.FAILED, "It took too long and was given up.")
        except (OSError, LinkLost, WireError, ValueError) as error:
            self._end(order, ActionResult.FAILED, f"It could not be done: {error}.")
        else:
            if detail is not None:
                self._end(order, ActionResult.DONE, detail)

    async def _done(self, order: Order, action: Hand) -> str | None:
        """A sentence with what came of it; None where the end is told later."""
        match action:
            case Identify():
                return await self._identify()
            case TestTone(seconds=seconds, gain_db=gain_db):
                async with self._parts.one:
                    await self._sound("tone", tone_source(seconds), gain_db)
                return f"A tone of 1 kHz sounded for {seconds} s."
            case Restart():
                await self._sleep(RESTART_AFTER_S)
                self._parts.restart()
                return None
            case FetchLog(lines=lines):
                return await self._fetch_log(order.header.document_id, lines)
            case SelfTest(quiet_hours=quiet_hours):
                return await self.self_test(order.header.document_id, quiet_hours=quiet_hours)
            case Calibrate():
                return await self.calibrate(beside=False)

    # --- each of them -----------------------------------------------------------------------------------------------

    async def self_test(self, order_id: str | None, *, quiet_hours: bool) -> str:
        """Also for whoever stands at the box. Raises `NotNow`, `HornFailed`, `SensorError`."""
        if not quiet_hours:
            self._refuse_at_night()
        async with self._parts.one:
            tested = await self._parts.test.test(quiet_hours=quiet_hours)
        self._record(self_tested(tested, order_id=order_id))
        return tested.verdict.detail

    async def calibrate(self, *, beside: bool) -> str:
        """``beside``: for whoever stands at the box, at any hour. Raises `NotNow`, `HornFailed`, `SensorError`."""
        if not beside:
            self._refuse_at_night()
        async with self._parts.one:
            return await self._parts.test.calibrate(quiet_hours=beside)

    def _refuse_at_night(self) -> None:
        now_us = self._parts.conductor.performer.now().controller_us
        if now_us is None:
            raise NotNow("The time is not known, so it may be night.")
        if is_night(now_us, self._parts.zone):
            raise NotNow(IT_IS_NIGHT)

    async def _identify(self) -> str:
        digits = plate_digits(self._parts.device_id)
        self._parts.blink()
        parts = await asyncio.to_thread(identify_sequence, digits)
        async with self._parts.one:
            await self._sound("name", SequenceSource(parts), self._parts.identify_gain_db)
        return f"It said {digits}, the digits of its plate."

    async def _fetch_log(self, order_id: str, lines: int) -> str:
        assignment = self._parts.conductor.assignment()
        sparing = assignment is not None and assignment.profile is Profile.SIM
        letters = SIM_LOG_LETTERS if sparing else MAX_LOG_LETTERS
        text = await log_text(self._parts.lines, lines, letters, self._parts.secrets)
        async with asyncio.timeout(_LOG_WITHIN_S):
            await self._parts.conductor.outgoing.send(LogReport(order_id=order_id, text=text))
        return f"{len(text.splitlines())} lines were sent."

    async def _sound(self, name: str, source: Source, gain_db: float) -> None:
        """Returns when it has sounded to its end. Raises `NotNow`, `HornFailed`."""
        if self._parts.test.silent:
            raise NotNow(SILENT)
        ended: asyncio.Future[tuple[LocalEnd, str]] = asyncio.get_running_loop().create_future()

        def end(how: LocalEnd, detail: str) -> None:
            if not ended.done():
                ended.set_result((how, detail))

        why_not = self._parts.conductor.local.play(name, source, on_end=end, gain_db=gain_db)
        if why_not is not None:
            raise NotNow(why_not)
        try:
            how, detail = await ended
        except asyncio.CancelledError:
            self._parts.conductor.local.stop()
            raise
        if how == "cut":
            raise NotNow(detail)
        if how == "failed":
            raise HornFailed(detail)

    def _end(self, order: Order, result: ActionResult, detail: str) -> None:
        order_id = order.header.document_id
        name = _NAMES[type(order.action)]
        log.info("%s: %s, %s", name, result.value, detail, extra={"event": "action_ended", "order_id": order_id})
        self._record(ActionEnded(order_id=order_id, action=name, result=result, detail=detail[:500]))

    def _record(self, event: JournalEvent) -> None:
        self._parts.conductor.performer.record([event])

    async def _sleep(self, seconds: float) -> None:
        await self._parts.time.sleep_until(self._parts.time.monotonic_us() + round(seconds * 1e6))


_NAMES: Final[dict[type, ActionName]] = {
    Identify: ActionName.IDENTIFY,
    TestTone: ActionName.TEST_TONE,
    Restart: ActionName.RESTART,
    FetchLog: ActionName.FETCH_LOG,
    SelfTest: ActionName.SELF_TEST,
    Calibrate: ActionName.CALIBRATE,
}
