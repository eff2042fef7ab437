"""What an airing would consist of: a bulletin or a programme, as it is now."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, ClipPart, Part
from agents.protocol.version import MAX_PARTS_A_SEQUENCE
from controller.domain.airings import ContentId
from controller.domain.bulletins import Bulletin, BulletinState, Origin, TuneId, content_parts, framed, frames_of
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.handing_in import HandInState
from controller.domain.programmes import Programme, ProgrammeId, programme_parts
from controller.ports import Transaction
from controller.services.tunes import ready_tunes


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """Ready to be sent. ``frames`` is how long it sounds, at 48 kHz."""

    content_id: ContentId
    title: str
    airing_class: AiringClass
    revision: int
    sequence: tuple[Part, ...]

    @property
    def frames(self) -> int:
        return frames_of(self.sequence)


async def content_of(tx: Transaction, content_id: ContentId, at_us: int) -> Content:
    """What would be heard at an instant.

    Raises `NotFound`, `Refused` (``bulletin_not_ready``, ``bulletin_expired``, ``withdrawn``, ``tune_not_ready``,
    ``hand_in_open``, ``not_valid_yet``),
    `Invalid` (``too_many_items``).
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
        bulletins = await tx.bulletins.several(subject.bulletin_ids)
    sequence = sequence_of(subject, bulletins, tunes)
    for bulletin in bulletins.values():
        await _require_allowed(tx, bulletin, at_us)
    return Content(
        content_id=content_id,
        title=subject.title,
        airing_class=subject.airing_class,
        revision=subject.revision,
        sequence=sequence,
    )


def sequence_of(
    subject: Bulletin | Programme, bulletins: Mapping[BulletinId, Bulletin], tunes: Mapping[TuneId, ClipPart]
) -> tuple[Part, ...]:
    """What would be heard of a bulletin, or of a programme with these bulletins, whenever that is.

    Raises `NotFound` (``bulletin_unknown``), `Refused` (``bulletin_not_ready``, ``withdrawn``, ``tune_not_ready``),
    `Invalid` (``too_many_items``).
    """
    if subject.withdrawn:
        raise Refused("it is withdrawn", code="withdrawn")
    wanted = {tune_id for tune_id in (subject.frame.opening, subject.frame.closing) if tune_id}
    if not wanted <= set(tunes):
        raise Refused("a signature tune is not ready", code="tune_not_ready")
    if isinstance(subject, Bulletin):
        _require_ready(subject)
        sequence = framed(content_parts(subject), subject.frame, tunes)
    else:
        for bulletin_id in subject.bulletin_ids:
            if bulletin_id not in bulletins:
                raise NotFound(f"no bulletin {bulletin_id}", code="bulletin_unknown")
            _require_ready(bulletins[bulletin_id])
        sequence = programme_parts(subject, bulletins, tunes)
    if len(sequence) > MAX_PARTS_A_SEQUENCE:
        raise Invalid(f"{len(sequence)} parts; at most {MAX_PARTS_A_SEQUENCE}", code="too_many_items")
    return sequence


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
