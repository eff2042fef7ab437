"""What goes wrong on demand: which faults there are, when they hold, and whom they hit.

Rules of the module: a device's fate follows from the seed, its number, and how many messages went before: the same seed
gives the same fate to the same message of the same device, whatever the others do. Messages are lost, late, doubled and
swapped before they are sealed: below the channel TCP keeps their order, and whoever breaks it has broken the link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_MASK: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15


class FaultName(StrEnum):
    """`docs/fleet.md` says what each does. The first five are a chance a message, the others a share of the devices."""

    DROP = "drop"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    REORDER = "reorder"
    TEAR = "tear"
    LIE = "lie"
    SILENT = "silent"
    FLOOD = "flood"


class FaultsUnreadable(ValueError):
    """A fault or a script of faults that says nothing; the sentence says what was expected."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Holds from ``from_s`` until ``until_s`` after the fleet began."""

    name: FaultName
    share: float
    from_s: float = 0.0
    until_s: float = float("inf")


def parse_fault(text: str) -> Fault:
    """From ``NAME=SHARE``. Raises `FaultsUnreadable`."""
    name, _, share = text.partition("=")
    try:
        fault = Fault(FaultName(name.strip()), float(share))
    except ValueError:
        names = ", ".join(FaultName)
        raise FaultsUnreadable(f"{text!r} is no fault; it reads NAME=SHARE, and NAME is one of {names}") from None
    if not 0 <= fault.share <= 1:
        raise FaultsUnreadable(f"{text!r}: a share lies between 0 and 1")
    return fault


def parse_script(text: str) -> tuple[Fault, ...]:
    """Timed faults, one a line: ``FROM_S UNTIL_S NAME=SHARE``; ``#`` begins a comment. Raises `FaultsUnreadable`."""
    faults = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            begins, ends, what = words
            from_s, until_s = float(begins), float(ends)
        except ValueError:
            raise FaultsUnreadable(f"line {number} does not read FROM_S UNTIL_S NAME=SHARE: {line.strip()}") from None
        one = parse_fault(what)
        faults.append(Fault(one.name, one.share, from_s, until_s))
    return tuple(faults)


class Dice:
    """Numbers that look random and follow from what they were made of (SplitMix64); eight bytes of state."""

    __slots__ = ("_state",)

    def __init__(self, *origin: int) -> None:
        state = 0
        for part in origin:
            state = _mixed((state ^ part) + _STEP & _MASK)
        self._state = state

    def draw(self) -> float:
        """From 0 up to, and without, 1."""
        self._state = (self._state + _STEP) & _MASK
        return (_mixed(self._state) >> 11) / (1 << 53)


def _mixed(value: int) -> int:
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)


class Fate:
    """What the faults mean for one device. Without faults there is none of it."""

    def __init__(self, faults: Sequence[Fault], seed: int, number: int) -> None:
        self._faults = tuple(faults)
        self._messages = Dice(seed, number, 1)
        self._arriving = Dice(seed, number, 3)
        self._delays = Dice(seed, number, 4)
        # Drawn once for each fault, in their order: whether this device is among those that do it.
        dice = Dice(seed, number, 2)
        self._chosen = tuple(dice.draw() < fault.share for fault in self._faults)
        self.lie_us: int = round((2 * dice.draw() - 1) * 3_600_000_000)

    def holds(self, name: FaultName, at_s: float) -> bool:
        """Whether this device does that now: for faults that are a share of the devices."""
        return any(
            chosen and fault.name is name and fault.from_s <= at_s < fault.until_s
            for fault, chosen in zip(self._faults, self._chosen, strict=True)
        )

    def loses(self, at_s: float) -> bool:
        """Whether the next message that arrives is lost before anybody reads it."""
        lost = False
        for fault in self._faults:
            if fault.name is FaultName.DROP:
                lost |= self._arriving.draw() < fault.share and fault.from_s <= at_s < fault.until_s
        return lost

    def of_message(self, at_s: float) -> FaultName | None:
        """What becomes of the next message sent; None: it is sent. One draw for each fault of messages, always."""
        struck: FaultName | None = None
        for fault in self._faults:
            if fault.name in _OF_MESSAGES:
                hit = self._messages.draw() < fault.share
                if hit and struck is None and fault.from_s <= at_s < fault.until_s:
                    struck = fault.name
        return struck

    def delay_s(self) -> float:
        """How long a late message waits."""
        return 0.05 + 1.95 * self._delays.draw()


_OF_MESSAGES: Final = frozenset(
    (FaultName.DROP, FaultName.DELAY, FaultName.DUPLICATE, FaultName.REORDER, FaultName.TEAR)
)
