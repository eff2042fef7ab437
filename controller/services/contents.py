"""What an airing would consist of: a bulletin or a programme, as it is now."""

from dataclasses import dataclass

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, Part
from agents.protocol.version import MAX_PARTS_A_SEQUENCE
from controller.domain.airings import ContentId
from controller.domain.bulletins import Bulletin, BulletinState, Origin, content_parts, framed, frames_of
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
    if subject.withdrawn:
        raise Refused("it is withdrawn", code="withdrawn")
    sequence = await _sequence(tx, subject, at_us)
    if len(sequence) > MAX_PARTS_A_SEQUENCE:
        raise Invalid(f"{len(sequence)} parts; at most {MAX_PARTS_A_SEQUENCE}", code="too_many_items")
    return Content(
        content_id=content_id,
        title=subject.title,
        airing_class=subject.airing_class,
        revision=subject.revision,
        sequence=sequence,
    )


async def _sequence(tx: Transaction, subject: Bulletin | Programme, at_us: int) -> tuple[Part, ...]:
    tunes = dict(await ready_tunes(tx))
    wanted = {tune_id for tune_id in (subject.frame.opening, subject.frame.closing) if tune_id}
    if not wanted <= set(tunes):
        raise Refused("a signature tune is not ready", code="tune_not_ready")
    if isinstance(subject, Bulletin):
        await _require_allowed(tx, subject, at_us)
        return framed(content_parts(subject), subject.frame, tunes)
    bulletins = await tx.bulletins.several(subject.bulletin_ids)
    for bulletin_id in subject.bulletin_ids:
        if bulletin_id not in bulletins:
            raise NotFound(f"no bulletin {bulletin_id}", code="bulletin_unknown")
        await _require_allowed(tx, bulletins[bulletin_id], at_us)
    return programme_parts(subject, bulletins, tunes)


async def _require_allowed(tx: Transaction, bulletin: Bulletin, at_us: int) -> None:
    _require_ready(bulletin, at_us)
    if bulletin.origin is not Origin.ABOVE:
        return
    hand_in = await tx.hand_ins.of_bulletin(bulletin.bulletin_id)
    if hand_in is None or hand_in.state is not HandInState.TAKEN:
        raise Refused(f"nobody has taken the bulletin {bulletin.bulletin_id}", code="hand_in_open")
    if not hand_in.begun(at_us):
        raise Refused(f"the bulletin {bulletin.bulletin_id} is not valid yet", code="not_valid_yet")


def _require_ready(bulletin: Bulletin, at_us: int) -> None:
    if bulletin.state is not BulletinState.READY or not bulletin.variants:
        raise Refused(f"the bulletin {bulletin.bulletin_id} is {bulletin.state}", code="bulletin_not_ready")
    if bulletin.withdrawn:
        raise Refused(f"the bulletin {bulletin.bulletin_id} is withdrawn", code="withdrawn")
    if bulletin.expired(at_us):
        raise Refused(f"the bulletin {bulletin.bulletin_id} has expired", code="bulletin_expired")
