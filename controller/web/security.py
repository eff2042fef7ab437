"""What every answer carries so that a browser keeps to the rules, and who may send a change.

The pages load nothing from elsewhere, run no inline script and no inline style, and cannot be framed. A change (any
method but GET, HEAD and OPTIONS) must come from our own pages or from a program, never from another site's page.
"""

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self' blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(self), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_FORWARDED_FOR = re.compile(r"(?:^|;)\s*for\s*=\s*\"?([^\";]*)\"?", re.IGNORECASE)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """The headers of every answer. One that says nothing about caching is not kept anywhere."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Server"] = "loa"
    if request.path.startswith("/api/v1/uploads"):
        response.headers["Tus-Resumable"] = "1.0.0"


def from_our_pages(request: web.Request) -> bool:
    """False when the browser says that another site's page makes this request.

    ``Sec-Fetch-Site`` decides where it is sent; else ``Origin`` must name the host that was asked. Programs send
    neither, and cannot be led astray by a page.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == request.host.lower()


def csrf_token(secret: str) -> str:
    """The token that forms carry, derived from the secret in the person's cookie."""
    return hmac.new(secret.encode(errors="replace"), b"loa forms", hashlib.sha256).hexdigest()[:40]


def csrf_matches(secret: str, given: str | None) -> bool:
    """True when ``given`` is the token of this ``secret``; compared in constant time."""
    if not secret or given is None:
        return False
    return hmac.compare_digest(csrf_token(secret).encode(), given.encode(errors="replace"))


def local_path(wanted: str | None) -> str:
    """``wanted`` where it is a page of ours to go back to, else the first page. Never another host."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\", "/sign-")):
        return "/"
    if any(ord(letter) < 0x20 or letter == "\\" for letter in wanted):
        return "/"
    return wanted


def sign_in_digest(token: str) -> str:
    """A name for a sign-in that does not give it away."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks such as ``10.0.0.1`` and ``192.168.0.0/24``. Raises `ValueError`."""
    return tuple(ipaddress.ip_network(one.strip(), strict=False) for one in written)


def forwarded_address(request: web.Request, trusted: Sequence[Network]) -> str:
    """Where a request comes from: the nearest address that no trusted proxy has, as the proxies tell it in
    ``X-Forwarded-For`` or ``Forwarded``. Where both stand there and differ, one of them is a stranger's: then it is the
    proxy's own address.
    """
    peer = request.remote or ""
    if not _is_trusted(_address(peer), trusted):
        return peer
    told = [hops for hops in (_x_forwarded_for(request), _forwarded(request)) if hops]
    nearest = {_nearest(hops, peer, trusted) for hops in told}
    return nearest.pop() if len(nearest) == 1 else peer


def _nearest(hops: Sequence[str], peer: str, trusted: Sequence[Network]) -> str:
    """The last hop that is no trusted proxy; what is no address is as far as the chain can be followed."""
    last = peer
    for hop in reversed(hops):
        address = _address(hop)
        if address is None:
            break
        last = str(address)
        if not _is_trusted(address, trusted):
            break
    return last


def _x_forwarded_for(request: web.Request) -> list[str]:
    return [hop for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]


def _forwarded(request: web.Request) -> list[str]:
    """RFC 7239."""
    elements = [one for line in request.headers.getall("Forwarded", []) for one in line.split(",")]
    return [found[1] if (found := _FORWARDED_FOR.search(one)) else "" for one in elements]


def _address(written: str) -> Address | None:
    """With or without a port; IPv6 in brackets or bare; an IPv4 address in IPv6 clothes is the IPv4 address."""
    plain = written.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)
