"""Who may try to link, and when again. Pure: ``now_s`` is any steady clock in seconds.

Who speaks garbage is asked to stay away longer and longer. It is asked, not locked out: many speakers may stand behind
one address (a SIM operator's, a proxy's), and before the proof anyone can name any device. What protects the
controller is that there are only so many places for those who have not proven themselves.
"""

import random
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

_FIRST_WAIT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 300.0
_FORGIVEN_AFTER_S: Final = 600.0
_REMEMBERED: Final = 10_000
_FULL_WAIT_S: Final = 30.0


@dataclass(slots=True)
class _Fault:
    times: int = 0
    last_s: float = 0.0


@dataclass(slots=True)
class Gate:
    """Counts the links that have not proven who they are, and remembers who misbehaved."""

    most: int
    most_per_address: int
    dice: random.Random = field(default_factory=random.SystemRandom)
    unproven: int = 0
    _by_address: dict[str, int] = field(default_factory=dict)
    _faults: OrderedDict[str, _Fault] = field(default_factory=OrderedDict)

    def enter(self, address: str) -> float | None:
        """None when this address may try now (then `leave` must follow), else the seconds to wait.

        Where all places are taken the wait is drawn at random, so that those who are sent away do not come back
        together.
        """
        if not self.free_for(address):
            return self.dice.uniform(1.0, _FULL_WAIT_S)
        self.unproven += 1
        self._by_address[address] = self._by_address.get(address, 0) + 1
        return None

    def free_for(self, address: str) -> bool:
        """Whether there is a place for one more from this address."""
        return self.unproven < self.most and self._by_address.get(address, 0) < self.most_per_address

    def leave(self, address: str) -> None:
        """The link of this address has proven itself or ended."""
        self.unproven -= 1
        left = self._by_address[address] - 1
        if left:
            self._by_address[address] = left
        else:
            del self._by_address[address]

    def misbehaved(self, who: str, now_s: float) -> tuple[float, int]:
        """``who`` (a device id or an address) spoke garbage.

        Returns the seconds it is asked to stay away, doubling from one second to five minutes, and how often it has
        done so lately.
        """
        fault = self._faults.pop(who, None) or _Fault()
        if now_s - fault.last_s > _FORGIVEN_AFTER_S:
            fault.times = 0
        wait_s = min(_FIRST_WAIT_S * 2.0 ** min(fault.times, 20), _LONGEST_WAIT_S)
        fault.times += 1
        fault.last_s = now_s
        self._faults[who] = fault
        if len(self._faults) > _REMEMBERED:
            self._faults.popitem(last=False)
        return wait_s, fault.times
