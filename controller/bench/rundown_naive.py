"""The plain way to a rundown: one speaker by itself, every item asked in turn, nothing kept.

It follows docs/rundown.md sentence by sentence and shares with `schedules.rundown` only the items. It is what the quick
way is measured and tested against.
"""

from datetime import date, timedelta

from schedules.guards import Guards, along, forbidden
from schedules.rundown.items import Days, items_of
from schedules.rundown.values import (
    Conflicted,
    CutFor,
    Displaced,
    Item,
    Outcome,
    Played,
    Refused,
    RefusedFor,
    Segment,
    of_lost_area,
)
from schedules.schedule import OnInterrupted, Place, Schedule, World

_BESIDE = 9
"""Days before and after the window that are looked at: no chain of items over midnight is longer in what is tried."""
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND


def timeline(world: World, place: Place, first: date, days: int) -> tuple[Segment, ...]:
    """What one speaker plays, by time."""
    segments: list[Segment] = []
    for _, outcome in outcomes(world, place, first, days).values():
        if isinstance(outcome, Played):
            segments.extend(outcome.segments)
    return tuple(sorted(segments, key=lambda segment: segment.from_us))


def outcomes(world: World, place: Place, first: date, days: int) -> dict[str, tuple[Item, Outcome]]:
    """What becomes of every item of the window that is addressed to this speaker."""
    zone = Days(world.zone)
    speaker = _Speaker(world, place, zone)
    addressed = _items(world, place, zone, first, days)
    items = [item for item in addressed if speaker.hears(item)]
    decided = {item.item_id: (item, speaker.decide(item)) for item in _sorted(items, world, zone)}
    window = {first + timedelta(days=number) for number in range(days)}
    found = {name: (item, outcome) for name, (item, outcome) in decided.items() if zone.of(item.start_us) in window}
    for item in addressed:
        day = zone.of(item.start_us)
        if item.item_id not in decided and day in window:
            lost = sorted(speaker.formerly_on(day) & set(speaker.schedules[item.schedule_id].target.areas))
            found[item.item_id] = item, of_lost_area(item, lost[0])
    return found


def _items(world: World, place: Place, zone: Days, first: date, days: int) -> list[Item]:
    """Also those that only reached it before areas were merged."""
    from_us = zone.begin_us(first - timedelta(days=_BESIDE))
    until_us = zone.begin_us(first + timedelta(days=days + _BESIDE))
    found: list[Item] = []
    ever = _near(world, place, *(first + timedelta(days=number) for number in range(-_BESIDE - 1, days + _BESIDE + 1)))
    for schedule in world.schedules:
        target = schedule.target
        named = place.speaker_id in target.speakers or set(place.groups) & set(target.groups)
        if not named and ever.isdisjoint(target.areas):
            continue
        for item in items_of(schedule, world.contents, world.holidays, from_us, until_us):
            if named or not _near(world, place, zone.of(item.start_us)).isdisjoint(target.areas):
                found.append(item)
    return found


def _near(world: World, place: Place, *days: date) -> set[str]:
    """The areas that a speaker stands in on one of the days, or stood in before they were merged."""
    tree = world.tree
    return {one for day in days for one in (*tree.path_on(place.area_id, day), *tree.former_on(place.area_id, day))}


def _sorted(items: list[Item], world: World, zone: Days) -> list[Item]:
    """The total order; or rather, again and again the first item that waits for no other comes next."""
    left = sorted(items, key=lambda item: item.order)
    pairs = _chosen(world)

    def waits(item: Item, one: Item) -> bool:
        if (one.schedule_id, item.schedule_id) not in pairs or one.order[0] != item.order[0]:
            return False
        meet = one.start_us < item.start_us + item.room_us and item.start_us < one.start_us + one.room_us
        return meet or zone.of(one.start_us) == zone.of(item.start_us)

    ordered: list[Item] = []
    while left:
        chosen = next(item for item in left if not pairs or not any(waits(item, one) for one in left))
        ordered.append(chosen)
        left.remove(chosen)
    return ordered


def _chosen(world: World) -> set[tuple[str, str]]:
    """The choices, but for those by which the second would also come before the first."""
    pairs = {(choice.first, choice.second) for choice in world.choices}
    before = set(pairs)
    while more := {(a, d) for a, b in before for c, d in before if b == c} - before:
        before |= more
    return {(first, second) for first, second in pairs if (second, first) not in before and first != second}


