"""The emergency desk: prepare, have another person confirm, correct, end.

Rules: who may do what where is asked of the route; that it takes two persons is asked here, whatever way it came. A
decision is taken between two steps of the event loop, from memory alone: nobody sends twice what two persons confirm
at once. What is sent is in force at once; the database follows, and is tried again until it has it. What happens by
itself is for `emergency.watch`.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from agents.protocol.ids import AiringId, AreaId, DocumentId
from controller.domain import emergencies as rules
from controller.domain import emergency_sound
from controller.domain.alarm_board import Board, Reach
from controller.domain.deeds import DeedKind
from controller.domain.emergencies import (
    MOST_AREAS,
    MOST_REFERENCES,
    By,
    Emergency,
    EmergencyDraft,
    EmergencyId,
    EmergencyKind,
    EmergencyState,
    EndKind,
)
from controller.domain.errors import Invalid, Refused
from controller.domain.hazard_templates import TEMPLATES
from controller.domain.hazards import Template
from controller.domain.rights import Actor
from controller.domain.speakers import Speaker
from controller.services.emergency.alarm import Alarm
from controller.services.emergency.boards import AlarmBoards
from controller.services.emergency.book import EmergencyBook, deed
from controller.services.emergency.once import Once
from controller.services.emergency.policies import EmergencyPolicies
from controller.services.emergency.sounds import EmergencySounds
from controller.services.emergency.withdrawals import Withdrawals
from controller.services.office import Office
from controller.services.secretary import fresh_id
from controller.services.stops import Stops

_ANSWER_TITLES: Final = {EmergencyKind.CORRECTION: "Đính chính", EmergencyKind.ALL_CLEAR: "Báo an"}


class EmergencyDesk:
    """``book`` is what is open, ``boards`` what devices say, ``policies`` what areas allow. Every method that asks the
    database raises `StoreFailed` too.
    """

    def __init__(
        self,
        office: Office,
        sounds: EmergencySounds,
        alarm: Alarm,
        stops: Stops,
        boards: AlarmBoards,
    ) -> None:
        self._office = office
        self._store = office.store
        self._clock = office.clock
        self._crew = office.crew
        self._sounds = sounds
        self._alarm = alarm
        self._stops = stops
        self.boards: Final = boards
        self.book: Final = EmergencyBook(office)
        self.withdrawals: Final = Withdrawals(office, self.book)
        self.policies: Final = EmergencyPolicies(office)
        self.once: Final = Once(office.clock)
        self.get: Final = self.book.get
        self.open: Final = self.book.open
        self.latest: Final = self.book.latest
        self.readiness: Final = boards.readiness
        self.policy: Final = self.policies.told
        self._again: Final = asyncio.Lock()

    def templates(self) -> tuple[Template, ...]:
        """What can be said of which hazard, in the order in which it is offered."""
        return TEMPLATES

    async def board(self, emergency_id: EmergencyId) -> Board:
        """Speaker by speaker what devices said. Raises `NotFound` (``emergency_unknown``)."""
        return await self.boards.of(await self.book.get(emergency_id))

    # --- preparing ----------------------------------------------------------------------------------------------------

    async def prepare(
        self, draft: EmergencyDraft, by: Actor, reason: str = "", again_of: EmergencyId | None = None
    ) -> Emergency:
        """An emergency whose sounds are being made; it waits for the second person when they are ready. ``reason`` is
        kept with it: why it puts right what was said.

        Raises `Invalid` (``areas_missing``, ``text_empty``, ``text_too_long``, ``slot_missing``, ``slot_unknown``,
        ``slot_too_long``, ``language_unknown``, ``lasts_out_of_range``, ``validity_passed``, ``title_too_long``,
        ``too_many_references``), `NotFound` (``area_unknown``, ``template_unknown``, ``emergency_unknown``: a
        reference), `Refused` (``drill_and_real``).
        """
        draft = self._checked(draft)
        sounds = self._sounds.new(draft, by.name)
        who = self.book.by(by)
        answers = draft.references[0] if draft.references else None
        prepared = Emergency(
            emergency_id=EmergencyId(fresh_id("e")),
            draft=draft,
            kind=EmergencyKind.ALARM,
            state=EmergencyState.PREPARING,
            title=emergency_sound.title_of(draft),
            airing_id=AiringId(fresh_id("a")),
            order_id=DocumentId(fresh_id("o")),
            prepared=who,
            changed_at_us=who.at_us,
            sound_ids={language: sound.sound_id for language, sound in sounds.items()},
            answers=answers,
            reason=reason,
            again_of=again_of,
        )
        async with self._store.transaction() as tx:
            await self._sounds.store(tx, sounds)
            await tx.emergencies.put(prepared)
            await tx.deeds.add(deed(prepared, DeedKind.PREPARE_EMERGENCY, who, reason))
        self._sounds.begin(sounds)
        self.book.remember([prepared])
        self.make(prepared)
        return prepared

    async def again(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """Prepares once more what a stop silenced, where it did: nothing begins again by itself, and two persons send
        it as any other. The one that waits already, where there is one, also where somebody else asks for it at the
        same moment. Raises `NotFound`, `Refused` (``emergency_not_stopped``, ``stopped_too_scattered``), and what
        `prepare` raises.
        """
        async with self._again:
            emergency = await self.book.get(emergency_id)
            draft = rules.again_draft(emergency, await self._stopped(emergency) if emergency.on_air else ())
            return self.book.again_of(emergency_id) or await self.prepare(draft, by, again_of=emergency_id)

    async def _stopped(self, emergency: Emergency) -> tuple[AreaId, ...]:
        """In which areas a stop silenced it. A speaker that was released stands in none any more."""
        lines = (await self.boards.of(emergency)).lines
        silent = {line.speaker_id: line.area_id for line in lines if line.reach is Reach.STOPPED and line.area_id}
        path, meant = self.policies.path, {self.policies.path(one)[-1] for one in emergency.draft.area_ids}
        there = self._office.whereabouts.meant(meant, self._office.areas.around)
        going = {one.area_id for one in there if one.speaker_id not in silent}
        return rules.fewest_areas(map(path, dict.fromkeys(silent.values())), map(path, going), meant)

    def _checked(self, draft: EmergencyDraft) -> EmergencyDraft:
        if not 0 < len(draft.area_ids) <= MOST_AREAS:
            raise Invalid(f"1 to {MOST_AREAS} areas", code="areas_missing")
        areas = dict.fromkeys(self.policies.path(area_id)[-1] for area_id in draft.area_ids)
        if draft.lasts_s is not None and not 0 < draft.lasts_s <= emergency_sound.LONGEST_LASTS_S:
            raise Invalid(f"{draft.lasts_s} s", code="lasts_out_of_range")
        if draft.expires_at_us is not None and draft.expires_at_us <= self._clock.now_us():
            raise Invalid("the end has passed", code="validity_passed")
        if len(draft.references) > MOST_REFERENCES:
            raise Invalid(f"at most {MOST_REFERENCES}", code="too_many_references")
        rules.require_same_nature(draft.drill, [self.book.require(one) for one in draft.references])
        limit = self._office.settings.text_max_letters
        texts = {language: rules.checked_text(text, limit) for language, text in draft.texts.items()}
        return replace(draft, area_ids=tuple(areas), texts=texts, siren=draft.siren and not draft.drill)

    def make(self, emergency: Emergency) -> None:
        """Sees to it that its sounds are made, in the background."""
        self._crew.spawn(self._made(emergency), f"prepare {emergency.emergency_id}")

    async def _made(self, emergency: Emergency) -> None:
        outcome = await self._sounds.outcome(emergency)
        now = self.book.known(emergency.emergency_id)
        if now is None or now.state is not EmergencyState.PREPARING:
            return  # withdrawn meanwhile
        now_us = self._clock.now_us()
        after = rules.failed(now, outcome, now_us) if isinstance(outcome, str) else rules.ready(now, outcome, now_us)
        self.book.remember([after])
        await self.book.store(after)

    async def repair(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """Makes again what failed of its sounds. Raises `NotFound`, `Refused` (``emergency_decided``)."""
        emergency = self.book.require(emergency_id)
        if emergency.state is not EmergencyState.FAILED:
            raise Refused(f"it is {emergency.state}", code="emergency_decided")
        again = replace(emergency, state=EmergencyState.PREPARING, failure=None, changed_at_us=self._clock.now_us())
        await self._sounds.again(again)
        what = deed(again, DeedKind.PREPARE_EMERGENCY, self.book.by(by), "again")
        await self.book.settle(emergency, again, what)
        if self.book.current(again) is not again:
            raise Refused("somebody has decided about it", code="emergency_decided")
        self.make(again)
        return again

    async def withdraw(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """It is not sent, whatever the database does. Raises `NotFound`, `Refused` (``emergency_decided``)."""
        emergency = await self.book.get(emergency_id)
        if emergency.state not in rules.UNSENT_STATES:
            raise Refused(f"it is {emergency.state}", code="emergency_decided")
        return await self.withdrawals.withdraw(emergency, self.book.by(by))

    # --- sending ------------------------------------------------------------------------------------------------------

    async def confirm(self, emergency_id: EmergencyId, by: Actor) -> Emergency:
        """Sends what another person prepared.

        Raises `NotFound`, `Refused` (``emergency_not_ready``, ``emergency_decided``, ``emergency_expired``,
        ``person_needed``, ``second_person_needed``, ``stop_all_latched``, ``emergency_over``: what it was to
        replace was answered meanwhile).
        """
        emergency = await self._prepared(emergency_id)
        rules.require_second(emergency, by, self.policies.of(emergency.draft.area_ids))
        who = self.book.by(by)
        return await self._sent(replace(emergency, confirmed=who), who, DeedKind.CONFIRM_EMERGENCY)

    async def break_glass(self, emergency_id: EmergencyId, by: Actor, reason: str) -> Emergency:
        """Sends it alone. Raises what `confirm` raises, `Refused` (``break_glass_forbidden``), `Invalid`
        (``reason_missing``, ``reason_too_long``).
        """
        emergency = await self._prepared(emergency_id)
        reason = rules.require_alone(by, self.policies.of(emergency.draft.area_ids), reason)
        who = self.book.by(by)
        alone = replace(emergency, confirmed=who, broken_glass=True, reason=reason)
        return await self._sent(alone, who, DeedKind.BREAK_GLASS, reason)

    async def _prepared(self, emergency_id: EmergencyId) -> Emergency:
        emergency = await self.book.get(emergency_id)
        rules.require_prepared(emergency, self._clock.now_us() + self._alarm.lead_us)
        for one in map(self.book.remembered, emergency.draft.references):
            if one is not None:
                rules.require_unanswered(emergency, one)
        if self._stops.silences(emergency.draft.area_ids):
            raise Refused("all of it is stopped", code="stop_all_latched")
        return emergency

    async def _sent(self, emergency: Emergency, by: By, what: DeedKind, detail: str = "") -> Emergency:
        """Nothing waits between the decision and the signature: whoever comes next finds it sent."""
        replaced = [one for one in map(self.book.known, emergency.draft.references) if one is not None and one.on_air]
        end = EndKind.ALL_CLEAR if emergency.kind is EmergencyKind.ALL_CLEAR else EndKind.CORRECTED
        ended = [replace(rules.over(one, end, by), answered_by=emergency.emergency_id) for one in replaced]
        sending = replace(emergency, state=EmergencyState.SENT, changed_at_us=by.at_us)
        sent, send = self._alarm.sign(sending, self._targets([sending, *ended]), ended)
        self.book.remember([sent, *ended])
        await send(deed(sent, what, by, detail))
        return sent

    # --- correcting and ending ----------------------------------------------------------------------------------------

    async def correct(
        self, emergency_id: EmergencyId, draft: EmergencyDraft | None, by: Actor, reason: str
    ) -> Emergency:
        """Without a draft the prepared correction is sent at once, by one person; with one it is prepared as any
        emergency is, and replaces the old one when it is confirmed. Returns the new emergency.

        Raises `NotFound`, `Refused` (``emergency_over``, ``person_needed``), `Invalid` (``reason_missing``,
        ``reason_too_long``, ``template_not_made``), and what `prepare` raises.
        """
        emergency = await self.book.get(emergency_id)
        rules.require_on_air(emergency)
        reason = rules.checked_reason(reason)
        if draft is not None:
            return await self.prepare(replace(draft, references=(emergency_id,)), by, reason)
        return await self._answered(emergency, EmergencyKind.CORRECTION, by, reason)

    async def end(self, emergency_id: EmergencyId, by: Actor, *, all_clear: bool) -> Emergency:
        """It is over: announced, or quietly. Returns it as it has ended. Raises `NotFound`, `Refused`
        (``emergency_over``, ``person_needed``), `Invalid` (``template_not_made``).
        """
        emergency = await self.book.get(emergency_id)
        rules.require_on_air(emergency)
        if all_clear:
            await self._answered(emergency, EmergencyKind.ALL_CLEAR, by, "")
            return await self.book.get(emergency_id)
        rules.require_responsible(emergency, by)
        who = self.book.by(by)
        ended = rules.over(emergency, EndKind.QUIET, who)
        self.book.remember([ended])
        await self._alarm.end(ended, self._targets([ended]), deed(ended, DeedKind.END_EMERGENCY, who))
        return ended

    async def _answered(self, emergency: Emergency, kind: EmergencyKind, by: Actor, reason: str) -> Emergency:
        """The prepared words go out at once: each second of what was wrong is one too many."""
        rules.require_responsible(emergency, by)
        parts = await self._sounds.answer(emergency.draft, kind)
        rules.require_on_air(self.book.current(emergency))  # somebody else was faster
        who = self.book.by(by)
        answer = Emergency(
            emergency_id=EmergencyId(fresh_id("e")),
            draft=rules.answer_draft(emergency),
            kind=kind,
            state=EmergencyState.PREPARED,
            title=f"{_ANSWER_TITLES[kind]}: {emergency.title}"[:200],
            airing_id=AiringId(fresh_id("a")),
            order_id=DocumentId(fresh_id("o")),
            prepared=who,
            confirmed=who,
            changed_at_us=who.at_us,
            sequence=parts,
            reason=reason,
            answers=emergency.emergency_id,
        )
        correction = kind is EmergencyKind.CORRECTION
        what = DeedKind.CORRECT_EMERGENCY if correction else DeedKind.END_EMERGENCY
        return await self._sent(answer, who, what, reason)

    def _targets(self, emergencies: Iterable[Emergency]) -> tuple[Speaker, ...]:
        areas = dict.fromkeys(area_id for one in emergencies for area_id in one.draft.area_ids)
        return self._office.whereabouts.meant(areas, self._office.areas.around)
