"""Each speaker's rundown: compiled from what is planned, signed when it changes, pushed to who is there.

While the controller does not trust its own time it signs no rundown.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from agents.protocol.documents import Rundown, SignedDocument
from agents.protocol.ids import BulletinId, DeviceId, SpeakerId
from agents.protocol.values import DocumentKind
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.rundowns import Plan, compile_plan, outdated
from controller.domain.speakers import Speaker, SpeakerState
from controller.ports import Transaction
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.secretary import MustSign

_DAY_US: Final = 86_400_000_000
_CHECK_EVERY_US: Final = 60_000_000


class Rundowns:
    """Keeps every device's rundown current."""

    def __init__(self, office: Office, outbox: Outbox) -> None:
        self._store = office.store
        self._secretary = office.secretary
        self._clock = office.clock
        self._outbox = outbox
        self._settings = office.settings

    @property
    def time_trusted(self) -> bool:
        """False while nothing may be planned."""
        return self._settings.trust_system_clock or self._clock.synchronised()

    async def run(self) -> None:
        """Signs what is outdated once a minute: windows move on, and trust in the time comes and goes."""
        while True:
            await self._clock.sleep_until(self._clock.now_us() + _CHECK_EVERY_US)
            await self.refresh(None)

    async def refresh(self, speaker_ids: Iterable[SpeakerId] | None) -> None:
        """Signs and pushes the rundowns of these speakers (None: of all) that are outdated. Raises `StoreFailed`."""
        if not self.time_trusted:
            return
        async with self._store.reading() as tx:
            speakers = [speaker for speaker in await tx.speakers.all() if speaker.state is SpeakerState.ADOPTED]
        if speaker_ids is not None:
            wanted = set(speaker_ids)
            speakers = [speaker for speaker in speakers if speaker.speaker_id in wanted]
        await self._secretary.stock(DocumentKind.RUNDOWN, len(speakers))
        renewed: list[tuple[Rundown, SignedDocument]] = []
        async with self._store.transaction() as tx:
            airings, bulletins = await _planned(tx)
            for speaker in speakers:
                plan = self._plan(speaker, airings, bulletins)
                stored = await tx.documents.latest_rundown(speaker.device_id)
                if outdated(None if stored is None else stored[0], plan):
                    renewed.append(await self._signed(tx, speaker, plan))
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
        airings, bulletins = await _planned(tx)
        plan = self._plan(speaker, airings, bulletins)
        behind = stored is not None and stored[0].header.counter < above
        ours = stored is None or stored[0].header.key_id == self._secretary.key_id
        unknown = stored is None and above > 0
        if outdated(None if stored is None else stored[0], plan) or behind or unknown or not ours:
            if not signing:
                raise MustSign
            return await self._signed(tx, speaker, plan)
        return stored

    def _plan(self, speaker: Speaker, airings: Sequence[Airing], bulletins: dict[BulletinId, Bulletin]) -> Plan:
        window_us = round(self._settings.rundown_days * _DAY_US)
        return compile_plan(speaker.speaker_id, airings, bulletins, self._clock.now_us(), window_us)

    async def _signed(self, tx: Transaction, speaker: Speaker, plan: Plan) -> tuple[Rundown, SignedDocument]:
        document = Rundown(
            header=self._secretary.header(DocumentKind.RUNDOWN, plan.until_us),
            device_id=speaker.device_id,
            from_us=plan.from_us,
            until_us=plan.until_us,
            airings=plan.airings,
        )
        signed = self._secretary.sign(document)
        await tx.documents.put(document, signed)
        return document, signed


async def _planned(tx: Transaction) -> tuple[tuple[Airing, ...], dict[BulletinId, Bulletin]]:
    airings = tuple(airing for airing in await tx.airings.open() if not airing.now)
    bulletins = {bulletin_id: await tx.bulletins.get(bulletin_id) for bulletin_id in {a.bulletin_id for a in airings}}
    return airings, bulletins
