"""All that is known of what may be wrong, and what is open: fed with evidence, asked now and then what changed.

Rules of the module: of one kind and one subject at most one fault is open. Only what changed is looked at, and what
has a deadline when that is due: thousands of speakers that are well cost nothing. While most speakers of an area are
gone together, their faults are part of one fault of the area; those that stay out when most are back have their own.
"""

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from agents.protocol.ids import AreaId, SpeakerId
from controller.domain.fault_places import Gone, joins, most_are_back, together
from controller.domain.fault_subject import Closes, Known, Opens, Subject
from controller.domain.fault_watch import FaultLimits, Watch
from controller.domain.faults import Fault, FaultDetail, FaultKind

NOT_SINCE_START: Final = "not_heard_since_start"


@dataclass(eq=False, slots=True)
class _Place:
    """An area, with those of its speakers that are gone; ``members`` of the area's fault, while that is open."""

    area_id: AreaId
    speakers: set[SpeakerId] = field(default_factory=set)
    gone: dict[SpeakerId, Gone] = field(default_factory=dict)
    fault: Fault | None = None
    members: set[SpeakerId] = field(default_factory=set)


class FaultBook:
    """Keeps no time and stores nothing: whoever feeds it says when, and takes what changed."""

    def __init__(self, limits: FaultLimits, began_us: int, new_id: Callable[[], str]) -> None:
        """``began_us`` is when the controller started: all speakers are about to dial then."""
        self.limits: Final = limits
        self._began_us = began_us
        self._new_id = new_id
        self._touched: dict[Subject, None] = {}
        self.own: Final = Subject(None, limits, self._touched)
        self._subjects: dict[SpeakerId, Subject] = {}
        self._places: dict[AreaId, _Place] = {}
        self._touched_places: dict[_Place, None] = {}
        self._changed: dict[str, Fault] = {}
        self._open: dict[str, Fault] = {}
        self._queue: list[tuple[int, int, Subject | _Place]] = []
        self._turn = itertools.count()

    def open(self) -> Iterator[Fault]:
        """Every open fault; also those that are part of an area's."""
        return iter(self._open.values())

    def subject(self, speaker_id: SpeakerId) -> Subject | None:
        """What is known of a speaker; None where it is not enlisted."""
        return self._subjects.get(speaker_id)

    def watching(self, kinds: Iterable[FaultKind]) -> Iterator[tuple[SpeakerId, Subject]]:
        """Those of which something was told of one of these."""
        wanted = frozenset(kinds)
        return ((one, subject) for one, subject in self._subjects.items() if not wanted.isdisjoint(subject.watches))

    def speakers(self) -> tuple[SpeakerId, ...]:
        """All that are enlisted."""
        return tuple(self._subjects)

    def seen(self, fault_id: str, by: str, at_us: int) -> Fault | None:
        """Somebody looks after an open fault; None where it is not open."""
        fault = self._open.get(fault_id)
        if fault is None:
            return None
        fault = self._put(replace(fault, seen_by=by, seen_at_us=at_us))
        if fault.kind is FaultKind.AREA_OFFLINE and fault.area_id is not None:
            self._place(fault.area_id).fault = fault
        else:
            (self.own if fault.speaker_id is None else self._subjects[fault.speaker_id]).open[fault.kind] = fault
        return fault

    # --- whom it watches --------------------------------------------------------------------------------------------

    def resume(self, faults: Iterable[Fault], speakers: Iterable[Known], now_us: int) -> None:
        """Begins with the faults that were open when the controller ended, and with the speakers that there are."""
        of_speakers: dict[SpeakerId, list[Fault]] = {}
        for fault in faults:
            self._open[fault.fault_id] = fault
            if fault.speaker_id is not None:
                of_speakers.setdefault(fault.speaker_id, []).append(fault)
            elif fault.area_id is not None:
                self._place(fault.area_id).fault = fault
            else:
                self.own.resume(fault)
        for known in speakers:
            self.enlist(known, now_us, of_speakers.pop(known.speaker_id, ()))
        for orphan in itertools.chain.from_iterable(of_speakers.values()):
            self._put(replace(orphan, closed_at_us=now_us))
        self._touched_places.update(dict.fromkeys(self._places.values()))

    def enlist(self, known: Known, now_us: int, faults: Iterable[Fault] = ()) -> None:
        """A speaker that belongs here, or one of which something changed."""
        subject = self._subjects.get(known.speaker_id)
        if subject is None:
            subject = self._subjects[known.speaker_id] = Subject(known, self.limits, self._touched)
            for fault in faults:
                subject.resume(fault)
            self._begin(subject, known, now_us)
        elif subject.known == known:
            return
        elif subject.known is not None:
            self._moved(subject, subject.known, known)
        subject.known = known
        place = self._place(known.place_id)
        place.speakers.add(known.speaker_id)
        offline = subject.open.get(FaultKind.OFFLINE)
        if offline is not None and place.fault is not None and offline.group_id == place.fault.fault_id:
            place.members.add(known.speaker_id)
        subject.touch()

    def _moved(self, subject: Subject, before: Known, known: Known) -> None:
        if before.place_id != known.place_id:
            self._leave(before)
        if before.device_id != known.device_id:
            subject.renew()

    def _begin(self, subject: Subject, known: Known, now_us: int) -> None:
        """It has no link yet."""
        watch = subject.watches.get(FaultKind.OFFLINE)
        if watch is None:
            ready_us = self._began_us + self.limits.start_grace_us
            since_us, bad_us = (self._began_us, ready_us) if now_us < ready_us else (now_us, now_us)
            watch = Watch(bad_us, None, FaultDetail(since_us=since_us, reason=NOT_SINCE_START))
            subject.watches[FaultKind.OFFLINE] = watch
        gone_us = watch.bad_us if watch.detail.since_us is None else watch.detail.since_us
        subject.gone = Gone(gone_us - known.silence_us, gone_us)

    def dismiss(self, speaker_id: SpeakerId, now_us: int) -> None:
        """It does not belong here any more: nothing is wrong with it."""
        subject = self._subjects.pop(speaker_id, None)
        if subject is None:
            return
        self._touched.pop(subject, None)
        for fault in subject.open.values():
            self._put(replace(fault, closed_at_us=now_us))
        if subject.known is not None:
            self._leave(subject.known)

    def _place(self, area_id: AreaId) -> _Place:
        place = self._places.get(area_id)
        if place is None:
            place = self._places[area_id] = _Place(area_id)
        return place

    def _leave(self, known: Known) -> None:
        place = self._place(known.place_id)
        place.speakers.discard(known.speaker_id)
        place.gone.pop(known.speaker_id, None)
        place.members.discard(known.speaker_id)
        self._touched_places[place] = None

    # --- what follows -----------------------------------------------------------------------------------------------

    def next_us(self) -> int | None:
        """When something falls due; 0 where something was told since it was last looked at, None for never."""
        if self._touched or self._touched_places or self._changed:
            return 0
        return self._queue[0][0] if self._queue else None

    def judge(self, now_us: int, most: int = 1_000) -> tuple[Fault, ...]:
        """Looks at ``most`` speakers at most, and then at their areas; returns the faults that opened, closed or
        changed, each as it is now.
        """
        while self._queue and self._queue[0][0] <= now_us:
            match heapq.heappop(self._queue)[2]:
                case _Place() as place:
                    self._touched_places[place] = None
                case subject:
                    subject.touch()
        for subject in list(itertools.islice(self._touched, most)):
            del self._touched[subject]
            self._look(subject, now_us)
        looked = 0
        while not self._touched and self._touched_places and looked < most:
            place = next(iter(self._touched_places))
            del self._touched_places[place]
            self._look_at_place(place, now_us)
            looked += len(place.gone) + 1
        changed, self._changed = self._changed, {}
        return tuple(changed.values())

    def _look(self, subject: Subject, now_us: int) -> None:
        known = subject.known
        if known is not None and self._subjects.get(known.speaker_id) is not subject:
            return
        before_us, offline = subject.due_us, FaultKind.OFFLINE in subject.open
        for verdict in subject.judged(now_us):
            match verdict:
                case Opens(kind, detail):
                    subject.open[kind] = self._put(self._opened(kind, detail, now_us, known))
                case Closes(kind, at_us):
                    self._put(replace(subject.open.pop(kind), closed_at_us=at_us))
        if subject.due_us is not None and subject.due_us != before_us:
            heapq.heappush(self._queue, (subject.due_us, next(self._turn), subject))
        if known is not None:
            self._follow(self._place(known.place_id), known.speaker_id, subject, offline)

    def _follow(self, place: _Place, speaker_id: SpeakerId, subject: Subject, offline: bool) -> None:
        """The area is looked at where it matters to it; ``offline`` is whether that was open before."""
        same = place.gone.get(speaker_id) == subject.gone and offline == (FaultKind.OFFLINE in subject.open)
        if same and speaker_id not in place.members:
            return
        if subject.gone is None:
            place.gone.pop(speaker_id, None)
        else:
            place.gone[speaker_id] = subject.gone
        self._touched_places[place] = None

    def _opened(self, kind: FaultKind, detail: FaultDetail, now_us: int, known: Known | None) -> Fault:
        return Fault(
            fault_id=self._new_id(),
            kind=kind,
            opened_at_us=now_us,
            speaker_id=None if known is None else known.speaker_id,
            area_id=None if known is None else known.area_id,
            detail=detail,
        )

    def _put(self, fault: Fault) -> Fault:
        self._changed[fault.fault_id] = fault
        if fault.open:
            self._open[fault.fault_id] = fault
        else:
            self._open.pop(fault.fault_id, None)
        return fault

    # --- areas ------------------------------------------------------------------------------------------------------

    def _look_at_place(self, place: _Place, now_us: int) -> None:
        if place.fault is None:
            self._maybe_open(place, now_us)
        if place.fault is not None:
            self._gather(place, place.fault)
            self._maybe_close(place, place.fault, now_us)
        for speaker_id in place.gone:
            self._grouped(speaker_id, None if place.fault is None else place.fault, place)

    def _maybe_open(self, place: _Place, now_us: int) -> None:
        alone = {one for one in place.gone if FaultKind.OFFLINE in self._subjects[one].open}
        found = together(place.gone, len(place.speakers), self.limits) if alone else None
        if found is None or alone.isdisjoint(found.members):
            return
        place.members = set(found.members)
        detail = FaultDetail(since_us=found.since_us, members=len(found.members))
        fault = self._opened(FaultKind.AREA_OFFLINE, detail, now_us, None)
        place.fault = self._put(replace(fault, area_id=place.area_id))

    def _gather(self, place: _Place, fault: Fault) -> None:
        since_us = fault.detail.since_us or 0
        place.members.update(one for one, gone in place.gone.items() if joins(gone, since_us))
        if len(place.members) > fault.detail.members:
            place.fault = self._put(replace(fault, detail=replace(fault.detail, members=len(place.members))))

    def _maybe_close(self, place: _Place, fault: Fault, now_us: int) -> None:
        links = [self._subjects[one].linked_us for one in place.members]
        steady = [one for one in links if one is not None and one + self.limits.back_us <= now_us]
        if most_are_back(len(links) - len(steady), len(links), self.limits):
            self._put(replace(place.fault or fault, closed_at_us=max(steady, default=now_us)))
            place.fault = None
            place.members.clear()
            return
        fresh = [one + self.limits.back_us for one in links if one is not None and one + self.limits.back_us > now_us]
        if fresh:
            heapq.heappush(self._queue, (min(fresh), next(self._turn), place))

    def _grouped(self, speaker_id: SpeakerId, group: Fault | None, place: _Place) -> None:
        """The fault of one that is gone is part of the area's, or its own."""
        subject = self._subjects[speaker_id]
        fault = subject.open.get(FaultKind.OFFLINE)
        if fault is None:
            return
        group_id = None if group is None or speaker_id not in place.members else group.fault_id
        if fault.group_id != group_id:
            subject.open[FaultKind.OFFLINE] = self._put(replace(fault, group_id=group_id))
