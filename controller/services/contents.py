"""What an airing would consist of: a bulletin or a programme, as it is now."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, ClipPart, Part
from agents.protocol.version import FRAMES_PER_SECOND, MAX_PARTS_A_SEQUENCE
from controller.domain.airings import ContentId
from controller.domain.bulletins import Bulletin, BulletinState, Origin, TuneId, content_parts, framed, frames_of
from controller.domain.drafts import check_length
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.handing_in import HandInState
from controller.domain.planning import master_of
from controller.domain.programmes import Programme, ProgrammeId, Relays, programme_parts, programme_relays
from controller.ports import Transaction
from controller.services.tunes import ready_tunes


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Ready to be sent. ``frames`` is how long it sounds, at 48 kHz; ``relays`` names those parts of the sequence
    that are a relay; ``spare`` is the `master_of` what is heard where one of them fails, by its bulletin.
    """

    content_id: ContentId
    title: str
    airing_class: AiringClass
    revision: int
    sequence: tuple[Part, ...]
    relays: Relays = field(default_factory=dict)
    spare: Mapping[BulletinId, str] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        return frames_of(self.sequence)

    @property
    def master(self) -> str:
        """Names exactly what is heard, as `master_of` does, and from where what is relayed: nobody knows that sound
        before it is heard, so an approval holds for the name, the sources, the length, and what is heard where they
        fail.
        """
        parts = master_of(self.sequence)
        if not self.relays:
            return parts
        named = [(number, one.name, one.sources, one.seconds) for number, one in sorted(self.relays.items())]
        return hashlib.sha256(json.dumps([parts, named, sorted(self.spare.items())]).encode()).hexdigest()


async def content_of(tx: Transaction, content_id: ContentId, at_us: int) -> Content:
    """What would be heard at an instant.

    Raises `NotFound`, `Refused` (``bulletin_not_ready``, ``bulletin_expired``, ``withdrawn``, ``tune_not_ready``,
    ``hand_in_open``, ``not_valid_yet``),
    `Invalid` (``too_many_items``, ``programme_too_long``).
    """
    found = await tx.bulletins.several([BulletinId(content_id)])
    if found:
        subject: Bulletin | Programme = found[BulletinId(content_id)]
    else:
        try:
            subject = await tx.programmes.get(ProgrammeId(content_id))
        except NotFound as error:
            raise NotFound(f"neither a bulletin nor a programme: {content_id}") from error
    tunes = await ready_tunes(tx)
    if isinstance(subject, Bulletin):
        bulletins = {subject.bulletin_id: subject}
    else:
        bulletins = await tx.bulletins.several(subject.needed_ids)
    content = heard_of(subject, bulletins, tunes)
    for bulletin in bulletins.values():
        await _require_allowed(tx, bulletin, at_us)
    return content


def heard_of(
    subject: Bulletin | Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> Content:
    """What would be heard of a bulletin, or of a programme with these bulletins, whenever that is.

    Raises `NotFound` (``bulletin_unknown``), `Refused` (``bulletin_not_ready``, ``withdrawn``, ``tune_not_ready``),
    `Invalid` (``too_many_items``, ``programme_too_long``).
    """
    sequence = _sequence(subject, bulletins, tunes)
    if len(sequence) > MAX_PARTS_A_SEQUENCE:
        raise Invalid(f"{len(sequence)} parts; at most {MAX_PARTS_A_SEQUENCE}", code="too_many_items")
    if isinstance(subject, Programme):
        check_length(frames_of(sequence) / FRAMES_PER_SECOND)
    relays = {} if isinstance(subject, Bulletin) else programme_relays(subject, bulletins, tunes)
    spare = {one.fallback_bulletin_id for one in relays.values()} - {None}
    return Content(
        content_id=subject.bulletin_id if isinstance(subject, Bulletin) else subject.programme_id,
        title=subject.title,
        airing_class=subject.airing_class,
        revision=subject.revision,
        sequence=sequence,
        relays=relays,
        spare={one: master_of(content_parts(bulletins[one])) for one in spare if one is not None},
    )


def _sequence(
    subject: Bulletin | Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> tuple[Part, ...]:
    if subject.withdrawn:
        raise Refused("it is withdrawn", code="withdrawn")
    wanted = {tune_id for tune_id in (subject.frame.opening, subject.frame.closing) if tune_id}
    if not wanted <= set(tunes):
        raise Refused("a signature tune is not ready", code="tune_not_ready")
    if isinstance(subject, Bulletin):
        _require_ready(subject)
        return framed(content_parts(subject), subject.frame, tunes)
    for bulletin_id in subject.needed_ids:
        if bulletin_id not in bulletins:
            raise NotFound(f"no bulletin {bulletin_id}", code="bulletin_unknown")
        _require_ready(bulletins[bulletin_id])
    return programme_parts(subject, bulletins, tunes)


async def _require_allowed(tx: Transaction, bulletin: Bulletin, at_us: int) -> None:
    if bulletin.expired(at_us):
        raise Refused(f"the bulletin {bulletin.bulletin_id} has expired", code="bulletin_expired")
    if bulletin.origin is not Origin.ABOVE:
        return
    hand_in = await tx.hand_ins.of_bulletin(bulletin.bulletin_id)
    if hand_in is None or hand_in.state is not HandInState.TAKEN:
        raise Refused(f"nobody has taken the bulletin {bulletin.bulletin_id}", code="hand_in_open")
    if not hand_in.begun(at_us):
        raise Refused(f"the bulletin {bulletin.bulletin_id} is not valid yet", code="not_valid_yet")


def _require_ready(bulletin: Bulletin) -> None:
    if bulletin.state is not BulletinState.READY or not bulletin.variants:
        raise Refused(f"the bulletin {bulletin.bulletin_id} is {bulletin.state}", code="bulletin_not_ready")
    if bulletin.withdrawn:
        raise Refused(f"the bulletin {bulletin.bulletin_id} is withdrawn", code="withdrawn")
