"""Fetches clips over HTTP: resumed, bounded, verified, the urgent first.

Rules of the module: at most two transfers at once; while an emergency's clip is on its way or can be, nothing else is,
and what is under way for others is interrupted and taken up later. A transfer that fails is tried again for as long as
the clip is wanted, after a pause with full jitter; every failure is told, with its reason. Nothing that came is
believed before its hash is verified, redirects are not followed, and no byte beyond the announced size is kept. What is
not urgent waits for its time, by the rules of `agents.domain.fetching`.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp

from agents.domain.fetching import TIME_PATIENCE_US, fetch_at_us, share_of
from agents.domain.player.effects import Want
from agents.domain.player.events import ClipStored, FetchFailed
from agents.io.clips import ClipDamaged, ClipStore, DiskFull, PartialClip
from agents.io.timeport import TimePort
from agents.protocol.journal import FailReason
from agents.protocol.values import ClipRef, Profile
from agents.protocol.version import CLIP_PATH, MAX_CLIP_BYTES

_BLOCK_BYTES: Final = 65_536
_LOOK_AGAIN_US: Final = 600_000_000
_FULL, _PART, _UNSATISFIABLE = 200, 206, 416
_UNAUTHORISED: Final = frozenset({401, 403})
_MISSING: Final = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Where clips come from while a link lives: ``GET {base_url}/device/clips/{sha256}`` with the link's ticket."""

    base_url: str
    ticket: str


@dataclass(frozen=True, slots=True)
class FetchSettings:
    """Pauses grow from ``first_pause_s`` by doubling up to ``longest_pause_s`` (an emergency's: much less; on the SIM
    profile, where every try costs: much more).
    """

    at_once: int = 2
    first_pause_s: float = 0.5
    longest_pause_s: float = 60.0
    longest_emergency_pause_s: float = 5.0
    longest_sim_pause_s: float = 3_600.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0


class _Failure(Exception):
    """One transfer failed. ``final``: trying again as it stands will not help (it is tried all the same, slowly)."""

    def __init__(self, reason: FailReason, detail: str, *, final: bool) -> None:
        super().__init__(detail)
        self.reason = reason
        self.final = final


