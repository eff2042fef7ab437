"""Alerts that came in: taken, held, decided, followed to their end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agents.protocol.ids import AreaId
from controller.domain.cap_alerts import CapAlert, CapAlertId, Source
from controller.domain.emergencies import Emergency
from controller.domain.paging import Place
from controller.domain.rights import Actor


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one alert that was handed in; ``new`` is false where it was here already."""

    alert: CapAlert
    new: bool


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert with what it brought about (by the id of the emergency), and the alerts before and after it."""

    alert: CapAlert
    emergencies: dict[str, Emergency]
    related: tuple[CapAlert, ...]


class CapInbox:
    """Every method raises `StoreFailed` too. Who may see and decide where is asked by the web."""

    async def take(self, raw: bytes, *, source: Source, by: Actor) -> tuple[Taken, ...]:
        """What bytes that came in hold: one alert or several, or one that was refused. Never raises for bad bytes but
        `Invalid` (``too_large``).
        """
        raise NotImplementedError

    async def confirm(
        self, alert_id: CapAlertId, by: Actor, *, area_ids: Iterable[AreaId] | None = None, drill: bool = False
    ) -> CapAlert:
        """To be heard in these of its areas (all that are held). A cancel is applied; an exercise needs ``drill``.

        Raises `NotFound`, `Refused` (``cap_decided``, ``cap_expired``, ``cap_not_actual``), `Invalid`
        (``areas_missing``, ``area_unknown``).
        """
        raise NotImplementedError

    async def decline(
        self, alert_id: CapAlertId, by: Actor, reason: str, *, area_ids: Iterable[AreaId] | None = None
    ) -> CapAlert:
        """Nobody is told of it in these of its areas. Raises `NotFound`, `Refused` (``cap_decided``), `Invalid`
        (``reason_missing``, ``reason_too_long``).
        """
        raise NotImplementedError

    async def view(self, alert_id: CapAlertId) -> AlertView:
        """Raises `NotFound`."""
        raise NotImplementedError

    async def latest(self, limit: int, before: Place | None = None) -> tuple[CapAlert, ...]:
        """The last to come first."""
        raise NotImplementedError

    async def held(self) -> Sequence[CapAlert]:
        """What waits for a person: HELD, and exercises; the most urgent first."""
        raise NotImplementedError

    async def raw(self, alert_id: CapAlertId) -> bytes:
        """The bytes as they came. Raises `NotFound`."""
        raise NotImplementedError

    async def run(self) -> None:
        """Carries out what was decided, and lets what is over expire, until cancelled."""
        raise NotImplementedError
