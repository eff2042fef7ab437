"""Where devices come in: `version.LINK_PATH`, from the first byte to a proven link.

Rules of the module: one time limit for everything before the proof; whoever does not hold the key it must hold learns
nothing and is gone. Garbage costs one log line, one count, and a longer wait before the next try.
"""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from agents.protocol import ids
from agents.protocol.channel import Channel, Pattern, prologue
from agents.protocol.codec import clear_decoder
from agents.protocol.errors import HandshakeFailed, MalformedMessage, WireError
from agents.protocol.ids import DeviceId
from agents.protocol.messages import DeviceState, Hello, HelloReply, Message
from agents.protocol.version import OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION
from controller.domain.errors import LoaError
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.device_link import DeviceLink
from controller.links.gate import Gate
from controller.links.hub import Hub
from controller.links.newcomers import NewcomerLink
from controller.links.sealed import (
    LinkEnded,
    SealedSocket,
    bytes_of,
    new_socket,
    receive_frame,
    send_clear,
    text_of,
    turn_away,
)
from controller.ports import Clock

_log = logging.getLogger(__name__)

_LATER_S: Final = 300.0
_SOON_S: Final = 2.0
_SETTLED_AFTER_S: Final = 10.0
_NEVER_S: Final = 3_600.0
"""Longer than the limit on the whole handshake, which is the one that counts."""
_TICKET_BYTES: Final = 24
_NO_GOODBYE: Final = frozenset({"closed", "silent", "slow", "adopted"})
"""Ends after which the other side does not listen, or knows already."""


