"""The quick way to a rundown says what the plain way says, of every item, in any world."""

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.bench import rundown_naive
from schedules.rundown.compile import Compiler
from tests.schedules.rundown.worlds import DAYS, whens, worlds


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_every_item_becomes_what_the_plain_way_says(data: st.DataObject) -> None:
    when = data.draw(whens)
    long = data.draw(st.integers(0, 3)) == 3
    world = data.draw(worlds(when, long=long, chosen=not long))
    compiler = Compiler(world, when.first, DAYS)
    for place in world.places:
        plain = rundown_naive.outcomes(world, place, when.first, DAYS)
        quick = {line.item.item_id: (line.item, line.outcome) for line in compiler.lines(place.speaker_id)}
        assert quick == plain
        assert compiler.timeline(place.speaker_id) == rundown_naive.timeline(world, place, when.first, DAYS)