class Fetcher:
    """`run` it; say what is wanted and where from, and hear what came through ``tell``. All on one event loop."""

    def __init__(
        self,
        device_id: str,
        store: ClipStore,
        time: TimePort,
        tell: Callable[[ClipStored | FetchFailed], None],
        *,
        controller_us: Callable[[], int | None] = lambda: None,
        settings: FetchSettings | None = None,
    ) -> None:
        """``controller_us`` says what controller time it is, None where that is not known."""
        self._device_id = device_id
        self._store = store
        self._time = time
        self._tell = tell
        self._controller_us = controller_us
        self._settings = settings or FetchSettings()
        self._share = share_of(device_id)
        self.profile = Profile.LAN
        """What the way to the controller costs. Counts from the next `want` on."""
        self._source: ClipSource | None = None
        self._wants: dict[str, Want] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._broken_off: set[str] = set()
        self._failures: dict[str, int] = {}
        self._not_before_us: dict[str, int] = {}
        self._since_us: dict[str, int] = {}
        self._changed = asyncio.Event()

    def want(self, wants: Sequence[Want]) -> None:
        """Fetch these and no others, in this order. What is under way and no longer wanted is broken off."""
        self._wants = {want.ref.sha256: want for want in wants}
        for known in (self._failures, self._not_before_us, self._since_us):
            for sha256 in known.keys() - self._wants.keys():
                del known[sha256]
        now_us = self._time.monotonic_us()
        for sha256 in self._wants.keys() - self._since_us.keys():
            self._since_us[sha256] = now_us
        self._changed.set()

    def link_up(self, source: ClipSource) -> None:
        """Everything is tried again at once."""
        self._source = source
        self._failures.clear()
        self._not_before_us.clear()
        self._changed.set()

    def link_down(self) -> None:
        """No new transfers until the link is up again."""
        self._source = None
        self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        settings = self._settings
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=settings.connect_timeout_s, sock_read=settings.read_timeout_s
        )
        async with (
            aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as http,
            asyncio.TaskGroup() as group,
        ):
            while True:
                self._changed.clear()
                now_us = self._time.monotonic_us()
                self._schedule(group, http, now_us)
                await self._until_something(now_us)

    # --- who is next ------------------------------------------------------------------------------------------------

    def _schedule(self, group: asyncio.TaskGroup, http: aiohttp.ClientSession, now_us: int) -> None:
        source = self._source
        for sha256 in self._running:
            if sha256 not in self._wants or source is None:
                self._break_off(sha256)
        if source is None:
            return
        ready = self._ready(now_us)
        hurry = [name for name in (*self._running, *(want.ref.sha256 for want in ready)) if self._is_emergency(name)]
        if hurry:
            ready = [want for want in ready if want.emergency]
            for sha256 in self._running.keys() - set(hurry):
                self._break_off(sha256)
        for want in ready[: max(0, self._settings.at_once - len(self._running))]:
            task = group.create_task(self._transfer(http, source, want))
            self._running[want.ref.sha256] = task
            task.add_done_callback(lambda _, sha256=want.ref.sha256: self._ended(sha256))  # type: ignore[misc]

    def _ready(self, now_us: int) -> list[Want]:
        return [
            want
            for sha256, want in self._wants.items()
            if sha256 not in self._running
            and self._not_before_us.get(sha256, now_us) <= now_us
            and self._begins_us(want, now_us) <= now_us
        ]

    def _begins_us(self, want: Want, now_us: int) -> int:
        """The local instant from which on the clip is to be fetched."""
        since_us = self._since_us.get(want.ref.sha256, now_us)
        if want.emergency or want.due_us is None:
            return now_us
        controller_us = self._controller_us()
        if controller_us is None:
            return since_us + (TIME_PATIENCE_US if self.profile is Profile.SIM else 0)
        ahead_us = controller_us - now_us
        return fetch_at_us(want.due_us, controller_us, since_us + ahead_us, self._share, self.profile) - ahead_us

    def _is_emergency(self, sha256: str) -> bool:
        want = self._wants.get(sha256)
        return want is not None and want.emergency

    def _break_off(self, sha256: str) -> None:
        """Once only: a second cancellation would hit the tidying up after the first."""
        if sha256 not in self._broken_off:
            self._broken_off.add(sha256)
            self._running[sha256].cancel()

    def _ended(self, sha256: str) -> None:
        self._running.pop(sha256, None)
        self._broken_off.discard(sha256)
        self._changed.set()

    async def _until_something(self, now_us: int) -> None:
        """Returns when a want, the source or a transfer changed, or something's time has come since ``now_us``."""
        idle = [want for sha256, want in self._wants.items() if sha256 not in self._running]
        if not idle or self._source is None:
            await self._changed.wait()
            return
        instants = [
            max(self._begins_us(want, now_us), self._not_before_us.get(want.ref.sha256, now_us)) for want in idle
        ]
        # What has no instant ahead of it waits for a transfer to end. The clock may be set meanwhile: look again.
        until_us = min((at_us for at_us in instants if at_us > now_us), default=now_us + _LOOK_AGAIN_US)
        nap = asyncio.ensure_future(self._time.sleep_until(min(until_us, now_us + _LOOK_AGAIN_US)))
        change = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((nap, change), return_when=asyncio.FIRST_COMPLETED)
        finally:
            nap.cancel()
            change.cancel()
            await asyncio.gather(nap, change, return_exceptions=True)
        for sha256 in [name for name, at_us in self._not_before_us.items() if at_us <= self._time.monotonic_us()]:
            del self._not_before_us[sha256]

    # --- one transfer -----------------------------------------------------------------------------------------------

    async def _transfer(self, http: aiohttp.ClientSession, source: ClipSource, want: Want) -> None:
        ref = want.ref
        try:
            fetched_bytes = await self._fetch(http, source, ref, urgent=want.emergency)
        except _Failure as failure:
            self._pause(want)
            self._tell(FetchFailed(ref.sha256, failure.reason, str(failure)[:500], failure.final))
        else:
            self._wants.pop(ref.sha256, None)
            self._tell(ClipStored(ref.sha256, fetched_bytes))

    def _pause(self, want: Want) -> None:
        sha256 = want.ref.sha256
        failures = self._failures[sha256] = self._failures.get(sha256, 0) + 1
        settings = self._settings
        longest_s = settings.longest_sim_pause_s if self.profile is Profile.SIM else settings.longest_pause_s
        longest_s = settings.longest_emergency_pause_s if want.emergency else longest_s
        most_s = min(longest_s, settings.first_pause_s * 2 ** min(failures - 1, 20))
        pause_us = round(random.uniform(0.1, 1.0) * most_s * 1e6)  # noqa: S311 - jitter
        self._not_before_us[sha256] = self._time.monotonic_us() + pause_us

    async def _fetch(self, http: aiohttp.ClientSession, source: ClipSource, ref: ClipRef, *, urgent: bool) -> int:
        """Bytes that came over the network. Raises `_Failure`."""
        if ref.size_bytes > MAX_CLIP_BYTES:
            detail = f"A clip of {ref.size_bytes} bytes; at most {MAX_CLIP_BYTES} are allowed."
            raise _Failure(FailReason.FETCH_FAILED, detail, final=True)
        if self._store.has(ref):
            return 0
        try:
            partial = await self._store.begin(ref, urgent=urgent)
            try:
                return await self._fill(http, source, partial, urgent=urgent)
            finally:
                await self._store.suspend(partial)
        except DiskFull as error:
            raise _Failure(FailReason.DISK_FULL, f"There is no room for the clip: {error}.", final=True) from error
        except ClipDamaged as error:
            detail = f"The server sent something else than the clip: {error}."
            raise _Failure(FailReason.CLIP_CORRUPT, detail, final=True) from error
        except TimeoutError as error:
            raise _Failure(FailReason.FETCH_FAILED, "The server fell silent.", final=False) from error
        except (aiohttp.ClientError, ValueError) as error:
            detail = f"The transfer broke off: {error or type(error).__name__}."
            raise _Failure(FailReason.FETCH_FAILED, detail, final=False) from error
        except OSError as error:
            raise _Failure(
                FailReason.DISK_FULL, f"The clip cannot be written: {error.strerror}.", final=True
            ) from error

    async def _fill(
        self, http: aiohttp.ClientSession, source: ClipSource, partial: PartialClip, *, urgent: bool
    ) -> int:
        fetched_bytes = 0
        resumed = partial.resumed
        if partial.offset < partial.ref.size_bytes:
            fetched_bytes = await self._download(http, source, partial)
        try:
            await self._store.finish(partial)
        except ClipDamaged:
            if not resumed:
                raise
            # What was kept from before may be what is wrong: once more, from the beginning.
            partial = await self._store.begin(partial.ref, urgent=urgent)
            try:
                fetched_bytes += await self._download(http, source, partial)
                await self._store.finish(partial)
            finally:
                await self._store.suspend(partial)
        return fetched_bytes

    async def _download(self, http: aiohttp.ClientSession, source: ClipSource, partial: PartialClip) -> int:
        ref = partial.ref
        headers = {
            "Authorization": f"Loa-Device {self._device_id}:{source.ticket}",
            "Accept-Encoding": "identity",
        }
        if partial.offset:
            headers["Range"] = f"bytes={partial.offset}-"
        url = source.base_url.rstrip("/") + CLIP_PATH.format(sha256=ref.sha256)
        fetched_bytes = 0
        async with http.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status == _UNSATISFIABLE and partial.offset:
                await asyncio.to_thread(partial.restart)
                raise _Failure(FailReason.FETCH_FAILED, "The server could not resume the transfer.", final=False)
            if answer.status == _FULL and partial.offset:
                await asyncio.to_thread(partial.restart)
            _check(answer, partial)
            async for block in answer.content.iter_chunked(_BLOCK_BYTES):
                fetched_bytes += len(block)
                await asyncio.to_thread(partial.write, block)
        if partial.offset < ref.size_bytes:
            missing = ref.size_bytes - partial.offset
            raise _Failure(FailReason.FETCH_FAILED, f"The transfer ended {missing} bytes early.", final=False)
        return fetched_bytes


