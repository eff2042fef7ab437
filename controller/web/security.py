"""What every answer carries so that a browser keeps to the rules, and who may send a change.

The pages load nothing from elsewhere, run no inline script and no inline style, and cannot be framed. A change (any
method but GET, HEAD and OPTIONS) must come from our own pages or from a program, never from another site's page.
"""

import hashlib
import hmac
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
    return hmac.new(secret.encode(), b"loa forms", hashlib.sha256).hexdigest()[:40]


def csrf_matches(secret: str, given: str | None) -> bool:
    """True when ``given`` is the token of this ``secret``; compared in constant time."""
    return bool(secret) and given is not None and hmac.compare_digest(csrf_token(secret).encode(), given.encode())


def local_path(wanted: str | None) -> str:
    """``wanted`` where it is a page of ours to go back to, else the first page. Never another host."""
    if not wanted or not wanted.startswith("/") or wanted.startswith(("//", "/\\", "/sign-")):
        return "/"
    if any(ord(letter) < 0x20 or letter == "\\" for letter in wanted):
        return "/"
    return wanted


def sign_in_digest(token: str) -> str:
    """A name for a sign-in that does not give it away."""
    return hashlib.sha256(token.encode()).hexdigest()
