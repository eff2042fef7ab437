"""What a folder of files would end in, as `loa cap check` says it.

The files count as handed in one after the other, in the order in which their alerts were sent: so one that came
already, and one that takes the place of another, are found among them. No rules apply: what is not settled is held for
a person.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Final

from controller.cap.feeds import read_feed
from controller.cap.limits import Limits
from controller.cap.matching import tangled
from controller.cap.model import AlertKey
from controller.cap.reading import CapFile, FileKind, read_file
from controller.cap.reasons import Reason, Weight, warning
from controller.cap.sentences import sentence
from controller.cap.states import CapState, Known, Outcome, Reading, state_of
from controller.cap.trust import Trust

FEED: Final = "feed"
SEVERAL: Final = "several"
_FEEDS: Final = (FileKind.ATOM, FileKind.RSS)
_MOST_SAID: Final = 4
_TELLING: Final = frozenset(
    {"all_clear", "not_yet_effective", "takes_back", "takes_back_unknown", "takes_the_place", "update_of_unknown"}
)


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: ``state`` is that of its alerts where all end alike, else ``several``; ``feed`` for a feed that only
    links to alerts. ``earlier``: for each alert that came already, the file that it came in.
    """

    name: str
    file: CapFile
    state: str
    outcomes: tuple[Outcome, ...]
    earlier: Mapping[int, str]


def check(files: Iterable[tuple[str, bytes]], *, limits: Limits, trust: Trust, now_us: int | None) -> list[Checked]:
    """All files, in the order given. ``now_us``: when they are read; None: each when it was sent."""
    read = [(name, _read(raw, limits, trust, now_us)) for name, raw in files]
    queue = [
        (one.alert.sent_us if one.alert else 0, place, number, one)
        for place, (_, file) in enumerate(read)
        for number, one in enumerate(file.readings)
    ]
    came: dict[AlertKey, str] = {}
    referred: dict[AlertKey, AlertKey] = {}
    outcomes: dict[tuple[int, int], Outcome] = {}
    earlier: dict[int, dict[int, str]] = {}
    for sent_us, place, number, reading in sorted(queue, key=lambda one: one[:3]):
        at_us = sent_us if now_us is None else now_us
        known = Known(frozenset(came), referred)
        outcome = _looked_at(reading, state_of(reading, now_us=at_us, known=known, limits=limits))
        outcomes[place, number] = outcome
        alert = reading.alert
        if alert is None or outcome.state is CapState.REFUSED:
            continue
        if outcome.state is CapState.DUPLICATE:
            earlier.setdefault(place, {})[number] = came[alert.key]
        came.setdefault(alert.key, read[place][0])
        if outcome.state not in (CapState.DUPLICATE, CapState.NOT_ACTUAL):
            referred |= dict.fromkeys(alert.references, alert.key)
    return [
        _checked(name, file, [outcomes[place, number] for number in range(len(file.readings))], earlier.get(place, {}))
        for place, (name, file) in enumerate(read)
    ]


def _looked_at(reading: Reading, outcome: Outcome) -> Outcome:
    """With what a station would find out about its outlines, as far as that does not depend on where speakers stand."""
    if reading.alert is None or outcome.state not in (CapState.HELD, CapState.UPDATES):
        return outcome
    widened = [warning("area_widened", area=one) for one in tangled(reading.alert)]
    return replace(outcome, reasons=(*outcome.reasons[:-1], *widened, *outcome.reasons[-1:]))


def _read(raw: bytes, limits: Limits, trust: Trust, now_us: int | None) -> CapFile:
    """The file; of a feed without alerts, what its entries are good for."""
    file = read_file(raw, limits=limits, trust=trust, now_us=now_us or 0)
    sent_us = next((one.alert.sent_us for one in file.readings if one.alert is not None), None)
    if now_us is None and sent_us is not None:  # certificates too are looked at as they were then
        file = read_file(raw, limits=limits, trust=trust, now_us=sent_us)
    if file.readings or file.kind not in _FEEDS:
        return file
    links = read_feed(raw, limits=limits)
    useless = file.entries > 0 and not links.entries
    return replace(file, reasons=links.reasons if useless else (), entries=len(links.entries))


