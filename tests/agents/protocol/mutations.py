"""What can come of a message on its way through hands that mean harm, or through a memory that forgets: mutants.

From every checked-in sample: fields lost, doubled, exchanged for others of every type, nested into each other, numbers
at every edge; and on the bytes: cut, flipped, doubled, joined.
"""

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

SAMPLES = Path(__file__).parents[2] / "wire_samples"

EDGES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2**31,
    2**53 - 1,
    2**53,
    2**63,
    2**64,
    10**400,
    -(10**400),
    0.5,
    1e308,
    "",
    "a",
    "\x00",
    "\ud800",
    "x" * 3_000,
    "device_hello",
    "clip",
    [],
    {},
    [[]],
    [None] * 300,
    {"type": "clip"},
    {"type": 5},
    {"action": "stop"},
)


def loose_samples(folder: str) -> list[Any]:
    """The samples of a folder as JSON."""
    return [json.loads(path.read_text()) for path in sorted((SAMPLES / folder).glob("*.json"))]


def _places(loose: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    match loose:
        case dict():
            found += [place for name, value in loose.items() for place in _places(value, (*path, name))]
        case list():
            found += [place for index, value in enumerate(loose) for place in _places(value, (*path, index))]
    return found


def _at(loose: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        loose = loose[step]
    return loose


@st.composite
def mutated(draw: st.DrawFn, samples: list[Any]) -> bytes:
    """The bytes of a sample after one to four changes. The sample is one of ``samples``, as JSON."""
    loose = copy.deepcopy(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 3))):
        loose = _changed(draw, loose, samples)
    raw = json.dumps(loose).encode()
    return _torn(draw, raw) if draw(st.integers(0, 4)) == 0 else raw


def _changed(draw: st.DrawFn, loose: Any, samples: list[Any]) -> Any:
    path = draw(st.sampled_from(_places(loose)))
    if not path:
        return copy.deepcopy(draw(st.sampled_from([*EDGES, loose]))) if draw(st.integers(0, 9)) == 0 else loose
    inner, last = _at(loose, path[:-1]), path[-1]
    match draw(st.sampled_from(("edge", "lost", "other", "deeper", "renamed"))):
        case "edge":
            inner[last] = copy.deepcopy(draw(st.sampled_from(EDGES)))
        case "lost":
            del inner[last]
        case "other":
            stranger = draw(st.sampled_from(samples))
            inner[last] = copy.deepcopy(_at(stranger, draw(st.sampled_from(_places(stranger)))))
        case "deeper":
            inner[last] = {"type": "clip", "event": inner[last]}
        case "renamed" if isinstance(inner, dict):
            inner[draw(st.text(max_size=8))] = inner.pop(last)
    return loose


def _torn(draw: st.DrawFn, raw: bytes) -> bytes:
    at = draw(st.integers(0, max(0, len(raw) - 1)))
    match draw(st.sampled_from(("cut", "flipped", "doubled", "joined", "deep"))):
        case "cut":
            return raw[:at]
        case "flipped":
            return raw[:at] + bytes([raw[at] ^ draw(st.integers(1, 255))]) + raw[at + 1 :] if raw else raw
        case "doubled":
            return raw[:at] + raw
        case "joined":
            return raw + draw(st.binary(max_size=40))
        case _:
            return raw[:at] + b"[" * 5_000
