"""The switch of the amplifier: on while it is needed, and never a reason to be silent."""

import pytest

from agents.io.output.amplifier import AmplifierSwitch, NoAmplifier


class Stiff(NoAmplifier):
    """Does not move for the first ``fails`` tries."""

    def __init__(self, fails: int) -> None:
        self.is_on = False
        self.fails = fails
        self.tried = 0

    def on(self) -> None:
        self._move(True)

    def off(self) -> None:
        self._move(False)

    def _move(self, on: bool) -> None:
        self.tried += 1
        if self.tried <= self.fails:
            raise OSError("the pin is busy")
        self.is_on = on


def test_one_that_does_not_move_is_told_once_and_tried_again_while_it_is_needed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    amplifier = Stiff(fails=3)
    switch = AmplifierSwitch(amplifier)
    for round_number in range(5):
        switch.drive(True, round_number * 20_000)

    assert amplifier.is_on
    assert amplifier.tried == 4, "and once it has moved it is left alone"
    assert [line.getMessage() for line in caplog.records] == ["the amplifier cannot be switched: the pin is busy"]


def test_it_stays_on_for_half_a_second_after_the_last_sample_and_what_follows_soon_makes_no_click() -> None:
    amplifier = Stiff(fails=0)
    switch = AmplifierSwitch(amplifier)
    switch.drive(True, 0)
    for now_us in range(20_000, 500_000, 20_000):
        switch.drive(False, now_us)
        assert amplifier.is_on
    switch.drive(True, 500_000)
    switch.drive(False, 1_000_000)
    assert amplifier.is_on
    assert amplifier.tried == 1

    switch.drive(False, 1_020_000)
    assert not amplifier.is_on
