"""What the parts of the controller are told of its configuration."""

import importlib.metadata
from pathlib import Path

from agents.protocol.values import Profile
from controller.config import Config
from controller.domain.fault_watch import FaultLimits
from controller.domain.relaying import RelayLimits
from controller.domain.relays import cards_from
from controller.links.desk import LAN_PACE, SIM_PACE, LinkSettings, ProfilePace
from controller.links.keys import Keys
from controller.radio import RadioSettings
from controller.services.cap.options import CapOptions
from controller.services.settings import DeskSettings


def desk_settings(config: Config, folder: Path) -> DeskSettings:
    """``folder`` is the data directory."""
    return DeskSettings(
        controller_urls=config.public_urls,
        trust_system_clock=config.trust_system_clock,
        start_lead_s=config.start_lead_s,
        now_wait_s=config.now_wait_s,
        lateness_window_s=config.lateness_window_s,
        rundown_days=config.rundown_days,
        stop_hours=config.stop_hours,
        emergency_lead_s=config.emergency_lead_s,
        emergency_pause_s=config.emergency_pause_s,
        emergency_hours=config.emergency_hours,
        templates_after_s=config.templates_after_s,
        sign_in_hours=config.sign_in_hours,
        text_max_letters=config.max_text_letters,
        time_zone=config.time_zone,
        first_guards=config.first_guards,
        recordings_folder=folder / "recordings",
        live_delay_lan_s=config.live_delay_lan_s,
        live_delay_sim_s=config.live_delay_sim_s,
        live_longest_s=config.live_longest_s,
        live_folder=folder / "live",
        relay_limits=RelayLimits(
            lead_s=config.relay_lead_s,
            lost_s=config.relay_lost_s,
            dead_air_s=config.relay_dead_air_s,
            back_s=config.relay_back_s,
        ),
        fault_limits=_fault_limits(config),
        cap=_cap_options(config),
        telemetry_every_s=config.telemetry_every_s,
        telemetry_days=config.telemetry_days,
        sim_quota_bytes=config.sim_quota_mb * 1_000_000,
    )


def _cap_options(config: Config) -> CapOptions:
    """Raises `OSError` where a file of certificates cannot be read."""
    return CapOptions(
        signers=_certificates(config.cap_signers),
        authorities=_certificates(config.cap_authorities),
        signature_required=config.cap_signature_required,
        geocodes=config.cap_geocodes,
        unexpiring_s=round(config.cap_expire_hours * 3_600),
        heard_s=round(config.cap_heard_s),
        audio_hosts=config.cap_audio_hosts,
        inside_hosts=config.cap_inside_hosts,
        sender=config.cap_sender,
        public=config.cap_public,
    )


def _certificates(path: Path | None) -> tuple[str, ...]:
    """Each certificate of a file in PEM by itself."""
    if path is None:
        return ()
    end = "-----END CERTIFICATE-----"
    return tuple(f"{one}{end}\n" for one in path.read_text(encoding="ascii", errors="replace").split(end)[:-1])


def _fault_limits(config: Config) -> FaultLimits:
    return FaultLimits(
        silence_us=(
            (Profile.LAN, round(config.silence_limit_s * 1e6)),
            (Profile.SIM, round(config.sim_silence_limit_s * 1e6)),
        ),
        offline_grace_us=round(config.fault_offline_s * 1e6),
        word_us=round(config.fault_word_s * 1e6),
        clock_error_us=round(config.fault_clock_error_ms * 1e3),
        hot_c=config.fault_hot_c,
        cool_c=config.fault_hot_c - 5,
    )


def radio_settings(config: Config) -> RadioSettings:
    """What the radio is told."""
    return RadioSettings(
        private_network=config.relay_private_network,
        this_machine=config.relay_this_machine,
        silence_db=config.relay_silence_db,
        cards=cards_from(config.relay_cards),
    )


def link_settings(config: Config, keys: Keys) -> LinkSettings:
    """With the keys of this controller."""
    identity = keys.identity(config.name)
    return LinkSettings(
        controller_id=identity.controller_id,
        controller_name=config.name,
        software=f"loa {version()}",
        static_private=keys.static_private,
        signing_public=identity.signing_key,
        lan=ProfilePace(
            clock_every_s=config.clock_every_s,
            clock_burst=LAN_PACE.clock_burst,
            heartbeat_every_s=config.heartbeat_every_s,
            silence_limit_s=config.silence_limit_s,
        ),
        sim=ProfilePace(
            clock_every_s=config.sim_clock_every_s,
            clock_burst=SIM_PACE.clock_burst,
            heartbeat_every_s=config.sim_heartbeat_every_s,
            silence_limit_s=config.sim_silence_limit_s,
        ),
        handshake_limit_s=config.handshake_limit_s,
        push_limit_s=config.push_limit_s,
        newcomer_silence_limit_s=2 * config.silence_limit_s,
        max_unproven_links=config.max_unproven_links,
        max_unproven_links_per_address=config.max_unproven_links_per_address,
        max_new_devices=config.max_new_devices,
    )


def version() -> str:
    """The version of Loa that runs."""
    return importlib.metadata.version("loa")
