"""Fetches clips over HTTP (skeleton)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Where clips come from while a link lives: ``GET {base_url}/device/clips/{sha256}`` with the link's ticket."""

    base_url: str
    ticket: str
