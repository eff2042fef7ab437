"""What is known of one speaker, or of the controller itself, as far as something may be wrong with it.

Rules of the module: whatever is told carries its instant, and what is older than what is known already changes
nothing, so that the order in which evidence arrives does not matter.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.messages import Heartbeat
from controller.domain.fault_places import Gone
from controller.domain.fault_watch import SIGNS, FaultLimits, Watch, bad_in, better, measured, signs, worse
from controller.domain.faults import Fault, FaultDetail, FaultKind

NO_WORD: Final = "no_word"
_MOST_AWAITED: Final = 32
_HAPPEN: Final = frozenset({FaultKind.JOURNAL_LOST, FaultKind.REFUSALS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """A speaker as it is watched; ``device_id`` is the box that hangs there now, ``place_id`` the area whose faults its
    own can be part of.
    """

    speaker_id: SpeakerId
    device_id: DeviceId
    area_id: AreaId
    place_id: AreaId
    silence_us: int


@dataclass(frozen=True, slots=True)
class Opens:
    """A fault of this kind is to be opened."""

    kind: FaultKind
    detail: FaultDetail


@dataclass(frozen=True, slots=True)
class Closes:
    """The open fault of this kind is none any more, since this instant."""

    kind: FaultKind
    at_us: int


class Subject:
    """Whoever changes something in it puts it among the touched, which are looked at next."""

    __slots__ = (
        "_awaited",
        "_last",
        "_limits",
        "_said",
        "_touched",
        "due_us",
        "gone",
        "known",
        "linked_us",
        "open",
        "tested_us",
        "watches",
    )

    def __init__(self, known: Known | None, limits: FaultLimits, touched: "dict[Subject, None]") -> None:
        self.known = known
        self.linked_us: int | None = None
        self.gone: Gone | None = None
        self.watches: dict[FaultKind, Watch] = {}
        self.open: dict[FaultKind, Fault] = {}
        self.due_us: int | None = None
        self._limits = limits
        self._touched = touched
        self._said = 0
        self._awaited: dict[str, int] = {}
        self._last = (0, True, "")
        self.tested_us = 0

    def touch(self) -> None:
        """It is to be looked at."""
        self._touched[self] = None

    def resume(self, fault: Fault) -> None:
        """A fault that was open when the controller ended."""
        since_us = fault.opened_at_us if fault.detail.since_us is None else fault.detail.since_us
        self.open[fault.kind] = fault
        self.watches[fault.kind] = Watch(since_us, since_us if fault.kind in _HAPPEN else None, fault.detail)
        if fault.kind is FaultKind.AIRING_MISSED:
            self._last = (since_us, False, fault.detail.airing_id or "")
        self.touch()

    def renew(self) -> None:
        """Another box hangs there: what was wrong with the one before it is not wrong with this one."""
        self._said = 0
        self._awaited.clear()
        self._last = (0, True, "")
        self.watches = {kind: watch for kind, watch in self.watches.items() if kind is FaultKind.OFFLINE}
        self.touch()

    def is_bad(self, kind: FaultKind) -> bool:
        """What the last evidence was; a fault may not be open yet, or not be closed."""
        watch = self.watches.get(kind)
        return watch is not None and watch.fine_us is None

    def first_bad(self, kinds: Iterable[FaultKind]) -> FaultKind | None:
        """The first of these that `is_bad`."""
        return next((kind for kind in kinds if self.is_bad(kind)), None)

    # --- evidence ---------------------------------------------------------------------------------------------------

    def arrived(self, at_us: int) -> None:
        """It holds a link."""
        self.linked_us, self.gone = at_us, None
        self.tell(FaultKind.OFFLINE, False, at_us)
        self.touch()

    def left(self, at_us: int, silence_us: int) -> None:
        """It holds none any more. What was told of it and was no fault yet is worth nothing now."""
        self.linked_us, self._said = None, 0
        for kind in [one for one in self.watches if one in SIGNS and one not in self.open]:
            del self.watches[kind]
        self.gone = Gone(at_us - silence_us, at_us)
        self.tell(FaultKind.OFFLINE, True, at_us)

    def beat(self, beat: Heartbeat, at_us: int) -> None:
        """How it says it is."""
        said = signs(beat, self._limits)
        if said == self._said:
            return
        before, self._said = self._said, said
        for kind in SIGNS:
            bad = bad_in(said, kind)
            if bad is not None and bad != bad_in(before, kind):
                self.tell(kind, bad, at_us, measured(beat, kind, self._limits) if bad else FaultDetail())

    def awaits(self, airing_id: str, end_us: int) -> None:
        """An airing was to end at ``end_us``, and how it went is not known."""
        if end_us > self._last[0]:
            self._awaited[airing_id] = end_us
            if len(self._awaited) > _MOST_AWAITED:
                del self._awaited[min(self._awaited, key=lambda one: self._awaited[one])]
            self.touch()

    def aired(self, airing_id: str, end_us: int, reason: str | None) -> None:
        """How an airing went that was to end, or ended, at ``end_us``: ``reason`` is why it did not sound, None where
        it did. The last one says whether something is wrong.
        """
        end_us = max(end_us, self._awaited.pop(airing_id, end_us))
        if airing_id == self._last[2]:
            end_us = max(end_us, self._last[0])
        outcome = (end_us, reason is None, airing_id)
        if outcome < self._last:
            return
        self._last = outcome
        self.tell(
            FaultKind.AIRING_MISSED, reason is not None, end_us, FaultDetail(airing_id=airing_id, reason=reason or "")
        )

    def concerned_with(self, airing_id: str) -> bool:
        """Whether word of this airing would matter: it is waited for, or said to be missed."""
        return airing_id in self._awaited or airing_id == self._last[2]

    def tell(self, kind: FaultKind, bad: bool, at_us: int, detail: FaultDetail | None = None) -> None:
        """It is bad, or fine, at this instant."""
        before = self.watches.get(kind)
        if bad:
            self.watches[kind] = worse(before, at_us, replace(detail or FaultDetail(), since_us=at_us))
            self.touch()
        elif before is not None:
            self.watches[kind] = better(before, at_us)
            self.touch()

    # --- what follows from it ---------------------------------------------------------------------------------------

    def judged(self, now_us: int) -> Iterator[Opens | Closes]:
        """What opens and what closes at this instant. Sets ``due_us`` to when to look again, None for never."""
        self.due_us = None
        self._give_up_waiting(now_us)
        for kind in [one for one in self.open if one not in self.watches]:
            yield Closes(kind, now_us)
        for kind, watch in list(self.watches.items()):
            opens_us, closes_us = self._delays(kind)
            is_open = kind in self.open
            if not is_open and watch.fine_us is not None and not watch.passing:
                del self.watches[kind]
            elif not is_open and watch.bad_us + opens_us > now_us:
                self._look_at(watch.bad_us + opens_us)
            elif not is_open:
                yield Opens(kind, watch.detail)
                is_open = True
            if is_open and watch.fine_us is not None:
                if watch.fine_us + closes_us > now_us:
                    self._look_at(watch.fine_us + closes_us)
                else:
                    del self.watches[kind]
                    yield Closes(kind, watch.fine_us)

    def _delays(self, kind: FaultKind) -> tuple[int, int]:
        opens_us, closes_us = self._limits.delays(kind)
        if kind is FaultKind.OFFLINE and self.known is not None:
            return opens_us + self.known.silence_us, closes_us
        return opens_us, closes_us

    def _give_up_waiting(self, now_us: int) -> None:
        """A speaker that is linked has had time enough to tell of an airing."""
        if self.linked_us is None:
            return
        for airing_id, end_us in list(self._awaited.items()):
            due_us = max(end_us, self.linked_us) + self._limits.word_us
            if due_us <= now_us:
                self.aired(airing_id, end_us, NO_WORD)
            else:
                self._look_at(due_us)

    def _look_at(self, due_us: int) -> None:
        self.due_us = due_us if self.due_us is None else min(self.due_us, due_us)


def happened(subject: Subject, kind: FaultKind, at_us: int, detail: FaultDetail) -> None:
    """Something that does not last: records were lost, documents had to be refused."""
    before = subject.watches.get(kind)
    if before is None or before.bad_us < at_us:
        subject.watches[kind] = Watch(at_us, at_us, replace(detail, since_us=at_us))
        subject.touch()


def self_tested(subject: Subject, heard: bool, at_us: int, detail: FaultDetail) -> None:
    """What a self-test found that had a sensor."""
    if at_us >= subject.tested_us:
        subject.tested_us = at_us
        subject.tell(FaultKind.NOT_HEARD, not heard, at_us, detail)
