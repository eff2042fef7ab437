"""What bulletins and programmes were: their states as plain JSON, and back."""

from dataclasses import asdict
from typing import Any

from agents.protocol.values import AiringClass
from controller.domain.bulletins import Bulletin, Frame, TuneId, Variant
from controller.domain.drafts import BulletinDraft, KeptVariant, ProgrammeDraft
from controller.domain.errors import Invalid
from controller.domain.programmes import Programme, item_from
from controller.domain.revisions import Revision
from controller.domain.sounds import Profile, SoundId
from controller.ports import Transaction


def bulletin_revision(bulletin: Bulletin) -> Revision:
    """What it is now."""
    return Revision(
        subject_id=bulletin.bulletin_id,
        number=bulletin.revision,
        at_us=bulletin.changed_at_us,
        by=bulletin.changed_by,
        content={
            **_common(bulletin),
            "expires_at_us": bulletin.expires_at_us,
            "profile": bulletin.main.profile.value,
            "variants": [_variant(variant) for variant in bulletin.variants],
        },
    )


def programme_revision(programme: Programme) -> Revision:
    """What it is now."""
    return Revision(
        subject_id=programme.programme_id,
        number=programme.revision,
        at_us=programme.changed_at_us,
        by=programme.changed_by,
        content={**_common(programme), "items": [asdict(item) for item in programme.items]},
    )


def bulletin_draft(content: dict[str, Any], now_us: int) -> BulletinDraft:
    """What a bulletin was, to be made its next state. An expiry that has passed is left out: it would be refused."""
    expires_at_us = content["expires_at_us"]
    return BulletinDraft(
        title=content["title"],
        variants=tuple(
            KeptVariant(language=one["language"], sound_id=SoundId(one["sound_id"])) for one in content["variants"]
        ),
        airing_class=AiringClass(content["airing_class"]),
        area_id=content["area_id"],
        frame=frame_of(content["frame"]),
        expires_at_us=expires_at_us if expires_at_us is not None and expires_at_us > now_us else None,
        profile=Profile(content["profile"]),
    )


def programme_draft(content: dict[str, Any]) -> ProgrammeDraft:
    """What a programme was, to be made its next state."""
    return ProgrammeDraft(
        title=content["title"],
        items=tuple(item_from(one) for one in content["items"]),
        airing_class=AiringClass(content["airing_class"]),
        area_id=content["area_id"],
        frame=frame_of(content["frame"]),
    )


def sound_ids(content: dict[str, Any]) -> tuple[SoundId, ...]:
    """The sounds that a bulletin consisted of."""
    return tuple(SoundId(one["sound_id"]) for one in content["variants"])


async def require_tunes(tx: Transaction, frame: Frame, former: Frame | None = None) -> None:
    """Raises `Invalid` (``tune_unknown``) where a tune is not there, or not offered any more. What was used before can
    be used on.
    """
    wanted = {tune_id for tune_id in (frame.opening, frame.closing) if tune_id}
    if former is not None:
        wanted -= {former.opening, former.closing}
    if wanted and not wanted <= {tune.tune_id for tune in await tx.tunes.all() if not tune.withdrawn}:
        raise Invalid("no such signature tune", code="tune_unknown")


def _common(subject: Bulletin | Programme) -> dict[str, Any]:
    return {
        "title": subject.title,
        "airing_class": subject.airing_class.value,
        "area_id": subject.area_id,
        "frame": asdict(subject.frame),
    }


def _variant(variant: Variant) -> dict[str, Any]:
    reading = variant.sound.reading
    return {
        "language": variant.language,
        "sound_id": variant.sound.sound_id,
        "source": variant.sound.source.value,
        "file_name": variant.sound.file_name,
        "text": None if reading is None else reading.text,
        "words_per_minute": None if reading is None else reading.words_per_minute,
        "voice": None if reading is None else reading.voice,
    }


def frame_of(content: dict[str, Any]) -> Frame:
    """A frame from history."""
    opening, closing = content["opening"], content["closing"]
    return Frame(
        opening=TuneId(opening) if opening else None,
        closing=TuneId(closing) if closing else None,
        times=content["times"],
        pause_s=content["pause_s"],
    )
