"""The process in which alerts are read and matched, and timed; it prints one JSON object."""

import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from controller.cap import (
    Alert,
    Area,
    CapState,
    Category,
    Certainty,
    Circle,
    GeocodeNames,
    Info,
    Limits,
    MessageType,
    Pair,
    Place,
    PlaceIndex,
    Polygon,
    Scope,
    Severity,
    Status,
    Trust,
    Urgency,
    match,
    read,
    spoken,
    state_of,
    write_alert,
)
from controller.cap.schema import violations
from controller.cap.xmlsafe import parse
from controller.collecting import collect_seldom

_SEED = 41
_SPEAKERS = 20_000
_COMMUNES = 3_300
_PROVINCES = 34
_ALERTS = 600
_NOW_US = 1_795_300_260_000_000
_NAMES = GeocodeNames(direct=frozenset({"vn-commune"}))


def main() -> None:
    chance = random.Random(_SEED)  # noqa: S311 - nothing secret
    places = _places(chance)
    files = [write_alert(one) for one in _alerts(chance)]
    languages = {place.speaker_id: ("vi",) if number % 5 else ("en", "vi") for number, place in enumerate(places)}
    collect_seldom()  # as the controller does
    began = time.perf_counter()
    index = PlaceIndex(places)
    index_s = time.perf_counter() - began
    _all(files[:30], index, languages)  # the schema is compiled, the code is warm
    began = time.process_time()
    reached = _all(files, index, languages)
    took_s = time.process_time() - began
    print(
        json.dumps(
            {
                "alerts_per_s": len(files) / took_s,
                "floor_per_s": _floor_per_s(files),
                "reached_speakers": reached / len(files),
                "alert_bytes": sum(map(len, files)) / len(files),
                "index_ms": index_s * 1_000,
            }
        )
    )


def _all(files: Sequence[bytes], index: PlaceIndex, languages: Mapping[str, tuple[str, ...]]) -> int:
    limits, trust = Limits(), Trust()
    reached = 0
    for raw in files:
        reading = read(raw, limits=limits, trust=trust, now_us=_NOW_US)
        if reading.alert is None:
            raise SystemExit(3)
        found = match(reading.alert, index, _NAMES)
        outcome = state_of(reading, now_us=_NOW_US, found=found, limits=limits)
        if outcome.state not in (CapState.HELD, CapState.ELSEWHERE):
            raise SystemExit(4)
        reached += sum(map(len, spoken(reading.alert, found, languages, _NOW_US).values()))
    return reached


def _floor_per_s(files: Sequence[bytes]) -> float:
    limits = Limits()
    began = time.process_time()
    for raw in files:
        if violations(parse(raw, limits)):
            raise SystemExit(5)
    return len(files) / (time.process_time() - began)


# --- a country --------------------------------------------------------------------------------------------------------


def _places(chance: random.Random) -> list[Place]:
    """Communes along a long country, each with some speakers within three kilometres."""
    middles = [_somewhere(chance) for _ in range(_COMMUNES)]
    found = []
    for number in range(_SPEAKERS):
        commune = number % _COMMUNES
        latitude, longitude = middles[commune]
        found.append(
            Place(
                f"s{number}",
                latitude + chance.uniform(-0.03, 0.03),
                longitude + chance.uniform(-0.03, 0.03),
                (f"c{commune}", f"p{commune % _PROVINCES}"),
            )
        )
    return found


def _somewhere(chance: random.Random) -> tuple[float, float]:
    latitude = chance.uniform(8.6, 23.2)
    return latitude, 105.5 + math.sin(latitude / 4) * 1.5 + chance.uniform(-1.0, 1.0)


def _alerts(chance: random.Random) -> list[Alert]:
    kinds: tuple[Callable[[random.Random], Area], ...] = (_by_code, _by_hand, _round_a_dam, _along_a_coast)
    found = []
    for number in range(_ALERTS):
        areas = tuple(kinds[(number + k) % len(kinds)](chance) for k in range(1 + number % 3))
        found.append(_alert(number, areas))
    return found


def _alert(number: int, areas: tuple[Area, ...]) -> Alert:
    info = Info(
        language="vi-VN",
        categories=(Category.MET,),
        event="Mưa lớn",
        urgency=Urgency.EXPECTED,
        severity=Severity.SEVERE,
        certainty=Certainty.LIKELY,
        event_codes=(Pair("loai", "mua-lon"),),
        expires_us=_NOW_US + 6 * 3_600_000_000,
        sender_name="Đài khí tượng thủy văn",
        headline="Cảnh báo mưa lớn cục bộ, nguy cơ lũ quét và sạt lở đất",
        description="Trong sáu giờ tới có mưa to đến rất to, lượng mưa phổ biến 50-100 mm. " * 4,
        instruction="Bà con ở ven sông, suối và sườn dốc chủ động di chuyển đến nơi an toàn. " * 3,
        web="https://example.org/canh-bao",
        areas=areas,
    )
    english = replace(
        info,
        language="en",
        event="Heavy rain",
        headline="Heavy rain: flash floods and landslides are likely",
        description="Heavy to very heavy rain within six hours, 50 to 100 mm in most places. " * 4,
        instruction="Leave the banks of rivers and streams and the foot of slopes. " * 3,
    )
    return Alert(
        identifier=f"example.{number}",
        sender="tram@example.org",
        sent="2026-11-22T05:30:00+07:00",
        sent_us=1_795_300_200_000_000,
        status=Status.ACTUAL,
        message_type=MessageType.ALERT,
        scope=Scope.PUBLIC,
        infos=(info, english),
    )


def _by_code(chance: random.Random) -> Area:
    return Area("Xã", geocodes=(Pair("vn-commune", f"c{chance.randrange(_COMMUNES)}"),))


def _by_hand(chance: random.Random) -> Area:
    return Area("Vùng trũng", polygons=(_ring(chance, 60, 0.3, 0.3),))


def _round_a_dam(chance: random.Random) -> Area:
    latitude, longitude = _somewhere(chance)
    return Area("Hạ du", circles=(Circle(round(latitude, 4), round(longitude, 4), chance.uniform(5, 40)),))


def _along_a_coast(chance: random.Random) -> Area:
    return Area("Ven biển", polygons=(_ring(chance, 200, 1.2, 0.5),))


def _ring(chance: random.Random, points: int, tall: float, wide: float) -> Polygon:
    latitude, longitude = _somewhere(chance)
    ring = []
    for number in range(points):
        angle, far = 2 * math.pi * number / points, chance.uniform(0.8, 1.0)
        ring.append(
            (round(latitude + tall * far * math.sin(angle), 4), round(longitude + wide * far * math.cos(angle), 4))
        )
    return Polygon((*ring, ring[0]))


if __name__ == "__main__":
    main()
