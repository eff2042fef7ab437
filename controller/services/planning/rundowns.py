"""Each speaker's rundown: compiled from what is planned, signed when it changes, pushed to who is there.

While the controller does not trust its own time it signs no rundown.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from msgspec import structs

from agents.protocol.documents import Rundown, SignedDocument
from agents.protocol.ids import AiringId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain.airings import Airing
from controller.domain.errors import StoreFailed
from controller.domain.rundowns import Plan, Wired, compile_plan, outdated, wired
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.limits import Limits
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.secretary import MustSign
from controller.services.waiting import first_of

_log = logging.getLogger(__name__)
_DAY_US: Final = 86_400_000_000
_CHECK_EVERY_US: Final = 60_000_000
_AT_ONCE: Final = 40


class Rundowns:
    """Keeps every device's rundown current."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._store = office.store
        self._secretary = office.secretary
        self._clock = office.clock
        self._outbox = outbox
        self._board = office.board
        self._settings = office.settings
        self._woken = asyncio.Event()
        self.limits: Final = Limits()
        self._signed_for: dict[tuple[SpeakerId, DeviceId], Rundown] = {}
        self._wired: dict[AiringId, tuple[Airing, Wired]] = {}

    @property
    def time_trusted(self) -> bool:
        """False while nothing may be planned."""
        return self._settings.trust_system_clock or self._clock.synchronised()

    def wake(self) -> None:
        """Look at once: the trust in the time has changed."""
        self._woken.set()

    async def run(self) -> None:
        """Signs what is outdated once a minute: windows move on. A database that fails delays it, and ends nothing."""
        while True:
            await first_of(self._woken.wait(), self._clock.sleep_until(self._clock.now_us() + _CHECK_EVERY_US))
            self._woken.clear()
            try:
                await self.refresh(None)
            except StoreFailed:
                _log.exception("rundowns wait for the database")
            except Exception:
                # One rundown that cannot be made must not end the desk, and with it every stop.
                _log.exception("rundowns could not be made")

    async def refresh(self, speaker_ids: Iterable[SpeakerId] | None) -> None:
        """Signs and pushes the rundowns of these speakers (None: of all) that are outdated. Raises `StoreFailed`."""
        if not self.time_trusted:
            return
        wanted = None if speaker_ids is None else sorted(set(speaker_ids))
        if wanted is not None and not wanted:
            return
        async with self._store.reading() as tx:
            found = await tx.speakers.all() if wanted is None else (await tx.speakers.several(wanted)).values()
        speakers = [speaker for speaker in found if speaker.state is SpeakerState.ADOPTED]
        if wanted is None:
            self._forget(speakers)
        lacking: list[Speaker] = []
        for start in range(0, len(speakers), _AT_ONCE):
            async with self._store.reading() as tx:
                lacking.extend(await self._outdated(tx, speakers[start : start + _AT_ONCE]))
        for start in range(0, len(lacking), _AT_ONCE):
            await self._renew(lacking[start : start + _AT_ONCE])

    def _forget(self, speakers: Iterable[Speaker]) -> None:
        """What is no more is not kept."""
        there = {(speaker.speaker_id, speaker.device_id) for speaker in speakers}
        self._signed_for = {who: signed for who, signed in self._signed_for.items() if who in there}
        self._wired = {one: known for one, known in self._wired.items() if self._board.get(one) is not None}

    async def _outdated(self, tx: Transaction, speakers: Sequence[Speaker]) -> list[Speaker]:
        """What was signed is read once; after that it is known, and compared without being read."""
        last = await self.last_signed(tx, speakers)
        lacking: list[Speaker] = []
        for speaker in speakers:
            await asyncio.sleep(0)  # a plan of many airings takes a moment: links and pages go on in between
            who, plan = (speaker.speaker_id, speaker.device_id), self._plan(speaker)
            signed = last.get(speaker.device_id)
            if outdated(signed, plan):
                lacking.append(speaker)
            elif signed is not None:
                # The same, of parts that all speakers share: cheap to keep, and to compare with.
                self._signed_for[who] = structs.replace(signed, airings=plan.airings)
        return lacking

    async def last_signed(self, tx: Transaction, speakers: Sequence[Speaker]) -> dict[DeviceId, Rundown]:
        """What was signed last for each of them, where there is anything."""
        known = {one.device_id: self._signed_for.get((one.speaker_id, one.device_id)) for one in speakers}
        read = await tx.documents.latest_rundowns([who for who, signed in known.items() if signed is None])
        return read | {who: signed for who, signed in known.items() if signed is not None}

    def has_it(self, speaker: Speaker, signed: Rundown | None, known: int) -> bool:
        """True when the device, which knows the counter ``known``, has the rundown it should have: ``signed``, which is
        the last, or none.
        """
        if (0 if signed is None else signed.header.counter) != known:
            return False
        if not self.time_trusted:
            return True
        ours = signed is None or signed.header.key_id == self._secretary.key_id
        return ours and not outdated(signed, self._plan(speaker))

    async def _renew(self, speakers: Sequence[Speaker]) -> None:
        """Signs for these, and pushes; not for too many at a time, because others wait to write."""
        await self._secretary.stock(DocumentKind.RUNDOWN, len(speakers))
        async with self._store.transaction() as tx:
            # Another may have signed them while this waited for its turn.
            lacking = await self._outdated(tx, speakers)
            renewed = []
            for speaker in lacking:
                renewed.append(await self._signed(tx, speaker, self._plan(speaker)))
                await asyncio.sleep(0)
        connected = self._outbox.connected()
        for document, signed in renewed:
            device_id = DeviceId(document.device_id)
            if device_id in connected:
                self._outbox.push_behind(device_id, document, signed)

    async def current(
        self, tx: Transaction, speaker: Speaker, above: int = 0, *, signing: bool = True
    ) -> tuple[Rundown, SignedDocument] | None:
        """The rundown the speaker's device should have, None where it needs none. ``above`` and ``signing`` as for an
        assignment.

        `Secretary.stock` must have run before, outside the transaction.
        """
        stored = await tx.documents.latest_rundown(speaker.device_id)
        if not self.time_trusted:
            return stored
        plan = self._plan(speaker)
        behind = stored is not None and stored[0].header.counter < above
        ours = stored is None or stored[0].header.key_id == self._secretary.key_id
        unknown = stored is None and above > 0
        if outdated(None if stored is None else stored[0], plan) or behind or unknown or not ours:
            if not signing:
                raise MustSign
            return await self._signed(tx, speaker, plan)
        return stored

    def _plan(self, speaker: Speaker) -> Plan:
        """From the open airings that this speaker takes part in; the board holds them all, by speaker."""
        airings = [entry.airing for entry in self._board.of_speaker(speaker.speaker_id)]
        window_us = round(self._settings.rundown_days * _DAY_US)
        plan = compile_plan(airings, self._clock.now_us(), window_us, self._on_wire)
        return replace(plan, guards=self.limits.on_wire(speaker.speaker_id, plan.from_us, plan.until_us))

    def _on_wire(self, airing: Airing) -> Wired:
        """The same object for every speaker, for as long as the airing is the same."""
        known = self._wired.get(airing.airing_id)
        if known is None or known[0] is not airing:
            known = self._wired[airing.airing_id] = airing, wired(airing)
        return known[1]

    async def _signed(self, tx: Transaction, speaker: Speaker, plan: Plan) -> tuple[Rundown, SignedDocument]:
        document = Rundown(
            header=self._secretary.header(DocumentKind.RUNDOWN, plan.until_us),
            device_id=speaker.device_id,
            from_us=plan.from_us,
            until_us=plan.until_us,
            airings=plan.airings,
            guards=plan.guards,
        )
        signed = self._secretary.sign(document)
        await tx.documents.put(document, signed)
        self._signed_for.pop((speaker.speaker_id, speaker.device_id), None)
        return document, signed
