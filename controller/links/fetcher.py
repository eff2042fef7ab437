"""What is fetched from other servers: `ports.Fetcher` over aiohttp, for servers that nobody knows well.

Rules: everything has a limit: time over all, bytes as they come and as they unpack, redirects, length and number of
headers. Names are looked up by us, and the address that was checked is the one that is dialled: an address that is not
public is refused unless its host stands in ``inside``, at every redirect anew. Headers of the caller's go to the first
host alone. No cookies, no proxies from the environment.
"""

import asyncio
import ipaddress
import socket
import ssl
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from audio.names import look_up
from audio.way import meant_by
from controller.domain.errors import FetchFailed
from controller.ports import Fetched, Wanted

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_LONGEST_URL: Final = 4_000
_LINE_BYTES: Final = 8_190
_MOST_HEADERS: Final = 100
_PIECE: Final = 64 * 1024
_AGENT: Final = "Loa (CAP reader)"


class HttpFetcher:
    """Every answer has a session of its own: nothing of one server is shared with another."""

    async def fetch(self, wanted: Wanted) -> Fetched:
        """Raises `FetchFailed` (``fetch_url``, ``fetch_host``, ``fetch_inside``, ``fetch_name``, ``fetch_refused``,
        ``fetch_tls``, ``fetch_slow``, ``fetch_large``, ``fetch_redirects``, ``fetch_broken``).
        """
        try:
            async with asyncio.timeout(wanted.most_s):
                return await self._followed(wanted)
        except TimeoutError:
            raise FetchFailed(f"not within {wanted.most_s:.0f} s", code="fetch_slow") from None

    async def _followed(self, wanted: Wanted) -> Fetched:
        url, host = wanted.url, _host(wanted.url, wanted)
        headers: Mapping[str, str] = wanted.headers
        for _ in range(wanted.most_redirects + 1):
            answer = await self._asked(url, headers, wanted)
            if answer.status not in _REDIRECTS or "location" not in answer.headers:
                return answer
            url = _next(url, answer.headers["location"])
            if _host(url, wanted) != host or _port(url) != _port(wanted.url):
                headers = {}
        raise FetchFailed(f"more than {wanted.most_redirects}", code="fetch_redirects")

    async def _asked(self, url: str, headers: Mapping[str, str], wanted: Wanted) -> Fetched:
        import aiohttp

        sent = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, identity;q=0.5", **headers}
        try:
            async with (
                _session(wanted.inside) as session,
                session.get(url, headers=sent, allow_redirects=False) as answer,
            ):
                told = {name.lower(): value for name, value in answer.headers.items()}
                body = b"" if answer.status in _REDIRECTS else await _body(answer, wanted.most_bytes)
                return Fetched(status=answer.status, url=url, body=body, headers=told)
        except FetchFailed:
            raise
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise FetchFailed(_said(error), code="fetch_tls") from error
        except aiohttp.ClientConnectorDNSError as error:
            if isinstance(error.os_error, _NotAllowed):
                raise FetchFailed(_said(error.os_error), code="fetch_inside") from error
            raise FetchFailed(_said(error), code="fetch_name") from error
        except (aiohttp.ClientConnectorError, ConnectionError) as error:
            raise FetchFailed(_said(error), code="fetch_refused") from error
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
            raise FetchFailed(_said(error), code="fetch_url") from error
        except (aiohttp.ClientError, OSError, ValueError, zlib.error) as error:
            raise FetchFailed(_said(error), code="fetch_broken") from error


def _session(inside: frozenset[str]) -> "aiohttp.ClientSession":
    import aiohttp

    connector = aiohttp.TCPConnector(
        resolver=_resolver(inside), use_dns_cache=False, force_close=True, limit=4, ttl_dns_cache=None
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
        max_line_size=_LINE_BYTES,
        max_field_size=_LINE_BYTES,
        max_headers=_MOST_HEADERS,
        requote_redirect_url=False,
    )


class _NotAllowed(OSError):
    """The host has an address where nothing may be fetched."""


def _resolver(inside: frozenset[str]) -> "AbstractResolver":
    from aiohttp.abc import AbstractResolver

    class Checked(AbstractResolver):
        """Gives the addresses of a name only where all of them may be dialled."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> "list[ResolveResult]":
            found = await look_up(host, port, family)
            addresses = [(where[0], kind, proto) for kind, _, proto, _, where in found]
            for address, _, _ in addresses:
                if not _dialled(str(address), host, inside):
                    raise _NotAllowed(f"{host} is {address}")
            return [
                {
                    "hostname": host,
                    "host": str(address),
                    "port": port,
                    "family": kind,
                    "proto": proto,
                    "flags": socket.AI_NUMERICHOST,
                }
                for address, kind, proto in addresses
            ]

        async def close(self) -> None:
            """Nothing is held."""

    return Checked()


def _dialled(address: str, host: str, inside: frozenset[str]) -> bool:
    if host.casefold() in inside or address in inside:
        return True
    known = meant_by(ipaddress.ip_address(address.partition("%")[0]))
    return known.is_global and not known.is_multicast


def _host(url: str, wanted: Wanted) -> str:
    """Raises `FetchFailed` (``fetch_url``, ``fetch_host``, ``fetch_inside``)."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").casefold(), parts.port
    except ValueError as error:
        raise FetchFailed(_said(error), code="fetch_url") from error
    if parts.scheme not in {"http", "https"} or not host or port == 0 or len(url) > _LONGEST_URL:
        raise FetchFailed(url[:200], code="fetch_url")
    if wanted.hosts is not None and host not in wanted.hosts:
        raise FetchFailed(host[:200], code="fetch_host")
    # An address is dialled without being looked up, and the client makes one of digits of any script.
    for written in (host, _as_dialled(url)):
        if _is_address(written) and not _dialled(written, host, wanted.inside):
            raise FetchFailed(host[:200], code="fetch_inside")
    return host


def _as_dialled(url: str) -> str:
    """The host as the client reads it. Raises `FetchFailed` (``fetch_url``)."""
    from yarl import URL

    try:
        return URL(url).raw_host or ""
    except ValueError as error:
        raise FetchFailed(_said(error), code="fetch_url") from error


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _next(url: str, location: str) -> str:
    """Raises `FetchFailed` (``fetch_url``)."""
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise FetchFailed(_said(error), code="fetch_url") from error


def _port(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.port


async def _body(answer: "aiohttp.ClientResponse", most_bytes: int) -> bytes:
    """Raises `FetchFailed` (``fetch_large``, ``fetch_broken``)."""
    encoding = answer.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise FetchFailed(encoding[:40], code="fetch_broken")
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in encoding else None
    body = bytearray()
    async for piece in answer.content.iter_chunked(_PIECE):
        body += piece if unpacking is None else unpacking.decompress(piece, most_bytes + 1 - len(body))
        if len(body) > most_bytes:
            raise FetchFailed(f"more than {most_bytes} bytes", code="fetch_large")
    return bytes(body)


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
