"""From plain HTTP, where browsers give no page a microphone, to HTTPS."""

import re
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from controller.web.asking import Ask
from controller.web.parts import Secure

PATH: Final = "/trust"
_HOST: Final = re.compile(r"[a-z0-9.-]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_ONESELF: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""What browsers take for secure without HTTPS."""


def require_microphone(ask: Ask) -> None:
    """For a page that is worth nothing without a microphone: over plain HTTP one is led to HTTPS. Raises
    `HTTPSeeOther`.
    """
    secure = ask.parts.secure
    if secure is None or not _plain(ask):
        return
    if secure.authority_pem:
        raise web.HTTPSeeOther(f"{PATH}?{urlencode({'to': ask.request.path_qs})}")
    raise web.HTTPSeeOther(address_of(ask, secure, ask.request.path_qs))


def trust_to(ask: Ask) -> str:
    """Where a page that could use a microphone leads to for one; empty where it can, or nothing helps."""
    if ask.parts.secure is None or not _plain(ask):
        return ""
    return f"{PATH}?{urlencode({'to': ask.request.path_qs})}"


def address_of(ask: Ask, secure: Secure, path: str) -> str:
    """A page of ours, over HTTPS."""
    return f"https://{_host(ask)}:{secure.port}{path}"


def _plain(ask: Ask) -> bool:
    return not (ask.request.secure or ask.parts.secure_cookies or _host(ask) in _ONESELF)


def _host(ask: Ask) -> str:
    """As the browser called us, without the port."""
    found = _HOST.match(ask.request.host)
    return found[0].lower() if found else "localhost"
