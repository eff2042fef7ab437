"""The speaker's settings: one frozen dataclass, read from a TOML file, ``LOA_AGENT_*`` and flags, weakest first."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from agents.protocol.settings import Setting, SettingsError, load, setting, table

ENV_PREFIX: Final = "LOA_AGENT_"
DEFAULT_ZONE: Final = "Asia/Ho_Chi_Minh"
SYSTEM_STATE_DIR: Final = Path("/var/lib/loa-agent")


class OutputChoice(StrEnum):
    """``auto`` is ALSA from the moment that the device opens, WAV files until then."""

    AUTO = "auto"
    ALSA = "alsa"
    WAV = "wav"
    NULL = "null"


class GpioFactory(StrEnum):
    """``auto`` is the board's own, by lgpio; ``mock`` only pretends."""

    AUTO = "auto"
    MOCK = "mock"


class LogFormat(StrEnum):
    """``auto`` writes text to a terminal and JSON to everything else."""

    AUTO = "auto"
    JSON = "json"
    TEXT = "text"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Everything about a speaker that can be set. Units are in the names and in ``SETTINGS``."""

    # who and where it is
    state_dir: Path | None = setting(  # noqa: RUF009 - a dataclass field
        None,
        help="Where everything is kept: key, journal, clips. Unset: /var/lib/loa-agent where that can be written, "
        "else ~/.local/state/loa-agent.",
    )
    name: str | None = setting(
        None, help="What this device is called until it is adopted. Unset: the name of the machine."
    )
    model: str | None = setting(None, help="The kind of box, as technicians see it. Unset: what the machine says.")

    # finding a controller
    controller_url: str | None = setting(
        None, help="The controller's address, such as https://loa.example.vn, where mDNS does not reach it."
    )
    enrolment_token: str | None = setting(
        None, secret=True, help="A token made by the controller; a new device that holds one is adopted without a code."
    )
    mdns: bool = setting(True, help="Announce this device by mDNS and look for controllers.")
    mdns_interfaces: str = setting(
        "default", help="Where mDNS is spoken: default, or IPv4 addresses of this machine with commas between."
    )
    announce_port: int = setting(
        9,
        unit="TCP port",
        least=1,
        most=65_535,
        help="The port in the mDNS announcement. The device listens on none; 9 is the discard port.",
    )

    # sound
    output: OutputChoice = setting(OutputChoice.AUTO, help="Where sound goes.")  # noqa: RUF009
    alsa_device: str = setting("default", help="The ALSA name of the sound device, as aplay -L lists them.")
    wav_dir: Path | None = setting(  # noqa: RUF009
        None, help="Where WAV files of what was played are kept. Unset: heard/ in the state directory."
    )
    latency_us: int = setting(
        0,
        unit="us",
        least=0,
        most=5_000_000,
        help="How much later the horn sounds than ALSA says: amplifiers and radio links. 0: what calibrating measured.",
    )
    output_standby: bool = setting(
        True,
        help="Keep the sound device open between airings, so that an emergency is heard at once. False: it is opened "
        "two seconds before each airing, and others can use it meanwhile.",
    )
    identify_gain_db: float = setting(
        -20.0, unit="dB", least=-60, most=-6, help="How loud the code is spoken, below the full level."
    )

    # listening to the horn
    microphone: str = setting(
        "", help="The ALSA name of a microphone near the horn, as arecord -L lists them, for self-tests. Unset: none."
    )
    current_sensor: Path | None = setting(  # noqa: RUF009
        None,
        help="A file that holds the amplifier's current as one number (in_current0_raw of IIO, curr1_input of hwmon), "
        "where there is no microphone.",
    )
    time_zone: str = setting(
        DEFAULT_ZONE, help="The zone of this place, by which self-tests know what night is: none from 22 to 5."
    )

    # pins
    gpio_factory: GpioFactory = setting(  # noqa: RUF009
        GpioFactory.AUTO, help="Whose pins: the board's own, or pretended ones on a machine that has none."
    )
    gpio_relay_pin: int | None = setting(
        None, unit="Broadcom number", least=0, most=53, help="The amplifier's relay. Unset: there is none."
    )
    gpio_relay_active_high: bool = setting(True, help="Whether the relay is on while its pin is high.")
    gpio_relay_lead_ms: int = setting(
        100,
        unit="ms",
        least=0,
        most=5_000,
        help="How long before the first sample the amplifier needs its power.",
    )
    gpio_led_pin: int | None = setting(
        None, unit="Broadcom number", least=0, most=53, help="The status light. Unset: there is none."
    )
    gpio_button_pin: int | None = setting(
        None,
        unit="Broadcom number",
        least=0,
        most=53,
        help="The stop button, between this pin and ground. Unset: there is none.",
    )

    # clips
    min_free_disk_bytes: int = setting(
        64 * 1024**2, unit="bytes", least=0, help="Free disk that clips and WAV files leave alone."
    )

    # time
    max_clock_error_s: float = setting(
        5.0,
        unit="s",
        least=0.1,
        most=5.0,
        help="What is planned is not begun while the clock may be off by more than this.",
    )
    time_rate_ppm: float = setting(
        0.0,
        unit="ppm",
        least=-100_000,
        most=100_000,
        help="For experiments: how much too fast this device's clock runs.",
    )
    time_offset_us: int = setting(0, unit="us", help="For experiments: how far off this device's clock begins.")

    # the house
    log_format: LogFormat = setting(LogFormat.AUTO, help="How logs are written to standard error.")  # noqa: RUF009
    log_level: LogLevel = setting(LogLevel.INFO, help="How much is logged.")  # noqa: RUF009

    def state_folder(self) -> Path:
        """``state_dir``, or the place that fits this machine."""
        if self.state_dir is not None:
            return self.state_dir.absolute()
        parent = SYSTEM_STATE_DIR if SYSTEM_STATE_DIR.exists() else SYSTEM_STATE_DIR.parent
        if os.access(parent, os.W_OK):
            return SYSTEM_STATE_DIR
        return Path.home() / ".local" / "state" / "loa-agent"

    def wav_folder(self) -> Path:
        """``wav_dir``, or its place in the state directory."""
        return self.wav_dir.absolute() if self.wav_dir is not None else self.state_folder() / "heard"

    def shown_name(self) -> str:
        """``name``, or that of the machine."""
        return (self.name or platform.node() or "loa")[:200]

    def interfaces(self) -> tuple[str, ...]:
        """The addresses in ``mdns_interfaces``; empty for the default."""
        if self.mdns_interfaces.strip() == "default":
            return ()
        return tuple(part.strip() for part in self.mdns_interfaces.split(",") if part.strip())


SETTINGS: Final[tuple[Setting, ...]] = table(Config, ENV_PREFIX)


def load_config(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]) -> Config:
    """Raises `SettingsError`."""
    return load(Config, ENV_PREFIX, file=file, environ=environ, flags=flags)


__all__ = ["ENV_PREFIX", "SETTINGS", "Config", "LogFormat", "LogLevel", "OutputChoice", "SettingsError", "load_config"]
