"""While live sound goes out nothing else keeps it waiting; afterwards all is as it was."""

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest

from controller.services.undisturbed import Undisturbed


class Circle:
    """Held by nobody but itself."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def afresh() -> Iterator[None]:
    turn_s = sys.getswitchinterval()
    sys.setswitchinterval(0.005)  # as Python has it
    gc.unfreeze()
    yield
    gc.unfreeze()
    sys.setswitchinterval(turn_s)


def test_what_was_not_looked_through_before_is_not_afterwards_and_what_is_useless_goes() -> None:
    gc.freeze()
    frozen, turn_s = gc.get_freeze_count(), sys.getswitchinterval()
    undisturbed = Undisturbed()
    useless = weakref.ref(Circle())
    undisturbed.begin()
    assert sys.getswitchinterval() < turn_s
    undisturbed.begin()
    undisturbed.end()
    assert gc.get_freeze_count() > frozen // 2
    assert useless() is None
    assert sys.getswitchinterval() == turn_s
    undisturbed.end()
    assert gc.get_freeze_count() > frozen // 2


def test_where_everything_was_looked_through_it_is_again() -> None:
    undisturbed = Undisturbed()
    undisturbed.begin()
    assert gc.get_freeze_count() > 0
    undisturbed.end()
    assert gc.get_freeze_count() == 0
