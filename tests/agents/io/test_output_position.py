"""The fit of the horn's position: what a sound card tells is followed, what a sound server imagines is not."""

import itertools
import random
from array import array

import pytest

from agents.io.output.level import Level, fade_in, fade_out, mix, ramp, stretch, volume_gain
from agents.io.output.position import FRAME_US, PositionFit, Slew

BLOCK_FRAMES = 960
BLOCK_US = 20_000


class Device:
    """Tells its delay by a clock that runs ``rate_ppm`` off, with noise; ``wander`` is added to what it tells."""

    def __init__(self, fit: PositionFit, rate_ppm: float = 0.0, noise_us: float = 30.0) -> None:
        self.fit = fit
        self.begin_us = 5_000_000.0
        self.now_us = 5_000_000.0
        self.written = 4_800
        self._rate = 1 + rate_ppm / 1e6
        self._noise_us = noise_us
        self._dice = random.Random(1)

    def run(self, seconds: float, wander_ppm: float = 0.0) -> None:
        """Read and write for so long; what is told wanders off meanwhile."""
        wander_us = 0.0
        for _ in range(round(seconds * 1e6 / BLOCK_US)):
            self.now_us += BLOCK_US
            self.written += BLOCK_FRAMES
            told_us = self.true_us(self.written) - self.now_us + wander_us + self._dice.gauss(0, self._noise_us)
            self.fit.add(round(self.now_us), self.written, round(told_us / FRAME_US))
            wander_us += wander_ppm * BLOCK_US / 1e6

    def true_us(self, frame: int) -> float:
        """When this frame is heard."""
        return self.begin_us + frame * FRAME_US * self._rate

    def error_us(self) -> float:
        return self.fit.heard_us(self.written) - self.true_us(self.written)


@pytest.fixture
def fit() -> PositionFit:
    return PositionFit()


def test_a_few_readings_are_enough_to_begin_with(fit: PositionFit) -> None:
    device = Device(fit)
    assert not fit.settled

    device.run(0.2)

    assert fit.settled
    assert abs(device.error_us()) < 50


def test_single_disturbed_readings_do_no_harm(fit: PositionFit) -> None:
    device = Device(fit)
    for _ in range(10):
        device.run(0.1)
        fit.add(round(device.now_us), device.written, 48_000)

    assert abs(device.error_us()) < 50


@pytest.mark.parametrize("rate_ppm", [-90, -30, 30, 90])
def test_a_sound_card_with_a_clock_of_its_own_is_followed(fit: PositionFit, rate_ppm: float) -> None:
    device = Device(fit, rate_ppm)
    for _ in range(90):
        device.run(1)
        assert abs(device.error_us()) < 2_500
    assert abs(device.error_us()) < 250


def test_the_learned_rate_outlives_the_sound(fit: PositionFit) -> None:
    device = Device(fit, rate_ppm=90)
    device.run(90)

    fit.forget()
    assert not fit.settled
    device.run(15)

    assert abs(device.error_us()) < 250


def test_a_server_that_imagines_a_drift_is_followed_reluctantly(fit: PositionFit) -> None:
    device = Device(fit)
    device.run(1.6)

    device.run(3, wander_ppm=300)

    assert abs(device.error_us()) < 100, "it told 0.9 ms"


def test_a_server_that_imagines_a_lot_is_hardly_believed(fit: PositionFit) -> None:
    device = Device(fit)
    device.run(5)

    device.run(3, wander_ppm=5_000)
    for _ in range(3):
        device.run(5, wander_ppm=-300)

    assert abs(device.error_us()) < 350, "it told up to 15 ms"


def test_an_error_that_stays_is_believed(fit: PositionFit) -> None:
    device = Device(fit)
    device.run(3)

    device.begin_us += 3_000
    device.run(9)

    assert abs(device.error_us()) < 100


def test_a_position_that_is_plainly_another_is_learned_anew(fit: PositionFit) -> None:
    device = Device(fit)
    device.run(3)

    device.begin_us += 500_000
    device.run(2)

    assert abs(device.error_us()) < 50


def test_frames_and_instants_are_each_others_inverse(fit: PositionFit) -> None:
    Device(fit).run(2)

    assert fit.frame_at(fit.heard_us(123_456)) == pytest.approx(123_456)


def test_small_errors_are_left_alone_and_larger_ones_taken_back_until_gone() -> None:
    slew = Slew(begin_frames=4, end_frames=1, jump_frames=960)

    assert [slew.step(error) for error in (3.9, -3.9, 4.1, 2.0, 1.1, 0.9, 2.0)] == [0, 0, 1, 1, 1, 0, 0]
    assert slew.step(-5) == -1
    assert slew.step(-1_000.4) == -1_000


def test_volume_is_felt_evenly_and_bounded() -> None:
    assert [volume_gain(percent) for percent in (-5, 0, 50, 100, 300)] == [0, 0, 0.25, 1, 1]


def test_a_level_arrives_where_it_should_within_50_ms() -> None:
    level = Level(1.0)
    flat = array("h", [10_000] * 960).tobytes()
    level.move_to(0.1)

    blocks = [array("h", level.apply(flat)) for _ in range(4)]

    assert blocks[0][0] == pytest.approx(10_000, abs=10)
    joined = [sample for block in blocks for sample in block]
    assert all(-1 <= before - after <= 8 for before, after in itertools.pairwise(joined))
    assert list(blocks[3]) == [1_000] * 960


def test_what_is_too_loud_is_clipped() -> None:
    assert list(array("h", ramp(array("h", [20_000, -20_000]).tobytes(), 4.0, 4.0))) == [32_767, -32_768]
    assert list(array("h", mix(array("h", [30_000]).tobytes(), array("h", [30_000, 5]).tobytes()))) == [32_767, 5]


def test_fades_begin_and_end_in_silence() -> None:
    flat = array("h", [10_000] * 960).tobytes()

    assert abs(array("h", fade_in(flat))[0]) < 30
    assert fade_in(flat)[960:] == flat[960:]
    assert abs(array("h", fade_out(flat))[-1]) < 30


@pytest.mark.parametrize(("by", "length"), [(1, 961), (0, 960), (-1, 959)])
def test_a_block_is_stretched_by_a_frame_without_a_step(by: int, length: int) -> None:
    slope = array("h", range(0, 9_600, 10)).tobytes()

    stretched = array("h", stretch(slope, by))

    assert len(stretched) == length
    assert all(0 <= after - before <= 20 for before, after in itertools.pairwise(stretched))
    assert (stretched[0], stretched[-1]) == (0, 9_590)


@pytest.mark.parametrize("rate_ppm", [200.0, -150.0])
def test_a_card_is_taken_for_true_where_the_clock_is_known_to_be_off(rate_ppm: float) -> None:
    for noise_us, worst_us in ((30.0, 300.0), (200.0, 600.0)):
        fit = PositionFit()
        fit.expect(rate_ppm * 1e-6)
        device = Device(fit, rate_ppm=rate_ppm, noise_us=noise_us)
        for _ in range(30):
            device.run(1.0)
            assert abs(fit.heard_us(device.written) - device.true_us(device.written)) < worst_us


def test_what_was_learned_goes_before_what_is_expected() -> None:
    fit = PositionFit()
    device = Device(fit, rate_ppm=40.0)
    device.run(60.0)
    fit.expect(-100e-6)
    device.run(20.0)
    assert abs(fit.heard_us(device.written) - device.true_us(device.written)) < 100
