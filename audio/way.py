"""The way out for what is relayed: a proxy of our own, on the loopback, that decides where a connection may lead.

Rules of the module: whatever reads a stream connects through here, for its first address, every redirect, and every
piece that a playlist names; names are looked up here, and connected to is the address that was looked at. What is wrong
becomes a sentence in `Way.problem`, since a reader of streams tells little. What goes through is not kept, and no
address is logged: there may be a key in it.

Of plain HTTP the answer is looked at too: a header without an end and a page of a web site are refused here. Behind
TLS neither can be seen; there the time limits of whoever reads hold.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from audio.names import look_up

_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
_PAGES = (b"text/html", b"application/xhtml")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Reach:
    """Where connections may lead besides the internet: to `private` networks, to `this_machine` and what only its own
    wire reaches (loopback, link-local).
    """

    private: bool = True
    this_machine: bool = False


def why_not(address: str, reach: Reach) -> str | None:
    """Why an address must not be connected to, None where it may."""
    ip = meant_by(ipaddress.ip_address(address.partition("%")[0]))
    if ip.is_multicast or ip.is_unspecified:
        return f"{ip} is no address of a station"
    if ip.is_loopback or ip.is_link_local or _is_own(ip):
        return None if reach.this_machine else f"{ip} leads into this machine, which the settings do not allow"
    if not ip.is_global:
        return None if reach.private else f"{ip} is an address of a private network, which the settings do not allow"
    return None


def meant_by(ip: _Address) -> _Address:
    """The IPv4 address that an IPv6 address stands for, where it stands for one."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_own(ip: _Address) -> bool:
    """Whether this machine has the address: only then can a socket be bound to it."""
    with socket.socket(socket.AF_INET if ip.version == 4 else socket.AF_INET6, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((str(ip), 0))
        except OSError:
            return False
        return True


class _NoWay(Exception):
    """Says why."""


_Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Way:
    """An open way. ``url`` is what a reader takes as its proxy; ``problem`` why it got nowhere the last time ("" where
    it did), ``refused`` whether that was because of where it led, ``page`` whether a web page was answered.
    """

    reach: Reach
    patience_s: float
    url: str = ""
    problem: str = ""
    refused: bool = False
    page: bool = False
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the reader. Its task is ours: a server of asyncio reports one that is cancelled."""
        task = asyncio.create_task(self._handle(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._passed(reader, writer)
        except _NoWay as why:
            self.problem = str(why)
            with suppress(OSError):
                writer.write(b"HTTP/1.1 502 No way\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # one of the two ends has gone, which the reader sees
        finally:
            writer.close()

    async def _passed(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, rest = await self._head(reader, "The reader")
        method, target, _ = (*line.split(" ", 2), "", "")[:3]
        wanted = urlsplit(f"//{target}" if method == "CONNECT" else target)
        if method not in {"CONNECT", "GET"} or not wanted.hostname:
            raise _NoWay(f"It asks for what no stream needs ({method[:10]}).")
        far_reader, far_writer = await self._connected(wanted.hostname, wanted.port or 80)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                path = wanted._replace(scheme="", netloc="", fragment="").geturl() or "/"
                far_writer.write(f"GET {path} HTTP/1.1\r\n".encode("latin-1") + _closing(rest))
                await far_writer.drain()
                writer.write(await self._answer(far_reader))
            self.problem = ""
            await _both_ways((reader, writer), (far_reader, far_writer))
        finally:
            far_writer.close()

    async def _answer(self, far: asyncio.StreamReader) -> bytes:
        line, rest = await self._head(far, "The source")
        for header in rest.split(b"\r\n"):
            name, _, value = header.lower().partition(b":")
            if name == b"content-type" and value.strip().startswith(_PAGES) and " 200" in line:
                self.page = True
                raise _NoWay("The source answers with a web page instead of sound.")
        return line.encode("latin-1") + b"\r\n" + rest

    async def _head(self, reader: asyncio.StreamReader, who: str) -> tuple[str, bytes]:
        """The first line, and the rest up to the empty line."""
        try:
            async with asyncio.timeout(self.patience_s):
                head = await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise _NoWay(f"{who} did not finish its header within {self.patience_s:g} s.") from None
        except asyncio.LimitOverrunError:
            raise _NoWay(f"{who} sends a header without an end.") from None
        except asyncio.IncompleteReadError:
            raise _NoWay(f"{who} closed the connection without an answer.") from None
        line, _, rest = head.partition(b"\r\n")
        return line.decode("latin-1"), rest

    async def _connected(self, host: str, port: int) -> _Pair:
        """The first of the host's addresses that may be, and can be, connected to."""
        why = ""
        try:
            async with asyncio.timeout(self.patience_s):
                found = await look_up(host, port)
                for address in dict.fromkeys(str(place[0]) for *_, place in found):
                    refusal = why_not(address, self.reach)
                    self.refused = refusal is not None
                    if refusal is not None:
                        why = f"{refusal}."
                        continue
                    try:
                        return await asyncio.open_connection(address, port, limit=_HEAD_BYTES)
                    except OSError:
                        why = f"{host} port {port} does not take the connection."
        except TimeoutError:
            raise _NoWay(f"{host} did not answer within {self.patience_s:g} s.") from None
        except OSError:
            raise _NoWay(f"There is no host {host}.") from None
        raise _NoWay(why)

    async def close(self) -> None:
        """Ends what goes through."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _closing(headers: bytes) -> bytes:
    """The headers of a request that is the only one of its connection, without those for a proxy."""
    kept = [one for one in headers.split(b"\r\n") if one and not one.lower().startswith((b"connection:", b"proxy-"))]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])


async def _both_ways(near: _Pair, far: _Pair) -> None:
    """Until one of the two has ended."""
    tasks = [asyncio.create_task(_copied(near[0], far[1])), asyncio.create_task(_copied(far[0], near[1]))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def open_way(reach: Reach, patience_s: float) -> AsyncIterator[Way]:
    """A way that is open inside the block. Nothing may take longer than ``patience_s`` to be answered."""
    way = Way(reach, patience_s)
    server = await asyncio.start_server(way.take, "127.0.0.1", 0, limit=_HEAD_BYTES)
    way.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield way
    finally:
        server.close()
        await way.close()
