"""A device that is new: keeps a link to every controller it can find, until one of them adopts it.

Rules of the module. At most four candidates at once: the address in the settings, then what mDNS shows; where it shows
more, those that do not answer give way to those that were not tried as often. Nothing is
pinned before the controller has proven that it knows the code or the token, and the assignment it brought was accepted
by the same rules as every later one. The first adoption wins and ends the other links.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from agents.domain.backoff import Backoff
from agents.domain.newcomer import IdentifyRefused, Newcomer, NoCodeOpen
from agents.io.kept import Pinned
from agents.io.link import LinkParts
from agents.io.waiting import first_of
from agents.io.wire import LinkLost, Rejected, Wire, dial
from agents.protocol import ids
from agents.protocol.errors import PairingFailed, WireError
from agents.protocol.messages import (
    Adopt,
    Adopted,
    AdoptRefused,
    Identify,
    IdentifyReply,
    NewDevice,
    PairRefused,
    PairReply,
    PairStart,
)
from agents.protocol.pairing import Binding, EnrolmentToken, answer_pairing, require_equal
from agents.protocol.version import LINK_SILENCE_LIMIT_S

CANDIDATES_AT_MOST: Final = 4
NO_CODE_OPEN: Final = "no_code_open"
CODE_USED: Final = "code_used"
_KEEP_ALIVE_S: Final = 5.0
_SAME_CONTROLLER_S: Final = 60.0
_LINGER_S: Final = 2.0
_SILENCE_LIMIT_S: Final = 4 * LINK_SILENCE_LIMIT_S

log = logging.getLogger(__name__)

Speak = Callable[[str], Coroutine[Any, Any, None]]
"""Speaks the digits of a code aloud, at low volume; returns when it is silent again."""


class _Belongs(Exception):
    """The device was adopted over this link."""


class _LinkedAlready(Exception):
    """Another address led to the same controller before."""


@dataclass(slots=True)
class _Attempt:
    """What one link has agreed upon so far."""

    binding: Binding
    expected: bytes | None = field(default=None, repr=False)


class Adoption:
    """Runs until the device is adopted. Owns no task outside `run`."""

    def __init__(
        self,
        parts: LinkParts,
        newcomer: Newcomer,
        speak: Speak,
        token: EnrolmentToken | None = None,
    ) -> None:
        self._parts = parts
        self._newcomer = newcomer
        self._speak = speak
        self._token = token
        self._deciding = asyncio.Lock()
        self._to_speak: asyncio.Queue[str] = asyncio.Queue()
        self._adopted = asyncio.Event()
        self._failures: dict[str, int] = {}
        self._choose_again = asyncio.Event()
        self.linked_to: Final[dict[str, str]] = {}

    async def run(self) -> None:
        """Returns when a controller has adopted the device: the pin and the assignment are on disk."""
        candidates: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            speaker = group.create_task(self._speak_codes())
            while not self._adopted.is_set():
                wanted = self._urls()
                for url in [url for url in candidates if url not in wanted]:
                    candidates.pop(url).cancel()
                for url in wanted:
                    if url not in candidates:
                        candidates[url] = group.create_task(self._court(url))
                await self._until_changed()
            for task in (*candidates.values(), speaker):
                task.cancel()

    async def _speak_codes(self) -> None:
        """The newest code alone: an older one is used up, and whoever hears it types it in vain."""
        async with asyncio.TaskGroup() as group:
            speaking: asyncio.Task[None] | None = None
            while True:
                code = await self._to_speak.get()
                if speaking is not None:
                    speaking.cancel()
                    await asyncio.wait([speaking])
                speaking = group.create_task(self._speak(code))

    def _urls(self) -> tuple[str, ...]:
        """One address a controller, the configured one first, then who is linked, then who failed least."""
        self._choose_again.clear()
        discovery = self._parts.discovery
        found = () if discovery is None else discovery.controllers()
        urls = [self._parts.configured_url] if self._parts.configured_url else []
        known = {controller_id for url, controller_id in self.linked_to.items() if url in urls}
        others = [
            one.urls[0]
            for one in found
            if one.urls and one.controller_id not in known and self._parts.configured_url not in one.urls
        ]
        self._failures = {url: count for url, count in self._failures.items() if url in others}
        urls += sorted(others, key=lambda url: (url not in self.linked_to, self._failures.get(url, 0)))
        return tuple(dict.fromkeys(urls))[:CANDIDATES_AT_MOST]

    async def _until_changed(self) -> None:
        """Returns when there is something else to choose from, or nothing to choose any more."""
        waiting: list[Coroutine[Any, Any, object]] = [self._adopted.wait(), self._choose_again.wait()]
        if self._parts.discovery is not None:
            waiting.append(self._parts.discovery.wait_changed())
        await first_of(*waiting)

    async def _court(self, url: str) -> None:
        """Keeps a link to one candidate, until that adopts the device."""
        parts, backoff = self._parts, Backoff(random.random)
        while True:
            began_us = parts.time.monotonic_us()
            not_before_s = 0.0
            try:
                async with dial(parts.http, url, parts.identity, None, parts.time) as wire, self._known(url, wire):
                    await self._talk(wire)
            except _Belongs:
                return
            except _LinkedAlready:
                not_before_s = _SAME_CONTROLLER_S
            except Rejected as rejected:
                not_before_s = rejected.retry_after_s
                self._note(url, rejected)
            except (LinkLost, WireError) as problem:
                self._note(url, problem)
            self._failures[url] = self._failures.get(url, 0) + 1
            self._choose_again.set()
            lived_s = (parts.time.monotonic_us() - began_us) / 1e6
            wait_s = backoff.after_failure(lived_s, not_before_s)
            await parts.time.sleep_until(parts.time.monotonic_us() + round(wait_s * 1e6))

    @staticmethod
    def _note(url: str, problem: Exception) -> None:
        log.warning("no link: %s", problem, extra={"event": "link_lost", "url": url})

    @contextlib.asynccontextmanager
    async def _known(self, url: str, wire: Wire) -> AsyncIterator[None]:
        if wire.controller_id in self.linked_to.values():
            raise _LinkedAlready
        self.linked_to[url] = wire.controller_id
        try:
            yield
        finally:
            self.linked_to.pop(url, None)

    # --- one link -------------------------------------------------------------------------------------------------

    async def _talk(self, wire: Wire) -> None:
        attempt = _Attempt(Binding.of_device(wire.channel))
        await wire.send(self._introduction(attempt))
        log.info("offered to a controller", extra={"event": "offered", "url": wire.url})
        keep_alive = asyncio.ensure_future(self._keep_alive(wire))
        try:
            while True:
                received = await wire.receive(_SILENCE_LIMIT_S)
                await self._answer(wire, attempt, received.content)
        finally:
            keep_alive.cancel()
            await asyncio.gather(keep_alive, return_exceptions=True)

    def _introduction(self, attempt: _Attempt) -> NewDevice:
        about, now_us = self._parts.about, self._parts.time.monotonic_us()
        return NewDevice(
            model=about.model,
            software=about.software,
            name=about.name,
            identifies_left=self._newcomer.identifies_left,
            identify_until_s=self._newcomer.identify_until_s(now_us),
            enrolment_token_id=self._token.token_id if self._token else None,
            enrolment_proof=self._token.device_proof(attempt.binding) if self._token else None,
        )

    async def _keep_alive(self, wire: Wire) -> None:
        time = self._parts.time
        while True:
            await time.sleep_until(time.monotonic_us() + round(_KEEP_ALIVE_S * 1e6))
            await wire.ask_time(lambda _: None)  # only a sign of life

    async def _answer(self, wire: Wire, attempt: _Attempt, message: Any) -> None:
        match message:
            case Identify():
                await self._identify(wire)
            case PairStart(share=share):
                await self._pair(wire, attempt, share)
            case Adopt():
                await self._adopt(wire, attempt, message)
            case _:
                return  # the time, and what belongs to adopted devices

    async def _identify(self, wire: Wire) -> None:
        try:
            code = self._newcomer.identify(self._parts.time.monotonic_us())
        except IdentifyRefused as refused:
            left = self._newcomer.identifies_left
            await wire.send(IdentifyReply(accepted=False, reason=refused.reason, identifies_left=left))
            return
        log.info("identifying aloud", extra={"event": "identify", "url": wire.url})
        self._to_speak.put_nowait(code)
        await wire.send(IdentifyReply(accepted=True, identifies_left=self._newcomer.identifies_left))

    async def _pair(self, wire: Wire, attempt: _Attempt, share: bytes) -> None:
        attempt.expected = None
        try:
            code = self._newcomer.use(self._parts.time.monotonic_us())
            answer = await asyncio.to_thread(answer_pairing, code, attempt.binding, share)
        except NoCodeOpen:
            await wire.send(PairRefused(reason=NO_CODE_OPEN))
            return
        except PairingFailed:
            await wire.send(PairRefused(reason=CODE_USED))
            return
        attempt.expected = answer.expected
        await wire.send(PairReply(share=answer.share, confirmation=answer.confirmation))

    async def _adopt(self, wire: Wire, attempt: _Attempt, adopt: Adopt) -> None:
        async with self._deciding:
            if self._adopted.is_set():
                return
            try:
                self._require_proof(attempt, adopt)
                await self._accept(wire, adopt)
            except (WireError, OSError) as problem:
                log.warning("not adopted: %s", problem, extra={"event": "adopt_refused", "url": wire.url})
                await wire.send(AdoptRefused(reason=str(problem)[:200]))
                return
            try:
                await wire.send(Adopted())
                await self._until_closed(wire)
            finally:
                self._adopted.set()
            raise _Belongs

    async def _until_closed(self, wire: Wire) -> None:
        """The controller closes when it has read; it is given a moment, so that the last frame is not lost."""
        with contextlib.suppress(LinkLost, WireError):
            while True:
                await wire.receive(_LINGER_S)

    def _require_proof(self, attempt: _Attempt, adopt: Adopt) -> None:
        expected, attempt.expected = attempt.expected, None
        if expected is not None:
            require_equal(expected, adopt.confirmation)
        elif self._token is not None:
            require_equal(self._token.controller_proof(attempt.binding), adopt.confirmation)
        else:
            raise PairingFailed("No code was tried on this link, and this device has no enrolment token.")

    async def _accept(self, wire: Wire, adopt: Adopt) -> None:
        if ids.key_id(adopt.signing_key) != adopt.assignment.key_id:
            raise PairingFailed("The assignment was not signed by the key that came with it.")
        pinned = Pinned(
            controller_id=wire.controller_id,
            static_key=wire.channel.remote_static,
            signing_key=adopt.signing_key,
            urls=(wire.url,),
        )
        reply = await self._parts.conductor.adopt(pinned, adopt.assignment)
        if not reply.accepted:
            raise PairingFailed(f"The assignment was refused: {reply.reason}. {reply.detail}".strip())
        log.info("adopted", extra={"event": "adopted", "controller_id": wire.controller_id})
