"""The controller's settings: one frozen dataclass, read from a TOML file, ``LOA_*`` and flags, weakest first."""

import ipaddress
import os
import shutil
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from agents.protocol.settings import Setting, SettingsError, load, setting, table
from controller.domain.guarding import FirstGuards
from controller.domain.relays import CardsMalformed, cards_from

ENV_PREFIX: Final = "LOA_"
SYSTEM_DATA_DIR: Final = Path("/var/lib/loa")
MIB: Final = 1_048_576


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
    """Everything about a controller that can be set. Units are in the names and in ``SETTINGS``."""

    # where it lives
    data_dir: Path | None = setting(  # noqa: RUF009 - a dataclass field
        None,
        help="Where everything is kept: database, clips, keys, uploads. Unset: /var/lib/loa where that can be "
        "written, else ~/.local/share/loa.",
    )
    name: str = setting("Loa", help="What this station is called: on the pages, to its speakers and on the network.")
    host: str = setting("0.0.0.0", help="The address to listen on, for pages and speakers alike.")  # noqa: S104
    port: int = setting(8080, unit="TCP port", least=0, most=65_535, help="The port to listen on; 0 takes a free one.")
    tls: bool = setting(
        False,
        help="Serve the pages over HTTPS too: with tls_certificate, else with a certificate of the station's own "
        "authority, which the page /trust helps to trust. Microphones of browsers need it.",
    )
    tls_port: int = setting(8443, unit="TCP port", least=0, most=65_535, help="The port for HTTPS.")
    tls_certificate: Path | None = setting(  # noqa: RUF009
        None, help="A certificate, with those between it and its authority (PEM); read again when it changes."
    )
    tls_key: Path | None = setting(None, help="The key of tls_certificate (PEM).")  # noqa: RUF009
    public_urls: tuple[str, ...] = setting(
        (), help="Where speakers reach this controller from outside, such as https://loa.example.vn; told to each one."
    )

    # finding
    mdns: bool = setting(True, help="Announce this controller by mDNS and look for speakers.")
    mdns_interfaces: str = setting(
        "default", help="Where mDNS is spoken: default, or IPv4 addresses of this machine with commas between."
    )

    # time
    trust_system_clock: bool = setting(
        False,
        help="Believe the system clock although nothing keeps it true. For demonstrations and tests: without network "
        "time no rundown is signed.",
    )
    start_lead_s: float = setting(
        0.5, unit="s", least=0.05, most=30, help='How far ahead of a "now" the speakers are told the instant.'
    )
    now_wait_s: float = setting(
        10.0, unit="s", least=0, most=120, help='How long a "now" waits for speakers that are not ready.'
    )
    lateness_window_s: float = setting(
        60.0, unit="s", least=0, most=3_600, help="How late an airing may be found and still be joined in step."
    )
    rundown_days: int = setting(7, unit="days", least=1, most=31, help="How far ahead speakers know their rundown.")

    stop_hours: float = setting(
        24.0, unit="h", least=0.1, most=720, help="How long a stop of everything holds if nobody releases it."
    )
    # emergencies
    emergency_lead_s: float = setting(
        5.0,
        unit="s",
        least=0.5,
        most=30,
        help="How long after its confirmation an emergency is heard everywhere at once; the siren sounds until then.",
    )
    emergency_pause_s: float = setting(
        20.0, unit="s", least=0, most=600, help="The silence before an emergency is said once more."
    )
    emergency_hours: float = setting(
        12.0, unit="h", least=0.1, most=72, help="How long an emergency is repeated if nobody ends it."
    )
    templates_after_s: float = setting(
        60.0,
        unit="s",
        least=1,
        most=86_400,
        help="How long after its start the station begins to make the fixed words of emergencies that are missing.",
    )

    time_zone: str = setting(
        "Asia/Ho_Chi_Minh", help="The zone that wall times are typed and shown in, as the IANA database names it."
    )

    # guards
    first_guards: FirstGuards = setting(  # noqa: RUF009
        FirstGuards.RURAL,
        help="The quiet hours and limits of airtime that a new station begins with; its people change them.",
    )

    # sound
    ffmpeg: Path | None = setting(  # noqa: RUF009
        None, help="The ffmpeg to use. Unset: that of the system, else the one installed with Loa."
    )
    max_recording_s: float = setting(
        3_600.0, unit="s", least=1, most=14_400, help="The longest recording that may be handed in."
    )
    voices_file: Path | None = setting(  # noqa: RUF009
        None,
        help="The voices that can be chosen, as a TOML file. Unset: voices.toml in the data directory; where that is "
        "not there, the voices of espeak-ng alone.",
    )

    # relays
    relay_lead_s: float = setting(
        20.0, unit="s", least=2, most=300, help="How long before its time the source of a relay is connected to."
    )
    relay_lost_s: float = setting(
        5.0, unit="s", least=1, most=60, help="A source of which nothing came for this long is left for the next one."
    )
    relay_dead_air_s: float = setting(
        15.0, unit="s", least=2, most=600, help="A source that was silent for this long is left for the next one."
    )
    relay_back_s: float = setting(
        30.0,
        unit="s",
        least=1,
        most=3_600,
        help="A source that was left is gone back to when it was well for this long.",
    )
    relay_silence_db: float = setting(
        -50.0,
        unit="dB",
        least=-90,
        most=-20,
        help="What is quieter than this, below full scale, is silence in a relay.",
    )
    relay_private_network: bool = setting(
        True, help="Sources of relays may have addresses of private networks, such as 192.168.0.0/16."
    )
    relay_this_machine: bool = setting(
        False,
        help="Sources of relays may be on this machine itself. Whoever writes programmes then reaches its services.",
    )
    relay_cards: tuple[str, ...] = setting(
        (),
        help="Sound cards to relay from, such as line=alsa:hw:1,0 or fm=pulse:default; in a programme card:line stands "
        "in place of an address.",
    )

    # links
    silence_limit_s: float = setting(15.0, unit="s", least=1, most=600, help="A link silent for this long is closed.")
    clock_every_s: float = setting(7.0, unit="s", least=0.2, most=600, help="How often speakers compare clocks.")
    heartbeat_every_s: float = setting(15.0, unit="s", least=0.2, most=600, help="How often speakers say how they are.")
    sim_silence_limit_s: float = setting(
        150.0, unit="s", least=1, most=600, help="The same of a speaker whose profile is a SIM card."
    )
    sim_clock_every_s: float = setting(
        120.0, unit="s", least=0.2, most=600, help="How often a speaker on a SIM card compares clocks."
    )
    sim_heartbeat_every_s: float = setting(
        3_600.0, unit="s", least=0.2, most=86_400, help="How often a speaker on a SIM card says how it is."
    )
    push_limit_s: float = setting(
        10.0, unit="s", least=0.5, most=120, help="How long a speaker may take to confirm a document."
    )
    handshake_limit_s: float = setting(
        10.0, unit="s", least=0.5, most=60, help="How long a device may take to prove who it is."
    )
    max_unproven_links: int = setting(
        500, unit="links", least=1, most=100_000, help="How many devices may be proving who they are at once."
    )
    max_unproven_links_per_address: int = setting(
        50, unit="links", least=1, most=100_000, help="The same from one address (many may stand behind one)."
    )
    max_new_devices: int = setting(
        500, unit="devices", least=0, most=100_000, help="How many devices may wait to be adopted at once."
    )

    # live
    live_delay_lan_s: float = setting(
        0.24,
        unit="s",
        least=0.1,
        most=5,
        help="How long after it arrives here what is spoken live is heard, on every horn alike.",
    )
    live_delay_sim_s: float = setting(
        1.5, unit="s", least=0.5, most=10, help="The same where a speaker on a SIM card is among them, and of relays."
    )
    live_longest_s: float = setting(
        7_200.0, unit="s", least=60, most=86_400, help="What is spoken live ends by itself after this."
    )

    # faults
    fault_offline_s: float = setting(
        60.0, unit="s", least=5, most=86_400, help="How long after its link's silence limit a speaker is a fault."
    )
    fault_word_s: float = setting(
        300.0, unit="s", least=30, most=86_400, help="How long a linked speaker may take to tell how an airing went."
    )
    fault_clock_error_ms: float = setting(
        250.0, unit="ms", least=1, most=5_000, help="A clock that may be off by more than this is a fault."
    )
    fault_hot_c: float = setting(
        80.0, unit="C", least=40, most=120, help="A box this hot is a fault, until it is 5 C cooler."
    )
    telemetry_every_s: float = setting(
        300.0, unit="s", least=10, most=86_400, help="How often it is kept how a box is, for three days."
    )
    telemetry_days: int = setting(
        30, unit="days", least=1, most=400, help="How long one such reading of every hour is kept."
    )
    sim_quota_mb: int = setting(
        100, unit="MB", least=1, most=1_000_000, help="What a SIM card should carry in a month, sound included."
    )

    # CAP alerts
    cap_sender: str = setting(
        "", help="What our own alerts name as their sender. Unset: loa@ and the id of this controller."
    )
    cap_public: bool = setting(
        True, help="Let everybody read our own emergencies as CAP 1.2 at /cap/feed.atom, without signing in."
    )
    cap_geocodes: tuple[str, ...] = setting(
        ("code",),
        help="Names of geocodes whose values are codes of our areas; the first one is written into our own alerts.",
    )
    cap_signers: Path | None = setting(  # noqa: RUF009
        None, help="A file of certificates (PEM) of senders whose signatures count."
    )
    cap_authorities: Path | None = setting(  # noqa: RUF009
        None, help="A file of certificates (PEM) of authorities that vouch for such senders."
    )
    cap_signature_required: bool = setting(False, help="Refuse alerts that are not validly signed.")
    cap_expire_hours: float = setting(
        24.0, unit="h", least=0.1, most=720, help="How long an alert holds that does not say when it expires."
    )
    cap_heard_s: float = setting(
        600.0, unit="s", least=10, most=86_400, help="How long an alert is repeated, at most until it expires."
    )
    cap_audio_hosts: tuple[str, ...] = setting(
        (), help="Hosts from which recordings of alerts are fetched; where a host is not here the text is read."
    )
    cap_inside_hosts: tuple[str, ...] = setting(
        (),
        help="Hosts, or addresses, of the local network that feeds and recordings of alerts may lead to. Everything "
        "else there is refused, also after a redirect.",
    )

    # pages
    secure_cookies: bool = setting(
        False, help="Send cookies over HTTPS alone. Turn it on where the pages are served over HTTPS."
    )
    max_upload_bytes: int = setting(
        512 * MIB, unit="bytes", least=1_024, help="The largest recording that may be handed in."
    )
    trusted_proxies: tuple[str, ...] = setting(
        (),
        help="Proxies in front of the pages, as addresses or networks such as 10.0.0.0/8: what these say in "
        "X-Forwarded-For or Forwarded is believed, so that persons do not all come from one address.",
    )
    sign_in_hours: float = setting(12.0, unit="h", least=0.1, most=720, help="How long a person stays signed in.")
    max_text_letters: int = setting(20_000, unit="letters", least=100, help="The longest text bulletin.")
    metrics_token: str | None = setting(
        None,
        secret=True,
        help="Whoever shows this as a bearer token may read /metrics. Unset: only this machine itself may.",
    )

    # the house
    min_free_disk_bytes: int = setting(
        256 * MIB, unit="bytes", least=0, help="With less free disk than this the controller warns in its log."
    )
    log_format: LogFormat = setting(LogFormat.AUTO, help="How logs are written to standard error.")  # noqa: RUF009
    log_level: LogLevel = setting(LogLevel.INFO, help="How much is logged.")  # noqa: RUF009

    @property
    def serves_https(self) -> bool:
        """Whether the pages are served over HTTPS, too."""
        return self.tls or self.tls_certificate is not None

    def data_folder(self) -> Path:
        """``data_dir``, or the place that fits this machine."""
        if self.data_dir is not None:
            return self.data_dir.absolute()
        parent = SYSTEM_DATA_DIR if SYSTEM_DATA_DIR.exists() else SYSTEM_DATA_DIR.parent
        if os.access(parent, os.W_OK):
            return SYSTEM_DATA_DIR
        return Path.home() / ".local" / "share" / "loa"


