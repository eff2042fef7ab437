"""Exact and without a click, on a card that is simulated to the sample: long plays, cuts, switches, holes."""

import math
from array import array

import pytest

from agents.io.output.amplifier import NoAmplifier
from agents.io.output.base import RATE_HZ, OutputError
from agents.io.output.events import Failed, Finished, Sounding, Stopped, Underrun

from .simulated import Rig, largest_step

_PERIOD = RATE_HZ // 400


class Tone:
    """A sine of 400 Hz, of any length, beginning where its phase says: at 90 degrees it begins and ends loud."""

    def __init__(self, seconds: float, peak: float = 0.5, phase: float = 0.0) -> None:
        self.total_frames = round(seconds * RATE_HZ)
        turn = [
            round(32767 * peak * math.sin(2 * math.pi * index / _PERIOD + math.radians(phase)))
            for index in range(_PERIOD)
        ]
        self._table = array("h", turn * (RATE_HZ // 5 // _PERIOD + 2))
        self._at = 0

    def read(self, frames: int) -> bytes:
        frames = max(0, min(frames, self.total_frames - self._at, len(self._table) - _PERIOD))
        first = self._at % _PERIOD
        self._at += frames
        return self._table[first : first + frames].tobytes()

    def seek(self, frame: int) -> None:
        self._at = frame

    def close(self) -> None:
        pass


OWN_STEP = math.ceil(2 * math.pi * 32767 * 0.5 / _PERIOD)
"""The largest step of the tone itself: 858."""
FADE_STEP = math.ceil(32767 * 0.5 / 480)
"""What a fade of 10 ms adds."""


def warm(rig: Rig, seconds: float = 2.0) -> None:
    rig.run(seconds)
    rig.card.heard.clear()


# --- long plays -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fast_ppm", [200, -200])
def test_an_hour_on_a_card_with_a_clock_of_its_own_stays_within_a_millisecond(fast_ppm: float) -> None:
    rig = Rig(fast_ppm=fast_ppm, keep=False)
    rig.run(60)
    feed = rig.arm("long", Tone(3_700))
    start_us = rig.time.now_us + 1e6
    rig.start("long", start_us)
    rig.run(5)
    worst_us = 0.0

    def look() -> None:
        nonlocal worst_us
        due_us = start_us + feed.position / RATE_HZ * 1e6
        worst_us = max(worst_us, abs(rig.next_us - due_us))

    rig.run(3_600, look)

    assert worst_us < 1_000
    assert rig.told.count(rig.of(Sounding, "long")) == 1
    assert not [event for event in rig.told if isinstance(event, Underrun)]


@pytest.mark.parametrize("fast_ppm", [200, -200])
def test_samples_are_put_in_and_left_out_where_nobody_hears_it(fast_ppm: float) -> None:
    rig = Rig(fast_ppm=fast_ppm)
    rig.run(60)
    feed = rig.arm("long", Tone(60))
    rig.start("long", rig.time.now_us + 1e6)
    rig.run(2)
    rig.card.heard.clear()
    at, position = rig.line.at, feed.position
    rig.run(40)

    moved = (rig.line.at - at) - (feed.position - position)
    assert abs(moved - fast_ppm * 1e-6 * 40 * RATE_HZ) < 20, "so many samples were put in"
    assert largest_step(rig.samples) <= OWN_STEP, "and none made a step larger than the tone's own"


def test_a_horn_that_was_measured_to_be_late_is_written_to_so_much_earlier() -> None:
    rig = Rig()
    warm(rig)
    start_us = rig.time.now_us + 500_000
    rig.arm("play", Tone(2))
    rig.start("play", start_us)
    rig.thread.set_latency(30_000)
    rig.run(1)
    first = next(at for at, sample in enumerate(rig.samples) if sample)
    written_before = rig.card.written - len(rig.card.heard) // 2
    sounding = rig.of(Sounding, "play")
    assert isinstance(sounding, Sounding)
    assert abs(rig.card.heard_us(written_before + first) - (start_us - 30_000)) < 100, "at the sound device"
    assert abs(sounding.actual_start_local_us - start_us) < 100, "at the horn"

    rig.thread.set_latency(0)
    rig.run(3)
    assert largest_step(rig.samples) <= OWN_STEP + FADE_STEP


# --- no click ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [0, 90])
def test_neither_the_beginning_nor_the_end_clicks(phase: float) -> None:
    rig = Rig()
    warm(rig)
    rig.arm("play", Tone(0.5, phase=phase))
    rig.start("play", rig.time.now_us + 500_000)
    rig.run(2)

    assert rig.of(Finished, "play")
    assert largest_step(rig.samples) <= OWN_STEP + FADE_STEP


def test_a_stop_does_not_click() -> None:
    rig = Rig()
    warm(rig)
    rig.arm("play", Tone(5))
    rig.start("play", rig.time.now_us + 300_000)
    rig.run(1)
    rig.thread.stop("play")
    rig.run(1)

    assert rig.of(Stopped, "play")
    assert largest_step(rig.samples) <= OWN_STEP + FADE_STEP


@pytest.mark.parametrize("peak", [0.0, 0.4])
def test_what_is_interrupted_is_ducked_under_what_begins_at_full_level(peak: float) -> None:
    rig = Rig()
    warm(rig)
    rig.arm("news", Tone(10))
    rig.start("news", rig.time.now_us + 300_000)
    rig.arm("call", Tone(10, peak=peak, phase=180))
    rig.start("call", rig.time.now_us + 1_300_000)
    rig.run(3)

    samples = rig.samples
    assert largest_step(samples) <= OWN_STEP + FADE_STEP + math.ceil(2 * math.pi * 32767 * peak / _PERIOD)
    assert [type(event) for event in rig.told if event.play_id == "news"] == [Sounding, Stopped]
    if not peak:
        loud = [max(abs(one) for one in samples[at : at + _PERIOD]) for at in range(0, len(samples), _PERIOD)]
        fading = [one for one in loud[80:] if 0 < one < 0.49 * 32767 and loud.index(one) > 200]
        assert 35 <= len(fading) <= 42, "it falls over 100 ms"


def test_a_change_of_volume_does_not_click() -> None:
    rig = Rig()
    warm(rig)
    rig.arm("play", Tone(5))
    rig.start("play", rig.time.now_us + 300_000)
    rig.run(1)
    for percent in (10, 100, 0, 60):
        rig.thread.set_volume(percent)
        rig.run(0.2)

    assert largest_step(rig.samples) <= OWN_STEP + FADE_STEP


@pytest.mark.parametrize("stall_s", [0.02, 0.15, 0.7])
def test_a_decoder_that_is_late_makes_a_hole_without_a_click_and_goes_on_in_step(stall_s: float) -> None:
    rig = Rig()
    warm(rig)
    feed = rig.arm("play", Tone(10))
    start_us = rig.time.now_us + 300_000
    rig.start("play", start_us)
    rig.run(1)
    feed.starves = True
    rig.run(stall_s)
    feed.starves = False
    rig.run(2)

    assert largest_step(rig.samples) <= OWN_STEP + FADE_STEP
    lost = rig.of(Underrun, "play")
    assert isinstance(lost, Underrun)
    assert lost.lost_frames > 0
    assert rig.thread.underruns == 1
    due_us = start_us + feed.position / RATE_HZ * 1e6
    assert abs(rig.next_us - due_us) < 100


@pytest.mark.parametrize("stall_s", [0.1, 0.5, 3.0])
def test_a_card_that_ran_dry_is_counted_and_the_sound_comes_back_softly_and_in_step(stall_s: float) -> None:
    rig = Rig()
    warm(rig)
    feed = rig.arm("play", Tone(10))
    start_us = rig.time.now_us + 300_000
    rig.start("play", start_us)
    rig.run(1)
    before = len(rig.card.heard)
    rig.stall(stall_s)
    rig.run(2)

    assert largest_step(array("h", bytes(rig.card.heard[before + 2 :]))) <= OWN_STEP + FADE_STEP
    assert rig.thread.underruns == 1
    due_us = start_us + feed.position / RATE_HZ * 1e6
    assert abs(rig.next_us - due_us) < 100


# --- at once ----------------------------------------------------------------------------------------------------------


def test_what_has_no_instant_is_heard_within_the_output_s_own_depth() -> None:
    rig = Rig()
    warm(rig, 10)
    asked_us = rig.time.now_us
    rig.arm("siren", Tone(60))
    rig.start("siren", None)
    rig.run(1)

    sounding = rig.of(Sounding, "siren")
    assert isinstance(sounding, Sounding)
    assert 0 <= sounding.actual_start_local_us - asked_us <= 100_000


def test_it_is_heard_at_once_where_the_output_has_only_just_been_opened() -> None:
    rig = Rig()
    asked_us = rig.time.now_us
    rig.arm("siren", Tone(60))
    rig.start("siren", None)
    rig.run(1)

    sounding = rig.of(Sounding, "siren")
    assert isinstance(sounding, Sounding)
    assert sounding.actual_start_local_us - asked_us <= 100_000
    assert largest_step(rig.samples) <= OWN_STEP + FADE_STEP


def test_it_is_heard_at_once_under_the_fade_of_what_sounds() -> None:
    rig = Rig()
    warm(rig)
    rig.arm("news", Tone(60))
    rig.start("news", rig.time.now_us + 300_000)
    rig.run(2)
    asked_us = rig.time.now_us
    rig.arm("siren", Tone(60, peak=0.3))
    rig.start("siren", None)
    rig.run(1)

    sounding = rig.of(Sounding, "siren")
    assert isinstance(sounding, Sounding)
    assert sounding.actual_start_local_us - asked_us <= 100_000
    assert largest_step(rig.samples) <= 2 * OWN_STEP


def test_an_emergency_that_is_late_is_joined_at_once() -> None:
    rig = Rig()
    warm(rig)
    asked_us = rig.time.now_us
    rig.arm("flood", Tone(60))
    rig.start("flood", asked_us - 7_000_000)
    rig.run(1)

    sounding = rig.of(Sounding, "flood")
    assert isinstance(sounding, Sounding)
    assert sounding.actual_start_local_us - asked_us <= 150_000
    assert sounding.first_frame > 7 * RATE_HZ
    assert abs(sounding.error_us) < 100


def test_after_a_stop_it_is_silent_within_the_output_s_own_depth_and_its_fade() -> None:
    rig = Rig()
    warm(rig)
    rig.arm("news", Tone(60))
    rig.start("news", rig.time.now_us + 300_000)
    rig.run(2)
    asked = (rig.time.now_us - (rig.card.began_us or 0)) * RATE_HZ / 1e6
    asked -= rig.card.written - len(rig.card.heard) // 2
    rig.thread.stop("news")
    rig.run(1)

    last_loud = max(at for at, sample in enumerate(rig.samples) if sample)
    assert (last_loud - asked) / RATE_HZ <= 0.120


# --- the amplifier ----------------------------------------------------------------------------------------------------


class Relay(NoAmplifier):
    """Notes when it was switched."""

    def __init__(self, lead_us: int) -> None:
        self.lead_us = lead_us
        self.is_on = False
        self.rig: Rig | None = None
        self.switched: list[tuple[bool, float]] = []

    def on(self) -> None:
        self._note(True)

    def off(self) -> None:
        self._note(False)

    def _note(self, on: bool) -> None:
        self.is_on = on
        assert self.rig is not None
        self.switched.append((on, self.rig.time.now_us))


def test_the_amplifier_has_its_power_before_the_first_sample_until_after_the_last() -> None:
    relay = Relay(lead_us=250_000)
    rig = relay.rig = Rig(amplifier=relay)
    warm(rig)
    start_us = rig.time.now_us + 1_000_000
    rig.arm("play", Tone(1))
    rig.start("play", start_us)
    rig.run(4)

    (_, on_us), (_, off_us) = [one for one in relay.switched if one[1] > rig.time.now_us - 5e6][-2:]
    assert 250_000 <= start_us - on_us <= 300_000
    assert start_us + 1_000_000 < off_us < start_us + 2_000_000
    assert not relay.is_on


def test_the_amplifier_loses_its_power_where_the_card_is_pulled_out_in_the_middle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    relay = Relay(lead_us=0)
    rig = relay.rig = Rig(amplifier=relay)
    warm(rig)
    rig.arm("play", Tone(10))
    rig.start("play", rig.time.now_us + 500_000)
    rig.run(2)
    assert relay.is_on

    def gone(*_: object) -> bool:
        raise OutputError("no card")

    monkeypatch.setattr(rig.card, "write", gone)
    monkeypatch.setattr(rig.card, "open", gone)
    rig.thread.go_round()
    assert isinstance(rig.told[-1], Failed)
    rig.stall(1)
    rig.thread.go_round()

    assert not relay.is_on
