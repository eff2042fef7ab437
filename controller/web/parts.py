"""What the web application is made with. Whoever starts it puts these together."""

import hashlib
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from controller.ports import Clock, Store, Studio
from controller.services.accounts import Accounts
from controller.services.adoption import Adoption
from controller.services.api_tokens import ApiTokens
from controller.services.areas import AreaDesk
from controller.services.audit import Audit
from controller.services.cap.inbox import CapInbox
from controller.services.cap.out import CapOut
from controller.services.cap.settings import CapSettingsDesk
from controller.services.compose import Compose
from controller.services.desk import Desk
from controller.services.dispatch import Dispatch
from controller.services.emergency.desk import EmergencyDesk
from controller.services.events import Events
from controller.services.faults import FaultDesk
from controller.services.groups import GroupDesk
from controller.services.hand_ins.handing_in import HandIns
from controller.services.hands import HandDesk
from controller.services.live.desk import LiveDesk
from controller.services.people import People
from controller.services.planning.approvals import ApprovalDesk
from controller.services.planning.guards import GuardDesk
from controller.services.planning.planner import Planner
from controller.services.planning.schedules import ScheduleDesk
from controller.services.programmes import Programmes
from controller.services.relay.relays import Relays
from controller.services.reports import Reports
from controller.services.speakers import SpeakerDesk
from controller.services.stops import Stops
from controller.services.succession import SuccessionDesk
from controller.services.telemetry import TelemetryDesk
from controller.services.tunes import Tunes
from controller.services.voices import VoiceDesk
from controller.web.i18n import DEFAULT_ZONE
from controller.web.security import Network

DEFAULT_UPLOAD_LIMIT_BYTES = 500_000_000


@dataclass(slots=True, kw_only=True)
class Secure:
    """That pages are served over HTTPS, too. ``port`` is known when it listens; ``authority_pem`` is the certificate
    that has to be trusted for it, empty where everybody does already.
    """

    authority_pem: bytes = b""
    port: int = 0

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the authority's certificate, as browsers and systems write it."""
        digest = hashlib.sha256(self.authority_der).digest()
        return ":".join(f"{byte:02X}" for byte in digest)

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the same, which is what Windows asks about."""
        return hashlib.sha1(self.authority_der, usedforsecurity=False).hexdigest().upper()

    @property
    def authority_der(self) -> bytes:
        """The same certificate as bytes."""
        return ssl.PEM_cert_to_DER_cert(self.authority_pem.decode("ascii"))


async def _ready() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class WebParts:
    """The services that the pages and the API call, and what is set for this station.

    ``zone`` is the time zone that wall times are read and shown in. ``secure_cookies`` is true when a proxy in front
    speaks HTTPS; ``trusted_proxies`` are those whose word on where a request comes from is believed. ``device_routes``
    are the addresses that devices use; they answer without signing in. ``ready`` tells whether the server can do its
    work, ``metrics`` what it counts, in the Prometheus text format; without a ``metrics_token`` only this machine
    itself may read them. ``secure`` is set where pages are served over HTTPS, too. ``public_urls`` are where this
    station is reached from outside; ``sim_quota_bytes`` is what a speaker's SIM may carry in a month, None where that
    is not said.
    """

    store: Store
    clock: Clock
    studio: Studio
    events: Events
    compose: Compose
    programmes: Programmes
    tunes: Tunes
    voices: VoiceDesk
    dispatch: Dispatch
    adoption: Adoption
    speakers: SpeakerDesk
    hands: HandDesk
    faults: FaultDesk
    telemetry: TelemetryDesk
    accounts: Accounts
    people: People
    api_tokens: ApiTokens
    audit: Audit
    areas: AreaDesk
    succession: SuccessionDesk
    reports: Reports
    hand_ins: HandIns
    schedules: ScheduleDesk
    approvals: ApprovalDesk
    guards: GuardDesk
    groups: GroupDesk
    planner: Planner
    cap_inbox: CapInbox
    cap_settings: CapSettingsDesk
    cap_out: CapOut
    live_desk: LiveDesk
    relays: Relays
    emergencies: EmergencyDesk
    stops: Stops
    upload_folder: Path
    station_name: str = "Loa"
    zone: str = DEFAULT_ZONE
    upload_limit_bytes: int = DEFAULT_UPLOAD_LIMIT_BYTES
    secure_cookies: bool = False
    device_routes: Sequence[web.RouteDef] = ()
    ready: Callable[[], Awaitable[bool]] = _ready
    metrics: Callable[[], Awaitable[str]] | None = None
    metrics_token: str | None = None
    secure: Secure | None = None
    trusted_proxies: Sequence[Network] = ()
    public_urls: Sequence[str] = ()
    sim_quota_bytes: int | None = None
    max_text_letters: int = 20_000
    max_recording_s: float = 3_600.0


def parts_of(desk: Desk, clock: Clock, studio: Studio, upload_folder: Path) -> WebParts:
    """All that there is no other way for; what is set for the station is left as it is without a word."""
    return WebParts(
        store=desk.store,
        clock=clock,
        studio=studio,
        events=desk.events,
        compose=desk.compose,
        programmes=desk.programmes,
        tunes=desk.tunes,
        voices=desk.voices,
        dispatch=desk.dispatch,
        adoption=desk.adoption,
        speakers=desk.speakers,
        hands=desk.hands,
        faults=desk.faults,
        telemetry=desk.telemetry,
        accounts=desk.accounts,
        people=desk.people,
        api_tokens=desk.api_tokens,
        audit=desk.audit,
        areas=desk.areas,
        succession=desk.succession,
        reports=desk.reports,
        hand_ins=desk.hand_ins,
        schedules=desk.schedules,
        approvals=desk.approvals,
        guards=desk.guards,
        groups=desk.groups,
        planner=desk.planner,
        cap_inbox=desk.cap.inbox,
        cap_settings=desk.cap.settings,
        cap_out=desk.cap.out,
        live_desk=desk.live,
        relays=desk.relays,
        emergencies=desk.emergencies,
        stops=desk.stops,
        upload_folder=upload_folder,
    )
