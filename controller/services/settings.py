"""What the services can be told. Every value carries its unit in its name."""

from dataclasses import dataclass, field
from pathlib import Path

from controller.domain.fault_watch import FaultLimits
from controller.domain.guarding import FirstGuards
from controller.domain.relaying import RelayLimits
from controller.services.cap.options import CapOptions


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskSettings:
    """Filled from the controller's configuration; the defaults are the station's usual ones.

    ``controller_urls`` are told to devices in their assignment. ``trust_system_clock`` lets rundowns be signed on a
    machine whose clock nobody keeps, such as a demo. ``end_margin_s`` is how long after its end an airing may still
    be reported before it counts as over. ``stop_hours`` is how long a stop of everything holds if nobody releases it.
    An emergency is heard ``emergency_lead_s`` after it was confirmed, again and again with ``emergency_pause_s``
    between, for at most ``emergency_hours``. ``templates_after_s`` after the start the fixed parts of its templates are
    made, None makes each when it is needed.
    ``first_guards`` is what a new station begins with.
    ``time_zone`` is the zone of wall times, as the IANA database names it.
    ``fault_limits`` say what is a fault. Of how a box is, a reading every ``telemetry_every_s`` is kept for three days,
    and one an hour for ``telemetry_days``. A SIM card should carry no more than ``sim_quota_bytes`` a month.
    What is live is heard ``live_delay_lan_s`` after it arrives, ``live_delay_sim_s`` where a SIM card is among its
    horns; it ends by itself after ``live_longest_s``, and is kept in ``live_folder`` (None: not at all) until it is a
    clip.
    In ``recordings_folder`` an uploaded recording outlives a restart until it is prepared.
    """

    controller_urls: tuple[str, ...] = ()
    trust_system_clock: bool = False
    start_lead_s: float = 0.5
    now_wait_s: float = 10.0
    lateness_window_s: float = 60.0
    end_margin_s: float = 5.0
    rundown_days: float = 7.0
    stop_hours: float = 24.0
    emergency_lead_s: float = 5.0
    emergency_pause_s: float = 20.0
    emergency_hours: float = 12.0
    templates_after_s: float | None = None
    sign_in_hours: float = 12.0
    text_max_letters: int = 20_000
    health_every_s: float = 60.0
    time_zone: str = "Asia/Ho_Chi_Minh"
    first_guards: FirstGuards = FirstGuards.NONE
    recordings_folder: Path | None = None
    live_delay_lan_s: float = 0.24
    live_delay_sim_s: float = 1.5
    live_longest_s: float = 7_200.0
    live_folder: Path | None = None
    relay_limits: RelayLimits = field(default_factory=RelayLimits)
    fault_limits: FaultLimits = field(default_factory=FaultLimits)
    cap: CapOptions = field(default_factory=CapOptions)
    telemetry_every_s: float = 300.0
    telemetry_days: int = 30
    sim_quota_bytes: int = 100_000_000
