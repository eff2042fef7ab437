"""The emergency desk: prepare, have another person confirm, correct, end, and look at what devices say.

Rules: who may do what where is asked of the route; that it takes two persons is asked here, whatever way it came. What
is sent is in force at once: the database follows, and is tried again until it has it.
"""

from agents.protocol.ids import AreaId
from controller.domain.alarm_board import Board, Readiness
from controller.domain.emergencies import AreaPolicy, Emergency, EmergencyDraft, EmergencyId, Policy
from controller.domain.hazards import Template
from controller.domain.rights import Actor


class EmergencyDesk:
    """Every method that asks the database raises `StoreFailed` too."""

    def templates(self) -> tuple[Template, ...]:
        """What can be said of which hazard, in the order in which it is offered."""
        raise NotImplementedError

    async def prepare(self, draft: EmergencyDraft, by: Actor) -> Emergency:
        """An emergency whose sounds are being made; it waits for the second person when they are ready.

        Raises `Invalid` (``areas_missing``, ``area_unknown``, ``text_empty``, ``text_too_long``, ``slot_missing``,
        ``slot_unknown``, ``slot_too_long``, ``language_unknown``, ``lasts_out_of_range``, ``validity_passed``),
        `NotFound` (``emergency_unknown``: a reference), `Refused` (``drill_and_real``, ``emergency_over``).
        """
        raise NotImplementedError

    async def wait_ready(self, emergency_id: EmergencyId) -> Emergency:
        """Waits while its sounds are made; the one returned may have failed. Raises `NotFound`."""
        raise NotImplementedError

    async def repair(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """Makes again what failed of its sounds. Raises `NotFound`, `Refused` (``emergency_decided``)."""
        raise NotImplementedError

    async def confirm(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """Sends what another person prepared.

        Raises `NotFound`, `Refused` (``emergency_not_ready``, ``emergency_decided``, ``emergency_expired``,
        ``person_needed``, ``second_person_needed``, ``stop_all_latched``).
        """
        raise NotImplementedError

    async def break_glass(self, emergency_id: EmergencyId, by: Actor, reason: str) -> Emergency:
        """Sends it alone. Raises what `confirm` raises, `Refused` (``break_glass_forbidden``), `Invalid`
        (``reason_missing``, ``reason_too_long``).
        """
        raise NotImplementedError

    async def withdraw(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """It is not sent. Raises `NotFound`, `Refused` (``emergency_decided``)."""
        raise NotImplementedError

    async def correct(
        self, emergency_id: EmergencyId, draft: EmergencyDraft | None, by: Actor, reason: str
    ) -> Emergency:
        """Without a draft the prepared correction is sent at once, by one person; with one it is prepared as any
        emergency is, and replaces the old one when it is confirmed. Returns the new emergency.

        Raises `NotFound`, `Refused` (``emergency_over``, ``person_needed``), `Invalid` (``reason_missing``,
        ``reason_too_long``), and what `prepare` raises.
        """
        raise NotImplementedError

    async def end(self, emergency_id: EmergencyId, by: Actor, *, all_clear: bool) -> Emergency:
        """It is over: announced, or quietly. Returns it as it has ended. Raises `NotFound`, `Refused`
        (``emergency_over``, ``person_needed``).
        """
        raise NotImplementedError

    def open(self) -> tuple[Emergency, ...]:
        """Those that wait or are on the air, what is on the air first; asks nobody, so that every page can ask."""
        raise NotImplementedError

    async def get(self, emergency_id: EmergencyId) -> Emergency:
        """Raises `NotFound`."""
        raise NotImplementedError

    async def latest(self, limit: int) -> tuple[Emergency, ...]:
        """What was sent, withdrawn or expired as well, the last changed first."""
        raise NotImplementedError

    async def board(self, emergency_id: EmergencyId) -> Board:
        """Speaker by speaker what devices said. Raises `NotFound`."""
        raise NotImplementedError

    async def readiness(self, area_ids: tuple[AreaId, ...]) -> Readiness:
        """How many speakers of these areas would sound now."""
        raise NotImplementedError

    async def policy(self, area_ids: tuple[AreaId, ...]) -> Policy:
        """What holds in all of these areas together. Raises `NotFound`."""
        raise NotImplementedError

    async def set_policy(self, area_id: AreaId, said: AreaPolicy, by: Actor) -> Policy:
        """Returns what holds there now. Raises `NotFound`."""
        raise NotImplementedError
