"""What a whole fleet did so far; printed as one JSON object at its end."""

from dataclasses import dataclass, field, fields

from firmware_stubs.live import LiveTally


@dataclass(slots=True)
class Tally:
    """Counts over all devices. ``linked`` is how many are linked now, ``in_time`` how many of them have
    been told the time on that link; of ``shared`` documents the signature had been
    checked for another device before. ``live`` is what was heard live. ``faults`` counts what was done
    wrong on purpose, by name.
    """

    devices: int = 0
    enrolled: int = 0
    linked: int = 0
    in_time: int = 0
    links_opened: int = 0
    links_lost: int = 0
    turned_away: int = 0
    documents: int = 0
    refused: int = 0
    shared: int = 0
    fetched: int = 0
    sounded: int = 0
    records: int = 0
    acknowledged: int = 0
    heartbeats: int = 0
    clock_answers: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    problems: dict[str, int] = field(default_factory=dict)
    live: LiveTally = field(default_factory=LiveTally)

    def problem(self, what: str) -> None:
        """One more of these."""
        self.problems[what] = self.problems.get(what, 0) + 1

    def fault(self, name: str) -> None:
        """One more of these."""
        self.faults[name] = self.faults.get(name, 0) + 1

    def told(self) -> dict[str, object]:
        """As it is printed."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        return told | {"live": self.live.told()}