class _Speaker:
    """What has been decided for one speaker so far."""

    def __init__(self, world: World, place: Place, zone: Days) -> None:
        self.world, self.place, self.zone = world, place, zone
        self.schedules: dict[str, Schedule] = {schedule.schedule_id: schedule for schedule in world.schedules}
        self.played: list[tuple[Item, tuple[Segment, ...]]] = []

    def hears(self, item: Item) -> bool:
        target = self.schedules[item.schedule_id].target
        path = self.world.tree.path_on(self.place.area_id, self.zone.of(item.start_us))
        return bool(
            self.place.speaker_id in target.speakers
            or set(self.place.groups) & set(target.groups)
            or set(path) & set(target.areas)
        )

    def formerly_on(self, day: date) -> frozenset[str]:
        return self.world.tree.former_on(self.place.area_id, day)

    def decide(self, item: Item) -> Outcome:
        if item.why_not is not None:
            return item.why_not
        guards = self._guards(item)
        refused = self._refused(item, guards) if item.guarded else None
        if refused is not None:
            return refused
        quiet = self._quiet(item, guards) if item.guarded else []
        outcome = self._placed(item, quiet)
        if isinstance(outcome, Played):
            self.played.append((item, outcome.segments))
        return outcome

    # --- guards

    def _guards(self, item: Item) -> Guards:
        path = self.world.tree.path_on(self.place.area_id, self.zone.of(item.start_us))
        return along(self.world.guards, path, self.place.guards)

    def _quiet(self, item: Item, guards: Guards) -> list[tuple[int, int]]:
        later = self.place.stagger_us
        day = self.zone.of(item.start_us)
        from_us = self.zone.begin_us(day - timedelta(days=1))
        until_us = self.zone.begin_us(day + timedelta(days=3))
        return [(a - later, b - later) for a, b in forbidden(guards, self.world.zone, from_us, until_us)]

    def _refused(self, item: Item, guards: Guards) -> Refused | None:
        if guards.slot_minutes is not None and item.length_us > guards.slot_minutes * _MINUTE:
            return Refused(RefusedFor.SLOT_TOO_LONG)
        end_us = item.start_us + item.length_us
        if any(a < end_us and item.start_us < b for a, b in self._quiet(item, guards)):
            return Refused(RefusedFor.QUIET_HOURS)
        day = self.zone.of(item.start_us)
        same_day = [(one, made) for one, made in self.played if one.guarded and self.zone.of(one.start_us) == day]
        if guards.slots_a_day is not None and len(same_day) >= guards.slots_a_day:
            return Refused(RefusedFor.SLOTS_USED_UP)
        sounded_us = sum(segment.until_us - segment.from_us for _, made in same_day for segment in made)
        if guards.day_minutes is not None and sounded_us + item.length_us > guards.day_minutes * _MINUTE:
            return Refused(RefusedFor.MINUTES_USED_UP)
        return None

    # --- air

    def _placed(self, item: Item, quiet: list[tuple[int, int]]) -> Outcome:
        obstacle = self._obstacle(item.start_us, item.start_us + item.length_us)
        if obstacle is None:
            segment = Segment(item.start_us, item.start_us + item.length_us, item.item_id, 0, item.fade)
            return Played((segment,), 0, _ended(item), None)
        begin_us = self._pushed(item)
        free = [] if begin_us is None else self._free(begin_us, begin_us + item.room_us, quiet)
        stretches = [] if begin_us is None else _stretches(item, begin_us, free)
        if not stretches:
            return self._out(item, obstacle)
        segments, offset_us = [], 0
        for a, b in stretches:
            last = offset_us + b - a == item.length_us
            segments.append(Segment(a, b, item.item_id, offset_us, item.fade and last))
            offset_us += b - a
        cut = _ended(item) if offset_us == item.length_us else CutFor.INTERRUPTED
        return Played(tuple(segments), segments[0].from_us - item.start_us, cut, obstacle.item_id)

    def _obstacle(self, from_us: int, until_us: int) -> Item | None:
        met = [
            (segment.from_us, one)
            for one, made in self.played
            for segment in made
            if segment.from_us < until_us and segment.until_us > from_us
        ]
        return min(met, key=lambda pair: pair[0])[1] if met else None

    def _pushed(self, item: Item) -> int | None:
        begin_us = item.start_us
        while True:
            inside = [
                segment.until_us
                for one, made in self.played
                for segment in made
                if segment.from_us <= begin_us < segment.until_us and made[0].from_us + one.firm_us <= begin_us
            ]
            if not inside:
                return begin_us
            begin_us = inside[0]
            if begin_us - item.start_us > 60 * _MINUTE:
                return None

    def _free(self, from_us: int, until_us: int, quiet: list[tuple[int, int]]) -> list[tuple[int, int]]:
        free = [(from_us, until_us)]
        taken = [(segment.from_us, segment.until_us) for _, made in self.played for segment in made]
        for a, b in [*taken, *quiet]:
            free = [piece for c, d in free for piece in ((c, min(d, a)), (max(c, b), d)) if piece[0] < piece[1]]
        return sorted(set(free))

    def _out(self, item: Item, by: Item) -> Outcome:
        chosen = {(item.schedule_id, by.schedule_id), (by.schedule_id, item.schedule_id)} & _chosen(self.world)
        if item.priority and by.priority and item.above != by.above and not chosen:
            return Conflicted(by.item_id)
        return Displaced(by.item_id)


def _ended(item: Item) -> CutFor | None:
    return CutFor.SLOT_ENDED if item.length_us < item.content_us else None


def _stretches(item: Item, begin_us: int, free: list[tuple[int, int]]) -> list[tuple[int, int]]:
    least_us = 30 * _SECOND
    if item.on_interrupted is OnInterrupted.DROP:
        for a, b in free:
            end_us = min(b, begin_us + item.length_us)
            if a == begin_us and end_us - a >= min(least_us, item.length_us):
                return [(a, end_us)]
        return []
    if item.on_interrupted is OnInterrupted.RESTART:
        return [(a, a + item.length_us) for a, b in free if b - a >= item.length_us][:1]
    stretches: list[tuple[int, int]] = []
    left_us = item.length_us
    for a, b in free:
        part_us = min(b - a, left_us)
        if part_us and (part_us >= least_us or part_us == left_us):
            stretches.append((a, a + part_us))
            left_us -= part_us
    return stretches
