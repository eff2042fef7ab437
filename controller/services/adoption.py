"""How devices come to belong to this controller, and how they leave.

A device is written down before it is told, as "adopting": should its answer be lost, it is known when it dials as
adopted, and that is the proof that it took the adoption. Should it have refused, the entry is released again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from agents.protocol.documents import Audience, ReleaseDevice, SignedDocument
from agents.protocol.errors import PairingFailed
from agents.protocol.ids import AreaId, DeviceId, SpeakerId
from agents.protocol.pairing import EnrolmentToken, normalise_code
from agents.protocol.values import DocumentKind
from controller.domain import texts
from controller.domain.deeds import Deed, DeedKind
from controller.domain.enrolment import Token
from controller.domain.errors import Invalid, LoaError, NotFound, Refused, Unreachable
from controller.domain.speakers import FoundDevice, PairedDevice, Speaker, SpeakerState
from controller.ports import Links, Transaction
from controller.services.areabook import day_of
from controller.services.assignments import Assignments
from controller.services.events import FoundChanged, SpeakersChanged
from controller.services.office import Office
from controller.services.outbox import Outbox
from controller.services.releases import forget, keep
from controller.services.replacing import RELEASE_VALID_US, Replacing
from controller.services.secretary import fresh_id
from controller.services.together import Together
from schedules.areas import Area

NEW_AREA_LEVEL: Final = "village"
MAX_TOKEN_USES: Final = 10_000
MAX_TOKEN_DAYS: Final = 30


class Adoption:
    """Finding, adopting, enrolling and releasing devices."""

    def __init__(self, office: Office, links: Links, outbox: Outbox, assignments: Assignments) -> None:
        self._store = office.store
        self._links = links
        self._clock = office.clock
        self._secretary = office.secretary
        self._assignments = assignments
        self._outbox = outbox
        self._roster = office.roster
        self._areas = office.areas
        self._events = office.events
        self._planning = office.planning
        self._fleet = office.fleet
        self._replacing = Replacing(office)
        self._keys: Together[DeviceId, bytes] = Together(office.crew, "keys of devices", self._read_keys)

    def found(self) -> tuple[FoundDevice, ...]:
        """Devices that belong to nobody here, by name. One of ours that dials as new was reset, and is among them."""
        shown = [one for one in self._links.found() if one.linked or one.device_id not in self._roster.own]
        return tuple(sorted(shown, key=lambda device: (device.name, device.device_id)))

    async def areas(self) -> tuple[Area, ...]:
        """Where a device can be put, the station's own area before what lies in it: see `areabook.in_use`; without
        the wider areas, which are nobody's to put it in. Raises `StoreFailed`.
        """
        async with self._store.reading() as tx:
            return await self._areas.in_use(tx, self._clock.now_us(), wider=False)

    async def identify(self, device_id: DeviceId) -> int:
        """The device speaks its code; returns how many times are left. Raises `Unreachable`, `Refused`."""
        left = await self._links.identify(device_id)
        self._events.publish(FoundChanged())
        return left

    async def adopt(
        self,
        device_id: DeviceId,
        code: str,
        *,
        name: str = "",
        area_id: AreaId | None = None,
        new_area_name: str | None = None,
        by: str,
        replaces: SpeakerId | None = None,
    ) -> Speaker:
        """Pair by the typed code; ``new_area_name`` makes an area where ``area_id`` is None. With ``replaces``
        the device takes the place of the box of that speaker, which keeps its name, its area and all else.

        Raises `Invalid` (``name_empty``, ``name_too_long``, ``name_taken``, ``area_unknown``, ``code_malformed``),
        `NotFound` (``speaker_unknown``), `Unreachable`, `Refused` (see `ports.Links.adopt`; ``box_in_use``),
        `StoreFailed`.
        """
        name, digits = texts.name(name) if replaces is None else "", _digits(code)
        async with self._store.reading() as tx:
            if replaces is None:
                await _require_free_name(tx, name, device_id)
                await self._place(tx, area_id, new_area_name)
            else:
                await _require_replaceable(tx, replaces, device_id)
        await self._secretary.stock(DocumentKind.ASSIGNMENT)
        written = False

        async def assign(paired: PairedDevice) -> SignedDocument:
            nonlocal written
            if replaces is not None:
                signed = await self._standing_by(paired, replaces)
            else:
                signed = await self._placed(paired, name, area_id, new_area_name)
            written = True
            return signed

        try:
            paired = await self._links.adopt(device_id, digits, assign)
        except Unreachable:
            raise
        except LoaError:
            # Only what this attempt wrote: an earlier one, whose answer was lost, may have been taken by the device.
            if written:
                await self._undo(device_id)
            raise
        what = DeedKind.ADOPT if replaces is None else DeedKind.REPLACE_BOX
        return await self._confirmed(paired, Deed(at_us=self._clock.now_us(), by=by, what=what))

    async def _placed(
        self, paired: PairedDevice, name: str, area_id: AreaId | None, new_area_name: str | None
    ) -> SignedDocument:
        async with self._store.transaction() as tx:
            area, new = await self._place(tx, area_id, new_area_name)
            if new:
                await tx.areas.add(area)
            signed = await self._written(tx, paired, name, AreaId(area.area_id))
        if new:
            self._areas.put(area)
        return signed

    async def _standing_by(self, paired: PairedDevice, replaces: SpeakerId) -> SignedDocument:
        """An entry for the device, until it has proven that it took the adoption: see `replacing`. The speaker's own
        box, which was reset, needs none.
        """
        async with self._store.transaction() as tx:
            pole = await _require_replaceable(tx, replaces, paired.device_id)
            former = await tx.speakers.by_device(paired.device_id)
            standby = pole
            if former is None or former.speaker_id != replaces:
                standby = replace(
                    pole,
                    speaker_id=SpeakerId(fresh_id("s")) if former is None else former.speaker_id,
                    device_id=paired.device_id,
                    device_key=paired.device_key,
                    state=SpeakerState.ADOPTING,
                    adopted_at_us=self._clock.now_us(),
                    replaces=replaces,
                )
                await tx.speakers.put(standby)
            await keep(tx, paired.device_id, self._clock.now_us())
            await tx.documents.forget_device(paired.device_id)
            _, signed = await self._assignments.current(tx, standby)
            return signed

    async def _place(self, tx: Transaction, area_id: AreaId | None, new_area_name: str | None) -> tuple[Area, bool]:
        """The area that was chosen, and whether it is still to be made: below the station's own. Raises `Invalid`."""
        if area_id is not None:
            tree = await self._areas.knowing(tx, [area_id])
            if area_id not in tree or not tree.get(area_id).valid(day_of(self._clock.now_us())):
                raise Invalid(f"no area {area_id}", code="area_unknown")
            return tree.get(area_id), False
        if not texts.clean(new_area_name or ""):
            raise Invalid("no area was chosen", code="area_unknown")
        wanted = texts.name(new_area_name or "")
        areas = await self._areas.in_use(tx, self._clock.now_us(), wider=False)
        same = next((area for area in areas if area.name.casefold() == wanted.casefold()), None)
        if same is not None:
            return same, False
        home = self._areas.home()
        parent_id = None if home is None else home.area_id
        return Area(area_id=fresh_id("area"), parent_id=parent_id, level=NEW_AREA_LEVEL, name=wanted), True

    async def _written(self, tx: Transaction, paired: PairedDevice, name: str, area_id: AreaId) -> SignedDocument:
        """The speaker, as adopting, and its first assignment: a new one, even where the device was ours before."""
        former = await tx.speakers.by_device(paired.device_id)
        speaker = Speaker(
            speaker_id=SpeakerId(fresh_id("s")) if former is None else former.speaker_id,
            name=name,
            area_id=area_id,
            device_id=paired.device_id,
            device_key=paired.device_key,
            state=SpeakerState.ADOPTING,
            adopted_at_us=self._clock.now_us(),
        )
        await tx.speakers.put(speaker)
        await keep(tx, paired.device_id, self._clock.now_us())
        await tx.documents.forget_device(paired.device_id)
        _, signed = await self._assignments.current(tx, speaker)
        return signed

    async def _confirmed(self, paired: PairedDevice, deed: Deed) -> Speaker:
        async with self._store.reading() as tx:
            standby = await tx.speakers.by_device(paired.device_id)
            before = None if standby is None or standby.replaces is None else await tx.speakers.get(standby.replaces)
        if standby is not None and before is not None:
            await self._replacing.take_place(standby)
        async with self._store.transaction() as tx:
            speaker = await tx.speakers.by_device(paired.device_id)
            if speaker is None:
                raise Refused("the device was released meanwhile", code="device_gone")
            speaker = replace(speaker, state=SpeakerState.ADOPTED)
            await tx.speakers.put(speaker)
            await tx.deeds.add(replace(deed, subject=speaker.speaker_id, detail=speaker.name))
        self._roster.own.add(paired.device_id)
        if before is not None and before.device_id in self._outbox.connected():
            await self._links.disconnect(before.device_id)
        self._planning.wake()
        self._fleet.wake()
        self._events.publish(SpeakersChanged())
        self._events.publish(FoundChanged())
        return speaker

    async def _undo(self, device_id: DeviceId) -> None:
        async with self._store.transaction() as tx:
            speaker = await tx.speakers.by_device(device_id)
            if speaker is not None and speaker.state is SpeakerState.ADOPTING:
                await tx.speakers.put(replace(speaker, state=SpeakerState.RELEASED))
                await tx.documents.forget_device(device_id)

    async def release(self, speaker_id: SpeakerId, by: str, *, force: bool = False) -> Speaker:
        """The device forgets this controller; where it is away, at its next connect. ``force`` forgets the device at
        once, and leaves it to be reset by hand. Raises `NotFound`, `StoreFailed`.
        """
        await self._secretary.stock(DocumentKind.ORDER)
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            speaker = await tx.speakers.get(speaker_id)
            if speaker.state is SpeakerState.RELEASED:
                return speaker
            await tx.deeds.add(
                Deed(at_us=now_us, by=by, what=DeedKind.RELEASE, subject=speaker_id, detail="forced" if force else "")
            )
            order, signed = self._secretary.order(
                Audience(devices=(speaker.device_id,)), ReleaseDevice(), now_us + RELEASE_VALID_US
            )
            await tx.documents.put(order, signed)
            releasing = replace(speaker, state=SpeakerState.RELEASING)
            await tx.speakers.put(releasing)
        self._planning.wake()
        self._fleet.wake()
        self._events.publish(SpeakersChanged())
        there = speaker.device_id in self._outbox.connected()
        if there and await self._outbox.push(speaker.device_id, order, signed) is None:
            self._outbox.push_behind(speaker.device_id, order, signed)
        if force:
            await self._give_up(speaker.device_id)
        async with self._store.reading() as tx:
            return await tx.speakers.get(speaker_id)

    async def dialled_as_new(self, device_id: DeviceId) -> None:
        """This device has proven its key, and belongs to nobody: where it was being released, it is. Its word on the
        release may have been lost. Raises `StoreFailed`.
        """
        if device_id not in self._roster.own:
            return
        async with self._store.transaction() as tx:
            released = await forget(tx, device_id, self._clock.now_us())
        if released:
            self._roster.own.discard(device_id)
            self._events.publish(SpeakersChanged())
            self._events.publish(FoundChanged())

    async def _give_up(self, device_id: DeviceId) -> None:
        async with self._store.transaction() as tx:
            await forget(tx, device_id, self._clock.now_us())
        self._roster.own.discard(device_id)
        self._events.publish(SpeakersChanged())
        await self._links.disconnect(device_id)

    async def pinned_key(self, device_id: DeviceId) -> bytes | None:
        """The X25519 key to expect of a device that says it belongs here; None where it does not. Raises
        `StoreFailed`.
        """
        return await self._keys.get(device_id)

    async def _read_keys(self, device_ids: Sequence[DeviceId]) -> dict[DeviceId, bytes]:
        async with self._store.reading() as tx:
            found = await tx.speakers.by_devices(device_ids)
        return {device_id: speaker.device_key for device_id, speaker in found.items()}

    async def create_token(self, area_id: AreaId, uses: int, valid_s: int, by: str) -> Token:
        """An enrolment token for ``uses`` devices within ``valid_s`` seconds, at most 10,000 and 30 days.

        Raises `Invalid` (``token_out_of_range``), `NotFound` (``area_unknown``), `StoreFailed`.
        """
        if not 1 <= uses <= MAX_TOKEN_USES or not 1 <= valid_s <= MAX_TOKEN_DAYS * 86_400:
            raise Invalid("uses or time out of range", code="token_out_of_range")
        now_us = self._clock.now_us()
        secret = EnrolmentToken.generate(fresh_id("t"))
        token = Token(
            token_id=secret.token_id,
            text=secret.text(),
            area_id=area_id,
            uses_left=uses,
            expires_at_us=now_us + valid_s * 1_000_000,
            created_at_us=now_us,
            created_by=by,
        )
        async with self._store.transaction() as tx:
            await self._areas.path(tx, area_id)
            await tx.tokens.put(token)
            await tx.deeds.add(Deed(at_us=now_us, by=by, what=DeedKind.CREATE_TOKEN, subject=token.token_id))
        return token

    async def tokens(self) -> tuple[Token, ...]:
        """Every token, the newest first. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            return await tx.tokens.all()

    async def enrolment_token(self, token_id: str) -> EnrolmentToken | None:
        """The token's secret, to check a device's proof with; None where it is unknown or used up. Raises
        `StoreFailed`.
        """
        async with self._store.reading() as tx:
            token = await tx.tokens.get(token_id)
        if token is None or not token.usable(self._clock.now_us()):
            return None
        return EnrolmentToken.parse(token.text)

    async def enrol(self, token_id: str, paired: PairedDevice, name: str) -> SignedDocument:
        """The first assignment of a device whose proof was right; ``name`` is what it calls itself.

        The device becomes a speaker when it dials as adopted. Raises `Refused` (``token_used``), `StoreFailed`.
        """
        await self._secretary.stock(DocumentKind.ASSIGNMENT)
        now_us = self._clock.now_us()
        async with self._store.transaction() as tx:
            token = await tx.tokens.get(token_id)
            former = await tx.speakers.by_device(paired.device_id)
            again = former is not None and former.state is SpeakerState.ADOPTING
            if token is None or (not again and not token.usable(now_us)):
                raise Refused("the enrolment token is used up", code="token_used")
            if not again:
                await tx.tokens.put(replace(token, uses_left=token.uses_left - 1))
            taken = {speaker.name for speaker in await tx.speakers.all() if speaker.device_id != paired.device_id}
            signed = await self._written(tx, paired, _free_name(texts.clean(name), paired, taken), token.area_id)
            await tx.deeds.add(Deed(at_us=now_us, by=token_id, what=DeedKind.ENROL, subject=paired.device_id))
        self._events.publish(SpeakersChanged())
        return signed


def _digits(code: str) -> str:
    try:
        return normalise_code(code)
    except PairingFailed as error:
        raise Invalid(str(error), code="code_malformed") from error


async def _require_replaceable(tx: Transaction, replaces: SpeakerId, device_id: DeviceId) -> Speaker:
    """The speaker whose box is to be replaced. Raises `NotFound`, `Refused` (``box_in_use``)."""
    pole = await tx.speakers.get(replaces)
    if pole.state is not SpeakerState.ADOPTED:
        raise NotFound(f"the speaker {replaces} is released", code="speaker_unknown")
    former = await tx.speakers.by_device(device_id)
    if former is not None and former.state is SpeakerState.ADOPTED and former.speaker_id != replaces:
        raise Refused(f"this box hangs on {former.name}: release that speaker first", code="box_in_use")
    return pole


def _free_name(wanted: str, paired: PairedDevice, taken: set[str]) -> str:
    """What the device calls itself; where that is taken or empty, with its own id, which is not."""
    plain = " ".join(wanted.split())[:150]
    return plain if plain and plain not in taken else f"{plain} {paired.device_id}".strip()


async def _require_free_name(tx: Transaction, name: str, device_id: DeviceId) -> None:
    require_free_name(await tx.speakers.all(), name, device_id)


def require_free_name(speakers: Sequence[Speaker], name: str, device_id: DeviceId) -> None:
    """Raises `Invalid` (``name_taken``) where another speaker has this name."""
    for speaker in speakers:
        if speaker.name.casefold() == name.casefold() and speaker.device_id != device_id:
            raise Invalid(f"the name {name} is taken", code="name_taken")
