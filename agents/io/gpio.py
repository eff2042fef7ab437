"""Pins of the board: the amplifier's relay, the status light, the stop button.

Rules of the module: nothing is imported and no pin is touched where none is set. gpiozero is the one way to pins; its
mock factory runs the same code where there are none. Presses come from a thread of that library and are handed to the
event loop at once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from agents.domain.lamp import PATTERNS, Shown
from agents.io.output import Amplifier, NoAmplifier
from agents.io.timeport import TimePort

HOLD_S: Final = 3.0
_BOUNCE_S: Final = 0.03
_STEADY_LOOK_S: Final = 0.5
_IDENTIFY_S: Final = 15.0

log = logging.getLogger(__name__)


class NoGpio(Exception):
    """Pins are set and cannot be used; the sentence says what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GpioSettings:
    """Pins by their Broadcom numbers, None for what is not there. ``mock``: pins that are only pretended."""

    relay_pin: int | None = None
    led_pin: int | None = None
    button_pin: int | None = None
    relay_active_high: bool = True
    relay_lead_ms: int = 100
    mock: bool = False

    @property
    def any_pin(self) -> bool:
        return any(pin is not None for pin in (self.relay_pin, self.led_pin, self.button_pin))


class Relay:
    """The amplifier's relay, as the output's thread drives it: see `agents.io.output.Amplifier`."""

    def __init__(self, device: Any, lead_us: int) -> None:
        self._device = device
        self._is_on = bool(device.value)
        self.lead_us: Final = lead_us

    @property
    def is_on(self) -> bool:
        """See `Amplifier.is_on`. What it was switched to last: a pin that fails raises also when it is read."""
        return self._is_on

    def on(self) -> None:
        """See `Amplifier.on`."""
        self._device.on()
        self._is_on = True
        log.debug("the amplifier is on", extra={"event": "relay", "on": True})

    def off(self) -> None:
        """See `Amplifier.off`."""
        self._device.off()
        self._is_on = False
        log.debug("the amplifier is off", extra={"event": "relay", "on": False})


class StatusLight:
    """Shows what ``look`` says, as `agents.domain.lamp` has it."""

    def __init__(self, device: Any, time: TimePort) -> None:
        self._device = device
        self._time = time
        self._identify_until_us = 0
        self._broken = False

    def identify(self) -> None:
        """Blink fast for some seconds."""
        self._identify_until_us = self._time.monotonic_us() + round(_IDENTIFY_S * 1e6)

    @property
    def identifying(self) -> bool:
        return self._time.monotonic_us() < self._identify_until_us

    async def run(self, look: Callable[[], Shown]) -> None:
        """Until cancelled; then it is off."""
        try:
            while True:
                pattern = PATTERNS[look()]
                for index, seconds in enumerate(pattern):
                    self._turn(on=index % 2 == 0)
                    await self._sleep(seconds if len(pattern) > 1 else _STEADY_LOOK_S)
        finally:
            self._turn(on=False)

    def _turn(self, *, on: bool) -> None:
        """Told once where it fails: a light keeps nothing from the horn."""
        try:
            self._device.on() if on else self._device.off()
        except Exception as error:  # gpiozero has a family of errors for each kind of board, and lgpio one of its own
            if not self._broken:
                log.error("the light cannot be switched: %s", error, extra={"event": "light_failed"})
            self._broken = True

    async def _sleep(self, seconds: float) -> None:
        await self._time.sleep_until(self._time.monotonic_us() + round(seconds * 1e6))


class Button:
    """A push button between its pin and ground."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def tell(self, pressed: Callable[[], None], held: Callable[[], None]) -> None:
        """Call these on the running loop: at each press, and once it was held down for `HOLD_S`."""
        loop = asyncio.get_running_loop()

        def told(what: Callable[[], None]) -> Callable[[], None]:
            def hand_over() -> None:
                with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
                    loop.call_soon_threadsafe(what)

            return hand_over

        self._device.when_pressed = told(pressed)
        self._device.when_held = told(held)


@dataclass(frozen=True, slots=True)
class Gpio:
    """What is there. ``factory`` is that of pretended pins, to press and to look at them."""

    amplifier: Amplifier
    light: StatusLight | None = None
    button: Button | None = None
    factory: Any = None


@contextlib.contextmanager
def open_gpio(settings: GpioSettings, time: TimePort) -> Iterator[Gpio]:
    """Takes the pins that are set, and gives them back, the relay off. Raises `NoGpio`."""
    if not settings.any_pin:
        yield Gpio(NoAmplifier())
        return
    with contextlib.ExitStack() as stack:
        try:
            gpio = _opened(settings, time, stack)
        except Exception as error:  # gpiozero has a family of errors for each kind of board, and lgpio one of its own
            raise NoGpio(
                f"The pins cannot be used: {error}. Check gpio_relay_pin, gpio_led_pin and gpio_button_pin, and that "
                "this program may use /dev/gpiochip0; on a machine without pins set gpio_factory to mock."
            ) from error
        yield gpio


def _opened(settings: GpioSettings, time: TimePort, stack: contextlib.ExitStack) -> Gpio:
    try:
        import gpiozero
    except ImportError as error:
        raise NoGpio("gpiozero is not installed here: install loa with its extra gpio") from error
    factory = stack.enter_context(contextlib.closing(_mock())) if settings.mock else None  # None: the board's own
    amplifier: Amplifier = NoAmplifier()
    light = button = None
    if settings.relay_pin is not None:
        device = gpiozero.OutputDevice(
            settings.relay_pin, active_high=settings.relay_active_high, initial_value=False, pin_factory=factory
        )
        stack.callback(_let_go, device)
        amplifier = Relay(device, settings.relay_lead_ms * 1_000)
    if settings.led_pin is not None:
        device = gpiozero.DigitalOutputDevice(settings.led_pin, pin_factory=factory)
        stack.callback(_let_go, device)
        light = StatusLight(device, time)
    if settings.button_pin is not None:
        device = gpiozero.Button(
            settings.button_pin, pull_up=True, bounce_time=_BOUNCE_S, hold_time=HOLD_S, pin_factory=factory
        )
        stack.callback(device.close)
        button = Button(device)
    return Gpio(amplifier, light, button, factory)


def _mock() -> Any:
    from gpiozero.pins.mock import MockFactory

    return MockFactory()


def _let_go(device: Any) -> None:
    device.off()
    device.close()