class TurnedAway(Exception):
    """This device is not wanted now; ``reason`` is one word that it and the counters are told."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class _Proven:
    """A device that holds the key it must hold."""

    device_id: DeviceId
    pattern: Pattern
    socket: SealedSocket
    first_word: Message | None
    """What a pinned device said first; None for a new one, or where the message is of an unknown type."""


class Door:
    """Handles the link path. One for each running controller."""

    def __init__(self, hub: Hub, desk: DeviceDesk, clock: Clock, settings: LinkSettings) -> None:
        self._hub = hub
        self._desk = desk
        self._clock = clock
        self._settings = settings
        self._adopted_at_s: dict[DeviceId, float] = {}
        self.gate: Final = Gate(settings.max_unproven_links, settings.max_unproven_links_per_address)

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """The handler of the path; returns when the link is over."""
        socket = new_socket()
        await socket.prepare(request)
        address = request.remote or "?"
        try:
            await self._admit(socket, address)
        finally:
            with suppress(ConnectionError, RuntimeError):
                await socket.close()
        return socket

    async def _admit(self, socket: web.WebSocketResponse, address: str) -> None:
        now_s = asyncio.get_running_loop().time
        wait_s = _SOON_S if self._hub.closing else self.gate.enter(address)
        if wait_s is not None:
            self._hub.counters.turned_away["busy"] += 1
            await turn_away(socket, "busy", wait_s)
            return
        named: list[DeviceId] = []
        proven: _Proven | None = None
        try:
            async with asyncio.timeout(self._settings.handshake_limit_s):
                proven = await self._prove(socket, named)
        except TurnedAway as away:
            self._hub.counters.turned_away[away.reason] += 1
            await turn_away(socket, away.reason, away.retry_after_s)
        except TimeoutError:
            self._fault(address, named, "it did not prove who it is in time", now_s())
        except WireError as error:
            self._hub.counters.handshakes_failed += isinstance(error, HandshakeFailed)
            wait_s = self._fault(address, named, str(error), now_s())
            await turn_away(socket, "garbage", wait_s)
        except LinkEnded:
            pass  # it hung up
        finally:
            self.gate.leave(address)
        if proven is not None:
            await self._serve(proven, address)

    def _fault(self, address: str, named: list[DeviceId], what: str, now_s: float) -> float:
        """One log line and one count; returns how long the device has to stay away."""
        self._hub.counters.garbage += 1
        wait_s, times = self.gate.misbehaved(named[0] if named else address, now_s)
        if times & (times - 1) == 0:  # the first, second, fourth, eighth ... time: it cannot fill the log
            fields = {"address": address, **({"device_id": named[0]} if named else {})}
            _log.warning("Refused a device, for the %d. time lately: %s.", times, what, extra=fields)
        return wait_s

    # --- before the proof -------------------------------------------------------------------------------------------

    async def _prove(self, socket: web.WebSocketResponse, named: list[DeviceId]) -> _Proven:
        raw = text_of(await receive_frame(socket, _NEVER_S))
        hello = clear_decoder().decode(raw)
        if not isinstance(hello, Hello):
            raise MalformedMessage("a link begins with hello")
        device_id = DeviceId(hello.device_id)
        named.append(device_id)
        version = agreed_version(hello)
        pinned_key = await self._expected_key(hello)
        pattern = Pattern.XX if pinned_key is None else Pattern.KK
        reply = HelloReply(protocol=version, controller_id=self._settings.controller_id, handshake=pattern.value)
        reply_raw = await send_clear(socket, reply)
        channel = Channel.responder(pattern, self._settings.static_private, pinned_key, prologue(raw, reply_raw))
        await self._shake_hands(socket, channel)
        if ids.device_id(channel.remote_static) != device_id:
            raise HandshakeFailed("the device's key does not fit the id it gave")
        sealed = SealedSocket(socket, channel, self._clock)
        # The one message that a device sends in KK can be recorded and sent again: only what it seals afterwards proves
        # that it is here now. Until then nothing of the device's living link may be touched.
        first_word = await sealed.receive(_NEVER_S) if pattern is Pattern.KK else None
        return _Proven(device_id, pattern, sealed, first_word)

    async def _expected_key(self, hello: Hello) -> bytes | None:
        """The key this device must prove, None for a new one. Raises `TurnedAway`."""
        match hello.state:
            case DeviceState.NEW:
                if len(self._hub.newcomers.links()) >= self._settings.max_new_devices:
                    raise TurnedAway("too_many_new_devices", _LATER_S)
                return None
            case DeviceState.ADOPTED if hello.controller_id != self._settings.controller_id:
                raise TurnedAway("adopted_elsewhere", _LATER_S)
            case DeviceState.ADOPTED:
                pinned_key = await self._desk.adoption.pinned_key(DeviceId(hello.device_id))
                if pinned_key is None:
                    raise TurnedAway("unknown_device", _SOON_S if self._being_adopted(hello) else _LATER_S)
                return pinned_key

    def _being_adopted(self, hello: Hello) -> bool:
        """True for the moment between the device's word that it is adopted and the services' own record of it."""
        since_s = self._adopted_at_s.get(DeviceId(hello.device_id), -_SETTLED_AFTER_S)
        return asyncio.get_running_loop().time() - since_s < _SETTLED_AFTER_S

    async def _shake_hands(self, socket: web.WebSocketResponse, channel: Channel) -> None:
        while not channel.finished:
            if channel.my_turn:
                try:
                    await socket.send_bytes(channel.write_handshake())
                except (ConnectionError, RuntimeError) as error:
                    raise LinkEnded("closed", str(error)) from error
            else:
                channel.read_handshake(bytes_of(await receive_frame(socket, _NEVER_S)))

    # --- after it ---------------------------------------------------------------------------------------------------

    async def _serve(self, proven: _Proven, address: str) -> None:
        match proven.pattern:
            case Pattern.KK:
                await self._serve_adopted(proven, address)
            case Pattern.XX:
                await self._serve_new(proven, address)
        decoder = proven.socket.decoder
        self._hub.counters.unknown_messages += decoder.unknown_types + proven.socket.channel.unknown_frames
        self._hub.counters.unknown_fields += decoder.unknown_fields

    async def _serve_adopted(self, proven: _Proven, address: str) -> None:
        link = DeviceLink(
            device_id=proven.device_id,
            address=address,
            socket=proven.socket,
            desk=self._desk,
            clock=self._clock,
            settings=self._settings,
            counters=self._hub.counters,
            clip_ticket=secrets.token_urlsafe(_TICKET_BYTES),
        )
        try:
            if await self._hub.roll.claim(link):
                run = link.run(proven.first_word, lambda: self._welcomed(link))
                await self._until_over(link, proven.socket, run)
        finally:
            self._hub.roll.leave(link)

    def _welcomed(self, link: DeviceLink) -> None:
        self._adopted_at_s.pop(link.device_id, None)
        self._hub.counters.opened += 1
        self._hub.roll.welcomed(link)

    async def _serve_new(self, proven: _Proven, address: str) -> None:
        link = NewcomerLink(
            device_id=proven.device_id,
            address=address,
            socket=proven.socket,
            clock=self._clock,
            settings=self._settings,
        )
        try:
            introduce = partial(self._hub.newcomers.introduce, link)
            await self._until_over(link, proven.socket, link.run(self._desk, introduce))
            if link.adopted:
                self._adopted_at_s[link.device_id] = asyncio.get_running_loop().time()
        finally:
            self._hub.newcomers.forget(link)

    async def _until_over(
        self, link: DeviceLink | NewcomerLink, socket: SealedSocket, run: Coroutine[None, None, None]
    ) -> None:
        """Runs the link; whatever ends it is counted, told to the device where that helps, and stays here."""
        why, retry_after_s = "closed", 0.0
        try:
            await run
        except LinkEnded as ended:
            why = ended.why
            retry_after_s = _SOON_S if why == "shutdown" else 0.0
            _log.info("Link ended: %s", ended, extra={"event": "link_ended", **link.log_fields()})
        except WireError as error:
            why = "garbage"
            self._hub.counters.garbage += 1
            retry_after_s, _ = self.gate.misbehaved(link.device_id, asyncio.get_running_loop().time())
            _log.warning("Closed the link of a device that speaks garbage: %s", error, extra=link.log_fields())
        except LoaError as error:
            why, retry_after_s = error.code, _SOON_S
            _log.error("Link ended, the controller could not go on: %s", error, extra=link.log_fields())
        except Exception:
            why, retry_after_s = "internal", _SOON_S
            _log.exception("Link ended by a fault of the controller", extra=link.log_fields())
        self._hub.counters.ended[why] += 1
        if why not in _NO_GOODBYE:
            await socket.say_goodbye(why, retry_after_s)


def agreed_version(hello: Hello) -> int:
    """The newest version both speak. Raises `TurnedAway`."""
    version = min(hello.protocol, PROTOCOL_VERSION)
    if version < max(hello.oldest_protocol, OLDEST_PROTOCOL_VERSION):
        raise TurnedAway("version", 3_600.0)
    return version
