"""From what was decided of an alert to emergencies: prepared, confirmed, followed, and ended.

Rules: a sender that is vouched for counts as the first of the two persons, and whoever decided as the second. Of an
alert that nobody vouches for the person who took it is the first, and another one confirms the emergency. Everything
that was begun is found again after a restart, and nothing is sent twice: an emergency knows the alert it was made of.
"""

from dataclasses import replace
from typing import Final

from controller.domain.cap_alerts import (
    AlertState,
    CapAlert,
    CapAlertId,
    Sending,
    SendingState,
    Status,
    held_back,
)
from controller.domain.emergencies import (
    Emergency,
    EmergencyId,
    EmergencyState,
    EndKind,
)
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, StoreFailed
from controller.domain.rights import Actor
from controller.domain.texts import shortened
from controller.services.cap.ahead import CapAhead
from controller.services.cap.book import CapBook
from controller.services.cap.drafts import drafted
from controller.services.cap.options import CapOptions
from controller.services.emergency.desk import EmergencyDesk
from controller.services.office import Office

_NAME: Final = 120
_BECAME: Final = {
    EmergencyState.SENT: SendingState.SENT,
    EmergencyState.ENDED: SendingState.ENDED,
    EmergencyState.WITHDRAWN: SendingState.DROPPED,
    EmergencyState.EXPIRED: SendingState.DROPPED,
    EmergencyState.FAILED: SendingState.FAILED,
}


class CapSendings:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, book: CapBook, desk: EmergencyDesk, ahead: CapAhead) -> None:
        self._book = book
        self._desk = desk
        self._ahead = ahead
        self._clock = office.clock
        self._around = office.areas.around
        self._options: CapOptions = office.settings.cap

    async def carry(self, alert_id: CapAlertId, sending_id: str) -> None:
        """Brings one sending as far as it goes without another person."""
        alert = await self._book.get(alert_id)
        sending = alert.sending(sending_id)
        if sending is None or sending.state is not SendingState.MAKING:
            return
        try:
            await self._carried(alert, sending)
        except StoreFailed:
            raise
        except LoaError as error:
            if error.code == "stop_all_latched" and sending.rule_id:
                await self._held_back(alert_id, sending_id)
                return
            failed = replace(sending, state=SendingState.FAILED, failure=error.code)
            await self._book.change(alert_id, lambda now: _noted(now, failed))

    async def _carried(self, alert: CapAlert, sending: Sending) -> None:
        emergency = await self._made(alert, sending)
        sending = replace(sending, emergency_id=emergency.emergency_id)
        await self._book.change(alert.alert_id, lambda now: _noted(now, sending))
        emergency = await self._desk.book.wait_ready(emergency.emergency_id)
        if emergency.state is EmergencyState.FAILED:
            raise Refused("its sound could not be made", code=emergency.failure or "tool_failed")
        if alert.trusted and sending.rule_id and alert.begins_at_us is not None:
            await self._clock.sleep_until(alert.begins_at_us)
        alert = await self._book.get(alert.alert_id)
        now = alert.sending(sending.sending_id)
        if now is None or now.state is not SendingState.MAKING or not _wanted(alert):
            await self._desk.withdraw(emergency.emergency_id, _first(alert, sending))
            return
        if emergency.state is EmergencyState.PREPARED and alert.trusted:
            emergency = await self._desk.confirm(emergency.emergency_id, _second(sending))
        await self.follow(alert.alert_id, emergency)

    async def _held_back(self, alert_id: CapAlertId, sending_id: str) -> None:
        """Everything was stopped since a rule decided: what that silences, no rule sends; a person decides."""

        def make(alert: CapAlert) -> CapAlert:
            sending = alert.sending(sending_id)
            if sending is None or sending.state is not SendingState.MAKING:
                return alert
            areas = [a.area_id for a in alert.areas if not self._around(a.area_id).isdisjoint(sending.area_ids)]
            return held_back(alert, sending, areas, self._clock.now_us())

        alert = await self._book.change(alert_id, make)
        sending = alert.sending(sending_id)
        if sending is not None and sending.emergency_id:
            await self._desk.withdraw(EmergencyId(sending.emergency_id), _first(alert, sending))

    async def _made(self, alert: CapAlert, sending: Sending) -> Emergency:
        """The emergency that is there already, or a new one."""
        if sending.emergency_id:
            return await self._desk.get(EmergencyId(sending.emergency_id))
        audio = await self._ahead.recording(alert, sending.messages)
        draft = drafted(alert, sending, self._clock.now_us(), self._options.heard_s, audio)
        for one in self._desk.open():
            if (
                one.draft.cap_id == alert.alert_id
                and one.draft.area_ids == draft.area_ids
                and (one.draft.texts == draft.texts)
            ):
                return one
        by = _first(alert, sending)
        await self._ahead.grant(draft)
        if sending.corrects:
            try:
                reason = shortened(alert.title or alert.key.identifier, 200) or "CAP"
                return await self._desk.correct(EmergencyId(sending.corrects), draft, by, reason)
            except (Refused, NotFound) as error:
                if error.code not in {"emergency_over", NotFound.code, "emergency_unknown"}:
                    raise
        return await self._desk.prepare(draft, by)

    async def follow(self, alert_id: CapAlertId, emergency: Emergency) -> None:
        """What became of an emergency is what became of its sending."""

        def make(alert: CapAlert) -> CapAlert:
            sending = next((one for one in alert.sendings if one.emergency_id == emergency.emergency_id), None)
            if sending is None:
                return alert
            return _noted(alert, replace(sending, state=_became(alert, sending, emergency)))

        await self._book.change(alert_id, make)

    async def end(self, alert: CapAlert, sending: Sending) -> None:
        """Takes it off the air, or back: what was cancelled is announced as over, what was replaced ends quietly."""
        state, by = SendingState.DROPPED, _first(alert, replace(sending, by="", person_id=""), any_trust=True)
        if sending.emergency_id:
            emergency = await self._desk.get(EmergencyId(sending.emergency_id))
            try:
                if emergency.on_air:
                    await self._silenced(emergency, by, all_clear=alert.state is AlertState.CANCELLED)
                elif emergency.open:
                    await self._desk.withdraw(emergency.emergency_id, by)
            except Refused:
                emergency = await self._desk.get(emergency.emergency_id)
                if emergency.on_air:
                    raise
            if emergency.confirmed is not None:
                state = SendingState.ENDED
        ended = replace(sending, state=state)
        await self._book.change(alert.alert_id, lambda now: _noted(now, ended))

    async def _silenced(self, emergency: Emergency, by: Actor, *, all_clear: bool) -> None:
        """Announced where that can be, else quietly."""
        try:
            await self._desk.end(emergency.emergency_id, by, all_clear=all_clear)
        except Invalid:
            if not all_clear:
                raise
            await self._desk.end(emergency.emergency_id, by, all_clear=False)

    def open_emergencies(self) -> tuple[Emergency, ...]:
        """Those that were made of alerts, and are not over."""
        return tuple(one for one in self._desk.open() if one.draft.cap_id)

    async def emergency(self, emergency_id: str) -> Emergency | None:
        """None where there is none (any more)."""
        try:
            return await self._desk.get(EmergencyId(emergency_id))
        except NotFound:
            return None


