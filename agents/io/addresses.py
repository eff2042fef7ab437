"""Addresses as people write them, and as they are dialled."""

from urllib.parse import urlsplit, urlunsplit

from agents.protocol.version import LINK_PATH

_SCHEMES = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}
_PLAIN = {"ws": "http", "wss": "https"}


def link_url(text: str) -> str:
    """The link address for what a person wrote: a host, ``host:port``, or an http(s) or ws(s) address.

    Raises `ValueError` with a sentence for what cannot be dialled.
    """
    text = text.strip()
    parts = urlsplit(text if "://" in text else f"ws://{text}")
    scheme = _SCHEMES.get(parts.scheme.lower())
    if scheme is None or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is no address of a controller. Write it like http://192.168.1.10:8080")
    _ = parts.port  # raises ValueError for a port that is none
    path = parts.path.rstrip("/")
    if not path.endswith(LINK_PATH):
        path += LINK_PATH
    return urlunsplit((scheme, parts.netloc, path, "", ""))


def base_url(link: str) -> str:
    """Where the same controller answers plain HTTP: what clip addresses are appended to."""
    parts = urlsplit(link)
    return urlunsplit((_PLAIN[parts.scheme], parts.netloc, parts.path.removesuffix(LINK_PATH), "", ""))
