"""What each device is told to be."""

from typing import Final

from msgspec import structs

from agents.protocol.documents import Assignment, Header, SignedDocument
from agents.protocol.ids import AreaId
from agents.protocol.values import AiringClass, DocumentKind, TrustedKey
from controller.domain.groups import NO_GROUPS, Grouping
from controller.domain.speakers import Speaker
from controller.ports import Transaction
from controller.services.office import Office
from controller.services.pins import Pins
from controller.services.secretary import MustSign

_VALID_US: Final = 3_650 * 86_400_000_000
_EVERYWHERE: Final = "*"


class Assignments:
    """Makes assignments from speakers. `Secretary.stock` must have run before, outside the transaction."""

    def __init__(self, office: Office, pins: Pins) -> None:
        self._pins = pins
        self._secretary = office.secretary
        self._clock = office.clock
        self._settings = office.settings
        self._areas = office.areas

    async def current(
        self, tx: Transaction, speaker: Speaker, above: int = 0, *, signing: bool = True, pinning: bool = False
    ) -> tuple[Assignment, SignedDocument]:
        """The speaker's assignment as it should be: the stored one where it still says so, else a new one, stored.

        ``above`` is the counter its device knows; an older document is signed again. Without ``signing`` nothing is
        written: raises `MustSign` where a new one is needed. Only with ``pinning`` are other pinned clips a reason for
        a new one: they change for all speakers at once, and are told to a few at a time.
        """
        path = await self._areas.path(tx, speaker.area_id)
        grouping = (await tx.groups.of([speaker.speaker_id])).get(speaker.speaker_id, NO_GROUPS)
        stored = await tx.documents.latest_assignment(speaker.device_id)
        if stored is not None and self.still_says(stored[0], speaker, path, grouping, above, pinning=pinning):
            return stored
        if not signing:
            raise MustSign
        header = self._secretary.header(DocumentKind.ASSIGNMENT, self._clock.now_us() + _VALID_US)
        made = self._written(speaker, path, grouping, header)
        signed = self._secretary.sign(made)
        await tx.documents.put(made, signed)
        return made, signed

    def still_says(
        self,
        stored: Assignment,
        speaker: Speaker,
        path: tuple[AreaId, ...],
        grouping: Grouping,
        above: int,
        *,
        pinning: bool = False,
    ) -> bool:
        """Whether the stored assignment is the speaker's as it should be; see `current`."""
        header = stored.header
        written = self._written(speaker, path, grouping, header)
        same = stored == (written if pinning else structs.replace(written, pinned=stored.pinned))
        return same and header.key_id == self._secretary.key_id and header.counter >= above

    async def lacks_pins(self, tx: Transaction, speaker: Speaker) -> bool:
        """Whether what was signed for it last names other pinned clips than it should keep."""
        stored = await tx.documents.latest_assignment(speaker.device_id)
        path = await self._areas.path(tx, speaker.area_id)
        return stored is not None and stored[0].pinned != self._pins.of(path, speaker.rendition)

    def _written(self, speaker: Speaker, path: tuple[AreaId, ...], grouping: Grouping, header: Header) -> Assignment:
        return Assignment(
            header=header,
            device_id=speaker.device_id,
            speaker_id=speaker.speaker_id,
            speaker_name=speaker.name,
            area_path=path,
            groups=grouping.group_ids,
            delay_us=speaker.delay_us + grouping.stagger_us,
            volume_percent=speaker.volume_percent,
            max_volume_percent=speaker.max_volume_percent,
            rendition=speaker.rendition,
            trusted_keys=(self._own_key(),),
            controller_urls=self._settings.controller_urls,
            profile=speaker.profile,
            pinned=self._pins.of(path, speaker.rendition),
        )

    def _own_key(self) -> TrustedKey:
        return TrustedKey(
            key_id=self._secretary.key_id,
            public_key=self._secretary.public_key,
            kinds=tuple(DocumentKind),
            classes=tuple(AiringClass),
            areas=(_EVERYWHERE,),
        )
