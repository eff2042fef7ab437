"""Writes the list of Vietnam's areas that a station starts with. Run once for each new edition of the list.

    python -m venv /tmp/areas && /tmp/areas/bin/pip install --no-deps vietnamadminunits==1.0.4
    /tmp/areas/bin/python tools/extract_areas.py /tmp/areas/lib/python3*/site-packages/vietnamadminunits/data/dataset.db

The program itself does not depend on that package: it reads the list that this script wrote. The figures are checked
before anything is written; what does not hold ends the script with a sentence.
"""

import csv
import sqlite3
import sys
import unicodedata
from collections import Counter
from pathlib import Path

TARGET = Path(__file__).parent.parent / "controller" / "assets" / "areas" / "vietnam-2025.csv"
FIELDS = ("code", "parent_code", "level", "kind", "name", "latitude", "longitude")
PROVINCES, COMMUNES = 34, 3_321
SOUTH, NORTH, WEST, EAST = 6.0, 23.5, 102.0, 118.0
"""Degrees around the mainland, the islands of the coast, Hoàng Sa and Trường Sa."""
ISLANDS = {"Đặc khu Hoàng Sa": "Thành phố Đà Nẵng", "Đặc khu Trường Sa": "Tỉnh Khánh Hòa"}
_KINDS = ("thành phố", "tỉnh", "đặc khu", "phường", "xã")

Row = tuple[str, str, str, str, str, float, float]


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows = extracted(Path(sys.argv[1]))
    check(rows)
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(rows)
    print(f"{len(rows)} areas in {TARGET}")


def extracted(database: Path) -> list[Row]:
    """Provinces by code, then communes by code."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as source:
        provinces = source.execute(
            "SELECT DISTINCT provinceCode, '', 'province', province, provinceLat, provinceLon"
            " FROM admin_units ORDER BY provinceCode"
        ).fetchall()
        communes = source.execute(
            "SELECT wardCode, provinceCode, 'commune', ward, wardLat, wardLon FROM admin_units ORDER BY wardCode"
        ).fetchall()
    return [row(values) for values in [*provinces, *communes]]


def row(values: tuple[str, str, str, str, float, float]) -> Row:
    """One line of the list; places to four digits, which is some 10 m."""
    code, parent_code, level, name, latitude, longitude = values
    composed = " ".join(unicodedata.normalize("NFC", name).split())
    kind = next((kind for kind in _KINDS if composed.casefold().startswith(kind + " ")), "")
    return code.strip(), parent_code.strip(), level, kind, composed, round(latitude, 4), round(longitude, 4)


def check(rows: list[Row]) -> None:
    levels = Counter(level for _, _, level, *_ in rows)
    if levels != {"province": PROVINCES, "commune": COMMUNES}:
        sys.exit(f"other numbers than expected: {dict(levels)}")
    by_code = {code: (level, name) for code, _, level, _, name, _, _ in rows}
    if len(by_code) != len(rows):
        sys.exit("a code stands there twice")
    twice = [
        pair for pair, count in Counter((parent, name) for _, parent, _, _, name, _, _ in rows).items() if count > 1
    ]
    if twice:
        sys.exit(f"two areas of one name side by side: {twice}")
    for code, parent, level, kind, name, latitude, longitude in rows:
        if (by_code.get(parent, ("", ""))[0] == "province") is not (level == "commune"):
            sys.exit(f"{code} {name}: the parent {parent!r} is none")
        if not kind:
            sys.exit(f"{code} {name}: of no known kind")
        if not (SOUTH <= latitude <= NORTH and WEST <= longitude <= EAST):
            sys.exit(f"{code} {name}: {latitude}, {longitude} is outside Vietnam")
    above = {name: by_code[parent][1] for _, parent, level, _, name, _, _ in rows if level == "commune"}
    for island, province in ISLANDS.items():
        if above.get(island) != province:
            sys.exit(f"{island} is not in {province}, but in {above.get(island)}")


if __name__ == "__main__":
    main()
