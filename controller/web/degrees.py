"""Where something stands, as it is typed or pasted from a map: latitude, then longitude, in degrees (WGS 84). Pure.

Maps write it as ``21.0285, 105.8542`` or as ``21°01'42.6"N 105°51'15.1"E``; people write a comma where others write a
point, and a space or a semicolon between the two.
"""

import re
from typing import Final

from controller.domain.errors import Invalid

_NUMBER: Final = r"\d+(?:[.,]\d+)?"
_PARTS: Final = rf"""([+-]?{_NUMBER})\s*°?\s*(?:({_NUMBER})\s*['′’]\s*)?(?:({_NUMBER})\s*(?:["″”]|'')\s*)?"""
_PLACE: Final = re.compile(rf"\(?\s*{_PARTS}([NS])?\s*[\s,;]\s*{_PARTS}([EW])?\s*\)?", re.IGNORECASE)


def read_place(typed: str) -> tuple[float, float] | None:
    """Latitude and longitude; None where nothing was typed. Raises `Invalid` (``place_out_of_range``)."""
    if not typed.strip():
        return None
    found = _PLACE.fullmatch(typed.strip())
    if found is None:
        raise Invalid(typed[:40], code="place_out_of_range")
    degrees, minutes, seconds, north, more_degrees, more_minutes, more_seconds, east = found.groups()
    latitude = _degrees(degrees, minutes, seconds, negative=(north or "").upper() == "S")
    longitude = _degrees(more_degrees, more_minutes, more_seconds, negative=(east or "").upper() == "W")
    sixtieths = map(_number, (minutes, seconds, more_minutes, more_seconds))
    if abs(latitude) > 90 or abs(longitude) > 180 or any(one >= 60 for one in sixtieths):
        raise Invalid(typed[:40], code="place_out_of_range")
    return latitude, longitude


def written_place(place: tuple[float, float] | None) -> str:
    """As a map writes it, to about a tenth of a metre; empty where nobody said."""
    return "" if place is None else ", ".join(f"{one:.6f}".rstrip("0").rstrip(".") for one in place)


def _degrees(degrees: str, minutes: str | None, seconds: str | None, *, negative: bool) -> float:
    size = abs(_number(degrees)) + _number(minutes) / 60 + _number(seconds) / 3_600
    return -size if negative or degrees.startswith("-") else size


def _number(written: str | None) -> float:
    return 0.0 if written is None else float(written.replace(",", "."))
