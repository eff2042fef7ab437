"""A book of faults that a test holds the clock of."""

import itertools
from collections.abc import Sequence
from typing import Any

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.messages import Heartbeat
from agents.protocol.telemetry import Telemetry
from agents.protocol.values import ClockBasis
from controller.domain.fault_book import FaultBook
from controller.domain.fault_subject import Known, Subject
from controller.domain.fault_watch import FaultLimits
from controller.domain.faults import Fault, FaultKind

S = 1_000_000
MIN = 60 * S
T0 = 1_800_000_000 * S
LIMITS = FaultLimits()
SILENCE = 15 * S
DUE = SILENCE + LIMITS.offline_grace_us
HOME = AreaId("commune-1")


class Watched:
    """A book with speakers that are all linked and well, some minutes after the start."""

    def __init__(self, count: int, *, linked: bool = True, faults: Sequence[Fault] = ()) -> None:
        ids = itertools.count(1)
        self.book = FaultBook(LIMITS, T0, lambda: f"f{next(ids)}")
        self.now_us = T0
        self.kept: dict[str, Fault] = {fault.fault_id: fault for fault in faults}
        self.names = [SpeakerId(f"s{number}") for number in range(count)]
        self.book.resume(faults, [known(name) for name in self.names], T0)
        if linked:
            for name in self.names:
                self.of(name).arrived(T0 + S)
            self.at(T0 + 10 * MIN)

    def of(self, name: str) -> Subject:
        subject = self.book.subject(SpeakerId(name))
        assert subject is not None
        return subject

    def at(self, now_us: int) -> None:
        """Time passes; whatever falls due in between is looked at when it does."""
        for _ in range(10_000):
            due_us = self.book.next_us()
            if due_us is None or due_us > now_us:
                break
            self.now_us = max(self.now_us, due_us)
            self._take()
        else:
            raise AssertionError("it never comes to rest")
        self.now_us = now_us
        self._take()

    def _take(self) -> None:
        for fault in self.book.judge(self.now_us):
            self.kept[fault.fault_id] = fault
        assert {one.fault_id for one in self.book.open()} == {one.fault_id for one in self.kept.values() if one.open}

    def after(self, us: int) -> None:
        self.at(self.now_us + us)

    def lose(self, *names: str) -> None:
        for name in names:
            self.of(name).left(self.now_us, SILENCE)

    def link(self, *names: str) -> None:
        for name in names:
            self.of(name).arrived(self.now_us)

    def beat(self, name: str, **how: Any) -> None:
        self.of(name).beat(beat(**how), self.now_us)

    @property
    def open(self) -> list[tuple[FaultKind, str | None]]:
        """What is told: kind, and whose; what is part of an area's fault is not."""
        told = [fault for fault in self.book.open() if fault.group_id is None]
        return sorted((fault.kind, fault.speaker_id or fault.area_id) for fault in told)


def known(name: str, place: str = HOME, box: str = "d-1") -> Known:
    return Known(
        speaker_id=SpeakerId(name),
        device_id=DeviceId(box),
        area_id=AreaId("village"),
        place_id=AreaId(place),
        silence_us=SILENCE,
    )


def beat(basis: ClockBasis = ClockBasis.LINK, error_us: int | None = 800, **telemetry: Any) -> Heartbeat:
    return Heartbeat(
        clock_basis=basis,
        clock_error_us=error_us,
        clock_offset_us=0,
        volume_percent=80,
        sounding_airing_id=None,
        clips=0,
        disk_free_bytes=1_000_000,
        refusals=0,
        unknown_messages=0,
        telemetry=Telemetry(uptime_s=60, **telemetry),
    )
