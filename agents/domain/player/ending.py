"""What an order ends before all of it was heard.

Rules: the instant is in the order, so that all horns fall silent together; what has passed is over at once, and so is
what sounds while time is not known. What is ended before it is known does not begin when it comes. What it cut goes on
from that instant, or as soon as nothing else has the air.
"""

from collections.abc import Iterable
from dataclasses import replace

from agents.domain.player.interrupt import freed
from agents.domain.player.state import EndedBy, Ending, StoppedBy
from agents.domain.player.turn import Turn
from agents.protocol.journal import Ended


def end_all(turn: Turn, airing_ids: Iterable[str], ending: Ending) -> None:
    """These airings are over then; one that is to be over sooner already stays so."""
    for airing_id in airing_ids:
        known = turn.state.ends.get(airing_id)
        if known is not None and known.at_us <= ending.at_us:
            continue
        turn.state = replace(turn.state, ends={**turn.state.ends, airing_id: ending})
        item = turn.item(airing_id)
        if item is not None:
            item = turn.put(replace(item, end=ending))
            freed(turn, item, ending.at_us)


def finish_ended(turn: Turn) -> None:
    """Silence what is over."""
    for item in turn.items:
        ending = item.end
        if ending is None or isinstance(item.cut, StoppedBy | EndedBy):
            continue
        if turn.now_us is not None and turn.now_us < ending.at_us:
            continue
        if item.in_engine:
            turn.cut(turn.hush(item), EndedBy(ending.order_id))
        elif turn.now_us is not None:
            turn.end(item, Ended(airing_id=item.airing_id, order_id=ending.order_id, at_us=item.heard_us))
        else:
            turn.hush(item)