def _noted(alert: CapAlert, sending: Sending) -> CapAlert:
    """With the sending, which the sending of the alert may have changed meanwhile: what was dropped stays dropped."""
    now = alert.sending(sending.sending_id)
    if now is None or (now.state is SendingState.DROPPED and sending.state is not SendingState.DROPPED):
        return alert if now is None else alert.with_sending(replace(now, emergency_id=sending.emergency_id))
    noted = alert.with_sending(sending)
    return replace(noted, state=AlertState.OVER) if noted.done else noted


def _became(alert: CapAlert, sending: Sending, emergency: Emergency) -> SendingState:
    if emergency.end is EndKind.CORRECTED:
        return SendingState.REPLACED
    if emergency.state is EmergencyState.PREPARED:
        waits = SendingState.MAKING if alert.trusted else SendingState.PREPARED
        return sending.state if sending.state is SendingState.FAILED else waits
    return _BECAME.get(emergency.state, sending.state)


def _wanted(alert: CapAlert) -> bool:
    return alert.state in {AlertState.DECIDED, AlertState.HELD} or (
        alert.state is AlertState.NOT_ACTUAL and alert.status is Status.EXERCISE
    )


def _first(alert: CapAlert, sending: Sending, *, any_trust: bool = False) -> Actor:
    """Who prepares it: its sender where that is vouched for, else the person who took it."""
    if alert.trusted or any_trust:
        return Actor(name=shortened(f"CAP {alert.key.sender}", _NAME), scopes=(), rule_id=alert.alert_id)
    return Actor(name=sending.by, scopes=(), person_id=sending.person_id)


def _second(sending: Sending) -> Actor:
    """Who confirms it: the rule, or the person who decided."""
    if sending.rule_id:
        return Actor(name=shortened(sending.by or sending.rule_id, _NAME), scopes=(), rule_id=sending.rule_id)
    return Actor(name=sending.by, scopes=(), person_id=sending.person_id)
