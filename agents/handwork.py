"""What a box does besides playing what is planned, put together: remote actions, the horn's test, its pins.

Rules of the module: a part of the composition root. `open_box` comes before the engine, which drives the relay;
`make_handwork` after the conductor, by which everything here makes its sounds.
"""

import asyncio
import contextlib
import zoneinfo
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

from agents.beginnings import CannotStart
from agents.config import DEFAULT_ZONE, Config, GpioFactory
from agents.domain.lamp import Shown, shown
from agents.io.conductor import Conductor, Parts
from agents.io.control import Answer, AskRefused
from agents.io.gpio import Gpio, GpioSettings, NoGpio, open_gpio
from agents.io.hands import HandParts, Hands
from agents.io.localstop import LocalStop
from agents.io.loglines import LogLines, kept_lines
from agents.io.microphone import SensorError, make_sensor
from agents.io.output import PlayEngine
from agents.io.selftest import Horn, HornFailed, HornTest, NotNow, ReferenceFile
from agents.io.timeport import TimePort
from agents.io.tunewatch import TuneWatch

Service = tuple[str, Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Box:
    """What is open before anything sounds. ``latency_us`` is the setting, or else what was calibrated."""

    gpio: Gpio
    stop: LocalStop
    lines: LogLines
    tests: ReferenceFile
    zone: tzinfo
    latency_us: int
    time: TimePort


@contextlib.contextmanager
def open_box(config: Config, state_dir: Path, time: TimePort) -> Iterator[Box]:
    """Raises `CannotStart`."""
    settings = GpioSettings(
        relay_pin=config.gpio_relay_pin,
        led_pin=config.gpio_led_pin,
        button_pin=config.gpio_button_pin,
        relay_active_high=config.gpio_relay_active_high,
        relay_lead_ms=config.gpio_relay_lead_ms,
        mock=config.gpio_factory is GpioFactory.MOCK,
    )
    tests = ReferenceFile(state_dir)
    measured = None if tests.kept.reference is None else tests.kept.reference.latency_us
    with contextlib.ExitStack() as stack:
        try:
            gpio = stack.enter_context(open_gpio(settings, time))
        except NoGpio as error:
            raise CannotStart(str(error)) from error
        yield Box(
            gpio=gpio,
            stop=LocalStop(state_dir, time),
            lines=stack.enter_context(kept_lines()),
            tests=tests,
            zone=_zone(config),
            latency_us=config.latency_us or measured or 0,
            time=time,
        )


@dataclass(frozen=True, slots=True)
class Handwork:
    """Made by `make_handwork`."""

    box: Box
    conductor: Conductor
    hands: Hands
    watch: TuneWatch
    listens: bool

    def services(self, linked: Callable[[], bool], adopted: Callable[[], bool]) -> list[Service]:
        """What must run as long as the agent does. What is asked is shown by the light."""
        services: list[Service] = [("hands", self.hands.run())]
        if self.listens:
            services.append(("tunes", self.watch.run()))
        if self.box.gpio.button is not None:
            self.box.gpio.button.tell(self.box.stop.pressed, self.box.stop.held)
        if self.box.gpio.button is not None or self.box.stop.standing():  # a button may be gone while its stop holds
            services.append(("button", self.box.stop.run()))
        if self.box.gpio.light is not None:
            services.append(("light", self.box.gpio.light.run(lambda: self._shown(linked(), adopted()))))
        return services

    async def answer(self, word: str) -> Answer:
        """``self-test`` and ``calibrate``, for whoever stands at the box. Raises `AskRefused`."""
        try:
            if word == "self-test":
                return {"told": await self.hands.self_test(None, quiet_hours=True)}
            return {"told": await self.hands.calibrate(beside=True)}
        except (NotNow, HornFailed, SensorError) as why:
            raise AskRefused(str(why)) from why

    def _shown(self, linked: bool, adopted: bool) -> Shown:
        performer, light = self.conductor.performer, self.box.gpio.light
        state = performer.state
        return shown(
            identifying=light is not None and light.identifying,
            stopped=any(latch.airing_ids is None for latch in state.latches.values()),
            sounding=state.sounding() is not None,
            adopted=adopted,
            time_known=performer.now().trusted_us(state.settings.max_clock_error_us) is not None,
            linked=linked,
        )


def make_handwork(
    config: Config, box: Box, parts: Parts, conductor: Conductor, engine: PlayEngine, *, restart: Callable[[], None]
) -> Handwork:
    """``parts`` are those of the conductor. ``restart`` ends the program so that it is started again."""
    sensor = make_sensor(config.microphone, config.current_sensor, box.time)
    test = HornTest(sensor, conductor.local, box.time, box.tests, _horn(config, conductor, engine))
    one = asyncio.Lock()
    light = box.gpio.light
    hands = Hands(
        HandParts(
            device_id=parts.device_id,
            conductor=conductor,
            time=box.time,
            test=test,
            lines=box.lines,
            zone=box.zone,
            one=one,
            identify_gain_db=config.identify_gain_db,
            restart=restart,
            blink=(lambda: None) if light is None else light.identify,
            secrets=tuple(secret for secret in (config.enrolment_token,) if secret),
        )
    )
    watch = TuneWatch(
        test=test,
        conductor=conductor,
        clips=parts.clips,
        time=box.time,
        zone=box.zone,
        one=one,
        record=lambda found: conductor.performer.record([found]),
    )
    conductor.hands = hands.obey
    box.stop.attach(conductor)
    return Handwork(box=box, conductor=conductor, hands=hands, watch=watch, listens=sensor is not None)


def _horn(config: Config, conductor: Conductor, engine: PlayEngine) -> Horn:
    """A latency that was set is not measured anew."""
    return Horn(
        volume_percent=lambda: conductor.heartbeat().volume_percent,
        latency_us=lambda: engine.facts().latency_us,
        set_latency=lambda latency_us: None if config.latency_us else engine.set_latency(latency_us),
    )


def _zone(config: Config) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(config.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        if config.time_zone == DEFAULT_ZONE:
            return timezone(timedelta(hours=7))  # the same since 1975
        raise CannotStart(
            f"time_zone: there is no zone {config.time_zone!r} on this machine. Install tzdata, or name another."
        ) from error
