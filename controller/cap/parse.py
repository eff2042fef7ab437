"""From a valid element to an alert: texts become values, and what the schema cannot see becomes findings."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from controller.cap.limits import Limits
from controller.cap.model import (
    DEFAULT_LANGUAGE,
    NAMESPACE,
    Alert,
    AlertKey,
    Area,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Pair,
    Polygon,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from controller.cap.reasons import Reason, error, note
from controller.cap.shapes import Shape, Work, circle_of, polygon_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_NS: Final = f"{{{NAMESPACE}}}"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
_YEARS: Final = ("1970", "2199")
_LISTED: Final = re.compile(r'"([^"]*)"|(\S+)')

_INNER: Final = ("info", "eventCode", "parameter", "resource", "area", "geocode")
_Texts = dict[str, list[str]]


def instant_us(text: str) -> int | None:
    """The instant of a date and time as CAP writes it, in microseconds since the epoch; None where it is not one, or
    not of the years 1970 to 2199.
    """
    if _INSTANT.fullmatch(text) is None or not _YEARS[0] <= text[:4] <= _YEARS[1]:
        return None
    try:
        return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
    except ValueError:
        return None


class AlertReader:
    """Reads one alert; ``reasons`` is what was found on the way."""

    def __init__(self, limits: Limits) -> None:
        self.reasons: list[Reason] = []
        self._limits = limits
        self._points = 0
        self._shapes: dict[str, Shape] = {}
        self._work = Work()

    def alert(self, element: "Element") -> Alert:
        """The alert of an element that the schema takes."""
        texts, inner = _sorted(element)
        infos = inner["info"]
        if len(infos) > self._limits.infos:
            self.reasons.append(error("too_many_infos", count=len(infos), most=self._limits.infos))
        sent = _one(texts, "sent")
        return Alert(
            identifier=_one(texts, "identifier"),
            sender=_one(texts, "sender"),
            sent=sent,
            sent_us=self._instant(sent, "sent") or 0,
            status=Status(_one(texts, "status")),
            message_type=MessageType(_one(texts, "msgType")),
            scope=Scope(_one(texts, "scope")),
            source=_one(texts, "source"),
            restriction=_one(texts, "restriction"),
            addresses=_listed(_one(texts, "addresses")),
            codes=tuple(texts.get("code", ())),
            note=_one(texts, "note"),
            references=self._references(_one(texts, "references")),
            incidents=_listed(_one(texts, "incidents")),
            infos=tuple(self._info(one, number) for number, one in enumerate(infos[: self._limits.infos], 1)),
        )

    def _instant(self, text: str, where: str) -> int | None:
        if not text:
            return None
        found = instant_us(text)
        if found is None:
            self.reasons.append(error("instant_malformed", where, element=where.rpartition(".")[2], value=text))
        return found

    def _references(self, text: str) -> tuple[AlertKey, ...]:
        written = text.split()
        if len(written) > self._limits.references:
            self.reasons.append(error("too_many_references", "references", most=self._limits.references))
        found = []
        for one in written[: self._limits.references]:
            parts = one.split(",")
            sent_us = instant_us(parts[2]) if len(parts) == 3 else None
            if sent_us is None or not parts[0] or not parts[1]:
                self.reasons.append(error("reference_malformed", "references", reference=one))
                continue
            found.append(AlertKey(parts[0], parts[1], sent_us))
        return tuple(dict.fromkeys(found))

    # --- infos --------------------------------------------------------------------------------------------------------

    def _info(self, element: "Element", number: int) -> Info:
        where = f"info[{number}]"
        texts, inner = _sorted(element)
        resources, areas = inner["resource"], inner["area"]
        if len(areas) > self._limits.areas:
            self.reasons.append(error("too_many_areas", where, count=len(areas), most=self._limits.areas))
            del areas[self._limits.areas :]
        certainty = _one(texts, "certainty")
        return Info(
            event=_one(texts, "event"),
            categories=tuple(dict.fromkeys(Category(one) for one in texts["category"])),
            urgency=Urgency(_one(texts, "urgency")),
            severity=Severity(_one(texts, "severity")),
            certainty=Certainty.LIKELY if certainty == "Very Likely" else Certainty(certainty),
            language=_one(texts, "language") or DEFAULT_LANGUAGE,
            response_types=tuple(dict.fromkeys(ResponseType(one) for one in texts.get("responseType", ()))),
            audience=_one(texts, "audience"),
            event_codes=tuple(map(_pair, inner["eventCode"])),
            effective_us=self._instant(_one(texts, "effective"), f"{where}.effective"),
            onset_us=self._instant(_one(texts, "onset"), f"{where}.onset"),
            expires_us=self._instant(_one(texts, "expires"), f"{where}.expires"),
            sender_name=_one(texts, "senderName"),
            headline=_one(texts, "headline"),
            description=_one(texts, "description"),
            instruction=_one(texts, "instruction"),
            web=_one(texts, "web"),
            contact=_one(texts, "contact"),
            parameters=tuple(map(_pair, inner["parameter"])),
            resources=tuple(self._resource(one, f"{where}.resource[{n}]") for n, one in enumerate(resources, 1)),
            areas=tuple(self._area(one, f"{where}.area[{n}]") for n, one in enumerate(areas, 1)),
        )

    def _resource(self, element: "Element", where: str) -> Resource:
        texts, _ = _sorted(element)
        size = _one(texts, "size")
        size_bytes = int(size) if size and len(size) <= 15 else None
        if size_bytes is not None and size_bytes < 0:
            self.reasons.append(note("resource_size", f"{where}.size", value=size))
            size_bytes = None
        return Resource(
            description=_one(texts, "resourceDesc"),
            mime_type=_one(texts, "mimeType"),
            size_bytes=size_bytes,
            uri=_one(texts, "uri"),
            deref="".join(_one(texts, "derefUri").split()),
            digest=_one(texts, "digest").lower(),
        )

    # --- areas --------------------------------------------------------------------------------------------------------

    def _area(self, element: "Element", where: str) -> Area:
        texts, inner = _sorted(element)
        altitude, ceiling = _one(texts, "altitude"), _one(texts, "ceiling")
        return Area(
            description=_one(texts, "areaDesc"),
            polygons=tuple(self._polygons(texts.get("polygon", ()), where)),
            circles=tuple(self._circles(texts.get("circle", ()), where)),
            geocodes=tuple(map(_pair, inner["geocode"])),
            altitude_ft=float(altitude) if altitude else None,
            ceiling_ft=float(ceiling) if ceiling else None,
        )

    def _polygons(self, texts: Sequence[str], where: str) -> Iterator[Polygon]:
        for number, text in enumerate(texts, 1):
            place = f"{where}.polygon[{number}]"
            self._points += text.count(",")
            if self._points > self._limits.points:
                self.reasons.append(error("too_many_points", place, most=self._limits.points))
                return
            # The same ring stands in every language: it is looked at once.
            shape = self._shapes.get(text)
            if shape is None:
                shape = self._shapes[text] = polygon_of(text, place, self._work)
                self.reasons += shape.reasons
            if shape.polygon is not None:
                yield shape.polygon

    def _circles(self, texts: Sequence[str], where: str) -> Iterator[Circle]:
        for number, text in enumerate(texts, 1):
            shape = circle_of(text, f"{where}.circle[{number}]")
            self.reasons += shape.reasons
            if shape.circle is not None:
                yield shape.circle


# --- texts -----------------------------------------------------------------------------------------------------------


def _sorted(element: "Element") -> "tuple[_Texts, dict[str, list[Element]]]":
    """What is inside, by name: texts, and elements with elements of their own."""
    texts: _Texts = {}
    inner: dict[str, list[Element]] = {name: [] for name in _INNER}
    for child in element:
        name = _name(child)
        if name in inner:
            inner[name].append(child)
        else:
            texts.setdefault(name, []).append(_text(child))
    return texts, inner


def _name(element: "Element") -> str:
    return str(element.tag).removeprefix(_NS)


def _text(element: "Element") -> str:
    return (element.text or "").strip()


def _one(texts: _Texts, name: str) -> str:
    found = texts.get(name)
    return found[0] if found else ""


def _pair(element: "Element") -> Pair:
    return Pair(_text(element[0]), _text(element[1]))


def _listed(text: str) -> tuple[str, ...]:
    """A list whose members stand between spaces, those with spaces of their own between quotation marks."""
    return tuple(quoted or plain for quoted, plain in _LISTED.findall(text))
