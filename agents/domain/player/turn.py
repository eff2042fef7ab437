"""The working copy of one step: the only thing in the player that changes, and only while the step lasts."""

from dataclasses import replace

from agents.domain.journal import AIRTIME_KEPT_US, Airtime, Mark, is_last, mark_after
from agents.domain.now import Now
from agents.domain.player.effects import Effect, Journal, NoteAirtime, StopSound
from agents.domain.player.state import Cut, Item, PlayerState, Stage
from agents.protocol.journal import Ended, Finished, JournalEvent, Preempted, Stopped

MARKS_KEPT = 10_000


class Turn:
    """``state`` is replaced whenever something changes; ``effects`` gather in order.

    ``now_us`` is controller time where it is known well enough to play by.
    """

    def __init__(self, state: PlayerState, now: Now) -> None:
        self.state = state
        self.now = now
        self.now_us = now.trusted_us(state.settings.max_clock_error_us)
        self.effects: list[Effect] = []
        self.wants_changed = False
        self._items = dict(state.items)
        self._marks: dict[str, Mark] | None = None  # a copy, once something changes

    @property
    def items(self) -> tuple[Item, ...]:
        """The airings that have not ended."""
        return tuple(self._items.values())

    def item(self, airing_id: str) -> Item | None:
        """The airing as it is now."""
        return self._items.get(airing_id)

    def put(self, item: Item) -> Item:
        """Keep this in place of what was known of the airing."""
        self._items[item.airing_id] = item
        return item

    def do(self, effect: Effect) -> None:
        """To be done, after what was to be done before."""
        self.effects.append(effect)

    def journal(self, item: Item, event: JournalEvent) -> Item:
        """Write a record of an airing that goes on."""
        self.do(Journal(event))
        return self.put(replace(item, mark=mark_after(item.mark, event)))

    def end(self, item: Item, event: JournalEvent) -> None:
        """Write the last record of an airing, and let go of it at the engine where that still holds it."""
        assert is_last(event)
        if item.stage in (Stage.ARMING, Stage.ARMED) and item.play_id is not None:
            self.do(StopSound(item.play_id))
        self.forget_play(item, event)

    def hush(self, item: Item) -> Item:
        """Silence its siren, for good."""
        if item.siren is None:
            return item
        if item.siren.play_id is not None:
            self.do(StopSound(item.siren.play_id))
        return self.put(replace(item, siren=replace(item.siren, play_id=None, over=True)))

    def forget_play(self, item: Item, event: JournalEvent) -> None:
        """Write the last record of an airing that the engine no longer holds, but for its siren."""
        item = self.hush(item)
        self.do(Journal(event))
        self._settle_airtime(item, event)
        self.know(item.airing_id, mark_after(item.mark, event))
        self._items.pop(item.airing_id, None)
        self.wants_changed = True

    def spend(self, airing_id: str, airtime: Airtime | None) -> None:
        """Keep what the airing takes of its day, in place of what it took; what is long over is forgotten."""
        known = self.state.airtime
        if airtime is None and airing_id not in known:
            return
        oldest_us = 0 if airtime is None else airtime.began_us - AIRTIME_KEPT_US
        kept = {name: one for name, one in known.items() if name != airing_id and one.began_us >= oldest_us}
        if airtime is not None:
            kept[airing_id] = airtime
        self.state = replace(self.state, airtime=kept)
        self.do(NoteAirtime(airing_id, airtime))

    def _settle_airtime(self, item: Item, event: JournalEvent) -> None:
        """What was not heard is given back; but for one that was cut off, of which nobody knows how far it came."""
        taken = self.state.airtime.get(item.airing_id)
        if taken is not None and not item.cut_off:
            played_us = self._played_us(item, event)
            begun = item.mark.begun or played_us > 0
            self.spend(item.airing_id, replace(taken, played_us=played_us) if begun else None)

    def _played_us(self, item: Item, event: JournalEvent) -> int:
        match event:
            case Finished(played_us=played_us):
                return item.wasted_us + played_us
            case Preempted(at_us=at_us) | Stopped(at_us=at_us) | Ended(at_us=at_us):
                return item.wasted_us + max(0, at_us - item.lost_us)
        heard_us = item.heard_us
        if item.sounding_since_us is not None:
            heard_us = min(max(heard_us, self.now.local_us - item.sounding_since_us), item.duration_us)
        return item.wasted_us + max(0, heard_us - item.lost_us)

    def know(self, airing_id: str, mark: Mark) -> None:
        """Keep the mark of an airing; the oldest fall out, long after their documents are gone."""
        if self._marks is None:
            self._marks = dict(self.state.marks)
        self._marks[airing_id] = mark
        while len(self._marks) > MARKS_KEPT:
            self._marks.pop(next(iter(self._marks)))

    def ended(self, airing_id: str) -> bool:
        """Whether the last record of this airing has been written."""
        mark = self.mark(airing_id)
        return mark is not None and mark.ended

    def mark(self, airing_id: str) -> Mark | None:
        """What was written about an airing that has ended, or was known in an earlier run."""
        return (self.state.marks if self._marks is None else self._marks).get(airing_id)

    def cut(self, item: Item, cause: Cut) -> Item:
        """Have the engine stop it; what it was is written when the engine says so."""
        if item.play_id is not None:
            self.do(StopSound(item.play_id))
        return self.put(replace(item, stage=Stage.CUTTING, cut=cause))

    def disarm(self, item: Item) -> Item:
        """Take an armed airing from the engine; it may be armed again."""
        if item.play_id is not None:
            self.do(StopSound(item.play_id))
        return self.put(replace(item, stage=Stage.WAITING, play_id=None))

    def result(self) -> tuple[PlayerState, tuple[Effect, ...]]:
        """What the step made of it."""
        marks = self.state.marks if self._marks is None else self._marks
        return replace(self.state, items=self._items, marks=marks), tuple(self.effects)