def _checked(name: str, file: CapFile, outcomes: list[Outcome], earlier: Mapping[int, str]) -> Checked:
    states = {one.state.value for one in outcomes}
    if len(states) == 1:
        state = states.pop()
    elif states:
        state = SEVERAL
    else:
        state = FEED if file.kind in _FEEDS and not file.reasons else CapState.REFUSED.value
    return Checked(name, file, state, tuple(outcomes), earlier)


def as_line(checked: Checked, zone: tzinfo = UTC) -> str:
    """One line: the file, its state, and why, with instants in ``zone``."""
    return f"{checked.name}: {checked.state}: {_why(checked, zone)}"


def _why(checked: Checked, zone: tzinfo) -> str:
    file, outcomes = checked.file, checked.outcomes
    if checked.state == FEED:
        return f"A feed with no alert inside and {file.entries} links to alerts, which are fetched when it is polled."
    if not outcomes:
        return " ".join(sentence(one, zone) for one in file.reasons)
    if len(outcomes) > 1:
        counts = Counter(one.state.value for one in outcomes)
        parts = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        first = next((one for one in outcomes if one.state is CapState.REFUSED), outcomes[0])
        return f"{len(outcomes)} alerts inside ({parts}). {_of_one(first, zone)}"
    came_in = checked.earlier.get(0)
    return f"{_of_one(outcomes[0], zone)}{f' It is in {came_in}.' if came_in else ''}"


def _of_one(outcome: Outcome, zone: tzinfo) -> str:
    """The reasons that count: errors of what is refused, else what decided, then what a person should look at."""
    errors = [one for one in outcome.reasons if one.weight is Weight.ERROR]
    if errors:
        said = errors
    else:
        looked_at = [one for one in outcome.reasons if one.weight is Weight.WARNING]
        deciding = [one for one in outcome.reasons if one.code in _TELLING] + [*outcome.reasons[-1:]]
        signed = [one for one in outcome.reasons if one.where == "Signature" and one.weight is Weight.NOTE]
        said = [*deciding, *looked_at, *signed]
    rest = len(said) - _MOST_SAID
    words = " ".join(sentence(one, zone) for one in said[:_MOST_SAID])
    return f"{words} (and {rest} more)" if rest > 0 else words


def as_json(checked: Checked, zone: tzinfo = UTC) -> dict[str, object]:
    """For programs: everything that was found; sentences give instants in ``zone``, values in universal time."""
    return {
        "file": checked.name,
        "kind": checked.file.kind.value,
        "state": checked.state,
        "reason": _why(checked, zone),
        "reasons": [_reason(one, zone) for one in checked.file.reasons],
        "alerts": [
            _alert(reading, outcome, zone)
            for reading, outcome in zip(checked.file.readings, checked.outcomes, strict=True)
        ],
    }


def _alert(reading: Reading, outcome: Outcome, zone: tzinfo) -> dict[str, object]:
    alert = reading.alert
    told: dict[str, object] = {"state": outcome.state.value, "reasons": [_reason(one, zone) for one in outcome.reasons]}
    told["signature"] = {"state": reading.signature.state.value, "by": reading.signature.by}
    if alert is not None:
        told |= {
            "identifier": alert.identifier,
            "sender": alert.sender,
            "sent": alert.sent,
            "status": alert.status.value,
            "message_type": alert.message_type.value,
            "languages": [one.language for one in alert.infos],
            "refers_to": [one.identifier for one in outcome.refers_to],
        }
    return told


def _reason(reason: Reason, zone: tzinfo) -> dict[str, object]:
    return {
        "code": reason.code,
        "weight": reason.weight.value,
        "where": reason.where,
        "values": dict(reason.values),
        "sentence": sentence(reason, zone),
    }