SETTINGS: Final[tuple[Setting, ...]] = table(Config, ENV_PREFIX)


def load_config(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]) -> Config:
    """Raises `SettingsError`."""
    config = load(Config, ENV_PREFIX, file=file, environ=environ, flags=flags)
    try:
        zoneinfo.ZoneInfo(config.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(
            f"time_zone cannot be {config.time_zone!r}: this machine knows no such zone. "
            "Write it like Asia/Ho_Chi_Minh; where that is unknown too, install the package tzdata."
        ) from error
    try:
        cards_from(config.relay_cards)
    except CardsMalformed as error:
        raise SettingsError(f"relay_cards {error}") from error
    for written in config.trusted_proxies:
        try:
            ipaddress.ip_network(written.strip(), strict=False)
        except ValueError as error:
            raise SettingsError(
                f"trusted_proxies cannot hold {written!r}: write an address, or a network such as 10.0.0.0/8."
            ) from error
    for name, path in (("cap_signers", config.cap_signers), ("cap_authorities", config.cap_authorities)):
        if path is not None:
            _require_certificates(name, path)
    if not config.cap_geocodes or any(not one.strip() for one in config.cap_geocodes):
        raise SettingsError("cap_geocodes cannot be empty: name at least one, such as code.")
    if set(config.cap_sender) & set(" ,<&"):
        raise SettingsError("cap_sender cannot have a space, a comma, < or &: CAP forbids them there.")
    if (config.tls_certificate is None) != (config.tls_key is None):
        raise SettingsError("tls_certificate and tls_key belong together: set both, or none of them.")
    if config.ffmpeg is not None and shutil.which(config.ffmpeg) is None:
        raise SettingsError(f"ffmpeg cannot be '{config.ffmpeg}': there is no such program.")
    if config.voices_file is not None and not config.voices_file.is_file():
        raise SettingsError(f"voices_file cannot be '{config.voices_file}': there is no such file.")
    return config


def _require_certificates(name: str, path: Path) -> None:
    """Who is trusted is known from the start: a file that says nothing would make everybody untrusted, in silence.
    Raises `SettingsError`.
    """
    if not path.is_file():
        raise SettingsError(f"{name} cannot be '{path}': there is no such file.")
    from controller.cap import unreadable

    try:
        wrong = unreadable(path.read_text(encoding="ascii", errors="replace"))
    except OSError as error:
        wrong = f"it cannot be read ({error.strerror})"
    if wrong:
        raise SettingsError(f"{name} cannot be '{path}': {wrong}.")


__all__ = ["ENV_PREFIX", "SETTINGS", "Config", "LogFormat", "LogLevel", "Setting", "SettingsError", "load_config"]
