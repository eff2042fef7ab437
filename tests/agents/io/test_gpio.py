"""Relay, status light and stop button, on pretended pins: the same code as on a board."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.domain.lamp import PATTERNS, Shown, shown
from agents.io import localstop
from agents.io.gpio import Gpio, GpioSettings, NoGpio, StatusLight, open_gpio
from agents.io.localstop import BUTTON, LocalStop
from agents.io.output import NoAmplifier, PlayEngine, Sounding
from agents.io.output.base import FRAME_BYTES, RATE_HZ
from agents.io.output.null import NullOutput
from agents.io.timeport import SystemTime
from agents.protocol.documents import ReleaseStop
from agents.protocol.journal import Skipped, Stopped
from tests.agents.io.conftest import MemorySource, Running, tone
from tests.agents.io.core import LATER_US, Agent, Station, adopt, eventually, push, running, serving_clips, soon
from tests.agents.making import airing, clip_part

RELAY, LIGHT, PRESS = 17, 22, 27
LEAD_MS = 200


@pytest.fixture
def gpio() -> Iterator[Gpio]:
    settings = GpioSettings(relay_pin=RELAY, led_pin=LIGHT, button_pin=PRESS, relay_lead_ms=LEAD_MS, mock=True)
    with open_gpio(settings, SystemTime()) as opened:
        yield opened
        opened.factory.pin(PRESS).drive_high()  # or the library would wait until it has been held


class ListeningOutput(NullOutput):
    """Nobody hears it, but what is written is seen, with what the relay did then."""

    def __init__(self, relay: Callable[[], bool]) -> None:
        super().__init__(SystemTime())
        self._relay = relay
        self.written: list[tuple[bool, bool, int]] = []
        """Of each block: whether the relay was on, whether it sounds, and how many frames."""
        self.on_at_us: int | None = None

    def write(self, frames: bytes) -> bool:
        self.written.append((self._relay(), any(frames), len(frames) // FRAME_BYTES))
        if self._relay() and self.on_at_us is None:
            self.on_at_us = SystemTime().monotonic_us()
        return super().write(frames)

    def sounding_frames(self) -> int:
        return sum(count for _, sounds, count in self.written if sounds)


async def test_the_relay_is_on_before_the_first_sample_and_off_after_the_last(gpio: Gpio, engine_on: Running) -> None:
    output = ListeningOutput(lambda: gpio.amplifier.is_on)

    async with engine_on(output, amplifier=gpio.amplifier) as (engine, heard):  # type: ignore[operator]
        assert not gpio.factory.pin(RELAY).state
        engine.arm("bulletin", MemorySource(tone(0.5)))
        engine.start("bulletin", SystemTime().monotonic_us() + 1_500_000)
        while not output.sounding_frames():
            await asyncio.sleep(0.01)
        assert gpio.factory.pin(RELAY).state
        await eventually(lambda: _is(lambda: not gpio.amplifier.is_on))

    assert heard.about("bulletin")[-1].__name__ == "Finished"
    blocks = output.written
    first = next(index for index, (_, sounds, _) in enumerate(blocks) if sounds)
    last = max(index for index, (_, sounds, _) in enumerate(blocks) if sounds)
    assert all(on for on, _, _ in blocks[first : last + 1])
    assert not blocks[0][0]
    began = await heard.of(Sounding, "bulletin")
    assert output.on_at_us is not None
    assert began.actual_start_local_us - output.on_at_us >= LEAD_MS * 1_000 // 2


async def _is(condition: Callable[[], bool]) -> bool:
    return condition()


def test_a_relay_that_is_on_while_its_pin_is_low(gpio: Gpio) -> None:
    settings = GpioSettings(relay_pin=RELAY, relay_active_high=False, mock=True)
    with open_gpio(settings, SystemTime()) as opened:
        pin = opened.factory.pin(RELAY)
        assert pin.state
        opened.amplifier.on()
        assert (pin.state, opened.amplifier.is_on) == (False, True)


def test_the_relay_is_off_when_the_program_ends() -> None:
    with open_gpio(GpioSettings(relay_pin=RELAY, mock=True), SystemTime()) as opened:
        pin = opened.factory.pin(RELAY)
        opened.amplifier.on()
    assert not [one.state for one in pin.states][-1]


def test_without_pins_nothing_is_there() -> None:
    with open_gpio(GpioSettings(), SystemTime()) as opened:
        assert isinstance(opened.amplifier, NoAmplifier)
        assert (opened.light, opened.button, opened.factory) == (None, None, None)


def test_pins_that_cannot_be_used_are_told_as_a_sentence() -> None:
    with pytest.raises(NoGpio, match="gpio_relay_pin"), open_gpio(GpioSettings(relay_pin=900, mock=True), SystemTime()):
        pass


def test_what_the_light_shows_first() -> None:
    well = {
        "identifying": False,
        "stopped": False,
        "sounding": False,
        "adopted": True,
        "time_known": True,
        "linked": True,
    }
    assert shown(**well) is Shown.LINKED
    for change, state in (
        ({"linked": False}, Shown.NO_LINK),
        ({"linked": False, "time_known": False}, Shown.TIME_UNKNOWN),
        ({"adopted": False, "linked": False}, Shown.NEW),
        ({"sounding": True, "linked": False}, Shown.SOUNDING),
        ({"sounding": True, "stopped": True}, Shown.STOPPED),
        ({"stopped": True, "identifying": True}, Shown.IDENTIFY),
    ):
        assert shown(**{**well, **change}) is state
    assert len(set(PATTERNS.values())) == len(Shown)


async def test_the_light_blinks_as_the_pattern_says_and_is_off_at_the_end(gpio: Gpio) -> None:
    assert gpio.light is not None
    states = [Shown.NO_LINK]
    blinking = asyncio.ensure_future(gpio.light.run(lambda: states[0]))
    pin = gpio.factory.pin(LIGHT)
    await eventually(lambda: _is(lambda: len(pin.states) >= 3))
    blinking.cancel()
    await asyncio.wait([blinking])

    assert [one.state for one in pin.states][:3] == [False, True, False]
    assert not pin.state


class Blown:
    """A light whose pin cannot be driven any more."""

    def __init__(self) -> None:
        self.tried = 0
        self.twice = asyncio.Event()

    def on(self) -> None:
        self.tried += 1
        if self.tried > 1:
            self.twice.set()
        raise OSError("the pin is gone")

    off = on


async def test_a_light_that_fails_is_told_once_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    device = Blown()
    running_light = asyncio.ensure_future(StatusLight(device, SystemTime()).run(lambda: Shown.IDENTIFY))
    async with asyncio.timeout(10):
        await device.twice.wait()

    assert not running_light.done()
    running_light.cancel()
    await asyncio.wait([running_light])
    assert running_light.cancelled()
    assert [line.getMessage() for line in caplog.records] == ["the light cannot be switched: the pin is gone"]


# --- the button -------------------------------------------------------------------------------------------------------


@pytest.fixture
def press(gpio: Gpio) -> Callable[[], None]:
    def press() -> None:
        gpio.factory.pin(PRESS).drive_low()

    return press


def attach(gpio: Gpio, folder: Path, agent: Agent) -> LocalStop:
    stop = LocalStop(folder, agent.time)
    stop.attach(agent.conductor)
    assert gpio.button is not None
    gpio.button.tell(stop.pressed, stop.held)
    return stop


async def test_a_press_silences_what_sounds_within_200_ms(
    gpio: Gpio, press: Callable[[], None], tmp_path: Path, encode: Callable[..., Path]
) -> None:
    content = encode("bulletin.opus", tone(8)).read_bytes()
    output = ListeningOutput(lambda: True)
    async with serving_clips() as station:
        told: list[Any] = []
        async with (
            PlayEngine(output, SystemTime(), lambda event: told[0](event)) as engine,  # noqa: PLW0108 - made later
            running(tmp_path, engine_made=engine) as agent,
        ):
            told.append(agent.conductor.play_event)
            attach(gpio, tmp_path, agent)
            await _sounding(agent, station, content)
            await eventually(lambda: _is(lambda: output.sounding_frames() > RATE_HZ // 2))

            before, buffered = output.sounding_frames(), output.delay_frames() or 0
            press()
            await agent.tells("stored", "armed", "sounding", "stopped")

            assert buffered + output.sounding_frames() - before <= RATE_HZ // 5
            (cut,) = [one for one in await agent.records() if isinstance(one, Stopped)]
            assert cut.order_id == BUTTON


async def _sounding(agent: Agent, station: Station, content: bytes) -> None:
    station.offer(content)
    await adopt(agent, station)
    part = clip_part(content, 8.0)
    await push(agent, station, station.desk.rundown(airing(start_at_us=soon(agent, LATER_US), sequence=(part,))))


async def test_it_holds_over_a_restart_until_the_button_is_held_down(
    gpio: Gpio, press: Callable[[], None], tmp_path: Path
) -> None:
    async with serving_clips() as station, running(tmp_path) as agent:
        stop = attach(gpio, tmp_path, agent)
        keeping = asyncio.ensure_future(stop.run())
        await adopt(agent, station)
        press()
        await eventually(lambda: _is((tmp_path / "stopped.json").exists))
        keeping.cancel()

    standing = LocalStop(tmp_path, SystemTime()).standing()
    assert [order.header.document_id for order in standing] == [BUTTON]

    async with running(tmp_path, standing=standing) as agent:
        agent.know_time()
        stop = LocalStop(tmp_path, agent.time)
        stop.attach(agent.conductor)
        keeping = asyncio.ensure_future(stop.run())
        assert stop.holds
        stop.held()  # of a press that began before: it does not count
        assert stop.holds
        stop.pressed()
        stop.held()
        assert not stop.holds
        await eventually(lambda: _is(lambda: not (tmp_path / "stopped.json").exists()))
        keeping.cancel()
    assert LocalStop(tmp_path, SystemTime()).standing() == ()


async def test_the_press_that_stops_does_not_release_however_long_it_is(tmp_path: Path) -> None:
    async with running(tmp_path) as agent:
        stop = LocalStop(tmp_path, agent.time)
        stop.attach(agent.conductor)

        stop.pressed()
        stop.held()

        assert stop.holds


async def test_the_desk_can_release_it_too(tmp_path: Path) -> None:
    async with serving_clips() as station, running(tmp_path) as agent:
        await adopt(agent, station)
        stop = LocalStop(tmp_path, agent.time)
        stop.attach(agent.conductor)
        stop.pressed()

        await push(agent, station, station.desk.order(ReleaseStop(order_id=BUTTON)))

        assert not stop.holds


async def test_what_comes_while_it_holds_is_skipped(tmp_path: Path) -> None:
    async with serving_clips() as station, running(tmp_path) as agent:
        await adopt(agent, station)
        stop = LocalStop(tmp_path, agent.time)
        stop.attach(agent.conductor)
        stop.pressed()

        await push(agent, station, station.desk.rundown(airing(start_at_us=soon(agent, 50_000), window_us=0)))

        async def skipped() -> bool:
            return any(isinstance(one, Skipped) for one in await agent.records())

        await eventually(skipped)


async def test_pressed_before_the_time_is_known_it_holds_for_a_day_after_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(localstop, "_LOOK_EVERY_S", 0.01)
    async with running(tmp_path) as agent:
        stop = LocalStop(tmp_path, agent.time)
        stop.attach(agent.conductor)
        keeping = asyncio.ensure_future(stop.run())
        stop.pressed()
        agent.know_time()

        def left_us() -> int:
            performer = agent.conductor.performer
            return performer.state.latches[BUTTON].not_after_us - (performer.now().controller_us or 0)

        await eventually(lambda: _is(lambda: left_us() <= 86_400_000_000))
        assert left_us() > 86_000_000_000
        keeping.cancel()


def test_a_damaged_file_still_means_silence(tmp_path: Path) -> None:
    (tmp_path / "stopped.json").write_bytes(b"\x00")

    assert len(LocalStop(tmp_path, SystemTime()).standing()) == 1
