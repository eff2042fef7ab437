"""Where devices come in: `version.LINK_PATH`, from the first byte to a proven link.

Rules of the module: one time limit for everything before the proof; whoever does not hold the key it must hold learns
nothing and is gone. Garbage costs one log line, one count, and a longer wait before the next try.
"""

import asyncio
import logging
import secrets
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
from controller.domain.errors import LoaError, Unreachable
from controller.links.desk import DeviceDesk, LinkSettings
from controller.links.device_link import DeviceLink, LinkRoom
from controller.links.gate import Gate
from controller.links.hub import Hub
from controller.links.line import Line
from controller.links.link_socket import LinkSocket
from controller.links.newcomers import NewcomerLink
from controller.links.rush import Rush
from controller.links.sealed import LinkEnded, SealedSocket, bytes_of, send_clear, text_of, turn_away
from controller.links.turns import Turns
from controller.links.upgrade import TakenOver, upgrade
from controller.ports import Clock

_log = logging.getLogger(__name__)

_LATER_S: Final = 300.0
_SOON_S: Final = 2.0
_SETTLED_AFTER_S: Final = 10.0
_TICKET_BYTES: Final = 24
_HANDSHAKES_AT_ONCE: Final = 18
"""In one turn of the event loop; a page that is being answered waits for some fifty turns, so that fewer would serve it
sooner and the devices later.
"""
_CROWD: Final = 32
"""More who prove themselves, or were welcomed in the last seconds, are a storm."""
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
        self._new_links = 0
        self.gate: Final = Gate(settings.max_unproven_links, settings.max_unproven_links_per_address)
        self._line = Line(self.gate, at_most=settings.line_at_most, patience_s=settings.patience_s)
        self._rush = Rush()
        self._turns = Turns(_HANDSHAKES_AT_ONCE)
        self._room = LinkRoom(
            desk=desk,
            clock=clock,
            settings=settings,
            counters=hub.counters,
            ended=self._ended,
            crowded=self._crowded,
        )

    async def handle(self, request: web.Request) -> web.Response:
        """The handler of the path; returns when nothing is left to do for the device but to hear it."""
        socket = upgrade(request, self._hub.sockets)
        link: DeviceLink | None = None
        try:
            link = await self._admit(socket, request.remote or "?")
        finally:
            if link is None or link.over:
                socket.close()
            socket.part()
        return TakenOver()

    async def _admit(self, socket: LinkSocket, address: str) -> DeviceLink | None:
        """The link of an adopted device that stands; None where there is none, or it is over."""
        now_s = asyncio.get_running_loop().time
        socket.hold()  # who waits in the line is to cost nothing but a connection
        wait_s = _SOON_S if self._hub.closing else await self._line.enter(address)
        if wait_s is not None:
            self._hub.counters.turned_away["busy"] += 1
            turn_away(socket, "busy", wait_s)
            return None
        named: list[DeviceId] = []
        proven: _Proven | None = None
        try:
            async with asyncio.timeout(self._settings.handshake_limit_s):
                proven = await self._prove(socket, named)
        except TurnedAway as away:
            self._hub.counters.turned_away[away.reason] += 1
            turn_away(socket, away.reason, away.retry_after_s)
        except TimeoutError:
            self._fault(address, named, "it did not prove who it is in time", now_s())
        except WireError as error:
            self._hub.counters.handshakes_failed += isinstance(error, HandshakeFailed)
            wait_s = self._fault(address, named, str(error), now_s())
            turn_away(socket, "garbage", wait_s)
        except LinkEnded:
            pass  # it hung up
        finally:
            self._line.leave(address)
        return None if proven is None else await self._serve(proven, address)

    def _fault(self, address: str, named: list[DeviceId], what: str, now_s: float) -> float:
        """One log line and one count; returns how long the device has to stay away."""
        self._hub.counters.garbage += 1
        wait_s, times = self.gate.misbehaved(address, now_s)
        if named:
            wait_s, _ = self.gate.misbehaved(named[0], now_s)
        # The first, second, fourth, eighth ... time from there, whatever name it gave: it cannot fill the log.
        if times & (times - 1) == 0:
            fields = {"address": address, **({"device_id": named[0]} if named else {})}
            _log.warning("Refused a device, the %d. from its address lately: %s.", times, what, extra=fields)
        return wait_s

    # --- before the proof -------------------------------------------------------------------------------------------

    async def _prove(self, socket: LinkSocket, named: list[DeviceId]) -> _Proven:
        raw = text_of(await socket.receive())
        hello = clear_decoder().decode(raw)
        if not isinstance(hello, Hello):
            raise MalformedMessage("a link begins with hello")
        device_id = DeviceId(hello.device_id)
        named.append(device_id)
        version = agreed_version(hello)
        pinned_key = await self._expected_key(hello)
        pattern = Pattern.XX if pinned_key is None else Pattern.KK
        await self._turns.mine()
        reply = HelloReply(protocol=version, controller_id=self._settings.controller_id, handshake=pattern.value)
        reply_raw = send_clear(socket, reply)
        channel = Channel.responder(pattern, self._settings.static_private, pinned_key, prologue(raw, reply_raw))
        await self._shake_hands(socket, channel)
        # In KK it is the key that was pinned for this very id.
        if pattern is Pattern.XX and ids.device_id(channel.remote_static) != device_id:
            raise HandshakeFailed("the device's key does not fit the id it gave")
        sealed = SealedSocket(channel, socket, self._clock, self._hub.counters.decoder)
        # The one message that a device sends in KK can be recorded and sent again: only what it seals afterwards proves
        # that it is here now. Until then nothing of the device's living link may be touched.
        first_word = await sealed.first_word() if pattern is Pattern.KK else None
        return _Proven(device_id, pattern, sealed, first_word)

    async def _expected_key(self, hello: Hello) -> bytes | None:
        """The key this device must prove, None for a new one. Raises `TurnedAway`."""
        match hello.state:
            case DeviceState.NEW:
                if self._new_links >= self._settings.max_new_devices:
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

    async def _shake_hands(self, socket: LinkSocket, channel: Channel) -> None:
        while not channel.finished:
            if channel.my_turn:
                socket.send_binary(channel.write_handshake())
            else:
                channel.read_handshake(bytes_of(await socket.receive()))

    # --- after it ---------------------------------------------------------------------------------------------------

    async def _serve(self, proven: _Proven, address: str) -> DeviceLink | None:
        match proven.pattern:
            case Pattern.KK:
                return await self._serve_adopted(proven, address)
            case Pattern.XX:
                await self._serve_new(proven, address)
                return None

    async def _serve_adopted(self, proven: _Proven, address: str) -> DeviceLink:
        """Returns when the device has what it lacked, or the link is over."""
        link = DeviceLink(
            device_id=proven.device_id,
            address=address,
            socket=proven.socket,
            room=self._room,
            clip_ticket=secrets.token_urlsafe(_TICKET_BYTES),
        )
        self._hub.roll.claim(link)
        try:
            await link.open(proven.first_word)
            if not link.over:
                self._welcomed(link)
                await self._deliver(link)
        except asyncio.CancelledError:
            link.end("shutdown")
            raise
        except Exception as error:
            link.failed(error)
        return link

    def _welcomed(self, link: DeviceLink) -> None:
        self._adopted_at_s.pop(link.device_id, None)
        self._hub.counters.opened += 1
        self._rush.add(asyncio.get_running_loop().time())
        self._hub.roll.welcomed(link)
        _log.info("Link up", extra={"event": "link_up", **link.log_fields()})
        link.begin()

    async def _deliver(self, link: DeviceLink) -> None:
        try:
            await self._desk.delivery.deliver(link.device_id)
        except Unreachable as error:
            # It is connected, and may only be busy: what it lacks is brought at the next connect.
            _log.warning("Not everything could be delivered: %s", error, extra=link.log_fields())

    def _crowded(self) -> bool:
        return self.gate.unproven + self._line.length + self._rush.level(asyncio.get_running_loop().time()) > _CROWD

    def _ended(self, link: DeviceLink, error: BaseException) -> None:
        self._hub.roll.leave(link)
        self._part_with(link, link.socket, error)

    async def _serve_new(self, proven: _Proven, address: str) -> None:
        link = NewcomerLink(
            device_id=proven.device_id,
            address=address,
            socket=proven.socket,
            clock=self._clock,
            settings=self._settings,
        )
        self._new_links += 1
        try:
            introduce = partial(self._hub.newcomers.introduce, link)
            await link.run(self._desk, introduce)
        except Exception as error:
            self._part_with(link, proven.socket, error)
            if link.adopted:
                self._adopted_at_s[link.device_id] = asyncio.get_running_loop().time()
        finally:
            self._new_links -= 1
            self._hub.newcomers.forget(link)

    def _part_with(self, link: DeviceLink | NewcomerLink, socket: SealedSocket, error: BaseException) -> None:
        """Whatever ended a link is counted, told to the device where that helps, and stays here."""
        why, retry_after_s = self._explained(link, error)
        self._hub.counters.ended[why] += 1
        if why == "slow":
            socket.socket.abort()
            return
        if why not in _NO_GOODBYE:
            socket.say_goodbye(why, retry_after_s)
        socket.socket.close()

    def _explained(self, link: DeviceLink | NewcomerLink, error: BaseException) -> tuple[str, float]:
        """The word for it, and how long the device is to stay away; with one line in the log."""
        fields = link.log_fields()
        match error:
            case LinkEnded(why=why):
                # Whoever likes can dial as a new device, as often as it likes.
                level = logging.INFO if isinstance(link, DeviceLink) or link.adopted else logging.DEBUG
                _log.log(level, "Link ended: %s", error, extra={"event": "link_ended", **fields})
                return why, _SOON_S if why == "shutdown" else 0.0
            case WireError():
                self._hub.counters.garbage += 1
                now_s = asyncio.get_running_loop().time()
                retry_after_s, times = self.gate.misbehaved(link.device_id, now_s)
                if isinstance(link, NewcomerLink):  # which has as many names as it likes
                    _, times = self.gate.misbehaved(link.address, now_s)
                if times & (times - 1) == 0:
                    _log.warning("Closed the link of a device that speaks garbage: %s", error, extra=fields)
                return "garbage", retry_after_s
            case LoaError():
                _log.error("Link ended, the controller could not go on: %s", error, extra=fields)
                return error.code, _SOON_S
            case _:
                _log.error("Link ended by a fault of the controller", exc_info=error, extra=fields)
                return "internal", _SOON_S


def agreed_version(hello: Hello) -> int:
    """The newest version both speak. Raises `TurnedAway`."""
    version = min(hello.protocol, PROTOCOL_VERSION)
    if version < max(hello.oldest_protocol, OLDEST_PROTOCOL_VERSION):
        raise TurnedAway("version", 3_600.0)
    return version