def _check(answer: aiohttp.ClientResponse, partial: PartialClip) -> None:
    """Whether the answer is the clip at all. Raises `_Failure`."""
    status, ref = answer.status, partial.ref
    if status in _MISSING:
        raise _Failure(FailReason.CLIP_MISSING, "The server does not have the clip.", final=True)
    if status in _UNAUTHORISED:
        raise _Failure(FailReason.FETCH_FAILED, "The server did not accept the link's ticket.", final=False)
    if status not in (_FULL, _PART):
        raise _Failure(FailReason.FETCH_FAILED, f"The server answered {status}.", final=300 <= status < 500)
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise _Failure(FailReason.FETCH_FAILED, "The server sent the clip packed, which was not asked for.", final=True)
    if answer.content_length is not None and answer.content_length != ref.size_bytes - partial.offset:
        detail = f"The server has {answer.content_length} bytes where {ref.size_bytes - partial.offset} are missing."
        raise _Failure(FailReason.CLIP_CORRUPT, detail, final=True)
    if status == _PART:
        expected = f"bytes {partial.offset}-{ref.size_bytes - 1}/{ref.size_bytes}"
        if not partial.offset or answer.headers.get("Content-Range") != expected:
            raise _Failure(FailReason.CLIP_CORRUPT, "The server resumed the clip at another place.", final=True)
