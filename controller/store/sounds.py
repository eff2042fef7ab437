"""Sounds and their clips."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Text, cast, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass, ClipRef, RenditionName
from controller.domain.emergencies import NEVER_SENT
from controller.domain.errors import NotFound
from controller.domain.sounds import (
    Finding,
    Mark,
    PreparedClips,
    Profile,
    Reading,
    Sound,
    SoundId,
    SoundState,
    Source,
)
from controller.store.bulk import pieces
from controller.store.content_rows import SoundClipRow, SoundRow, VariantRow
from controller.store.emergency_rows import EmergencyRow
from controller.store.rows import AiringRow

_SPOKEN_LOUD = (AiringClass.EMERGENCY.value, AiringClass.DRILL.value)


class SqlSounds:
    """`ports.Sounds`."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, sound_id: SoundId) -> Sound:
        found = await self.several([sound_id])
        if sound_id not in found:
            raise NotFound(f"no sound {sound_id}")
        return found[sound_id]

    async def put(self, sound: Sound) -> None:
        await self._session.merge(_row(sound))
        await self._session.flush()
        await self._session.execute(delete(SoundClipRow).where(col(SoundClipRow.sound_id) == sound.sound_id))
        if sound.clips is not None:
            self._session.add_all(
                SoundClipRow(
                    sound_id=sound.sound_id,
                    rendition=rendition.value,
                    sha256=clip.sha256,
                    size_bytes=clip.size_bytes,
                    frames=clip.frames,
                )
                for rendition, clip in sound.clips.renditions.items()
            )
            await self._session.flush()

    async def preparing(self) -> tuple[Sound, ...]:
        rows = await self._session.scalars(
            select(SoundRow)
            .where(col(SoundRow.state) == SoundState.PREPARING.value)
            .order_by(col(SoundRow.created_at_us), col(SoundRow.sound_id))
        )
        return tuple((await self._whole(rows.all())).values())

    async def clips(self) -> frozenset[str]:
        return frozenset(await self._session.scalars(select(SoundClipRow.sha256).distinct()))

    async def bulletins_with(self, sound_id: SoundId) -> tuple[BulletinId, ...]:
        found = await self._session.scalars(
            select(VariantRow.bulletin_id).where(col(VariantRow.sound_id) == sound_id).distinct()
        )
        return tuple(BulletinId(bulletin_id) for bulletin_id in found)

    async def named(self, beginning: str) -> tuple[Sound, ...]:
        ids = select(SoundRow.sound_id).where(col(SoundRow.sound_id).startswith(beginning, autoescape=True))
        found = await self.several(list(await self._session.scalars(ids)))  # of an index alone: rows are large
        return tuple(sorted(found.values(), key=lambda one: (one.created_at_us, one.sound_id)))

    async def remove(self, sound_ids: Iterable[str]) -> None:
        for piece in pieces(list(dict.fromkeys(sound_ids))):
            await self._session.execute(delete(SoundClipRow).where(col(SoundClipRow.sound_id).in_(piece)))
            await self._session.execute(delete(SoundRow).where(col(SoundRow.sound_id).in_(piece)))

    async def clips_in_use(self, sha256s: Iterable[str]) -> frozenset[str]:
        wanted, found = list(dict.fromkeys(sha256s)), set[str]()
        for piece in pieces(wanted):
            rows = select(SoundClipRow.sha256).where(col(SoundClipRow.sha256).in_(piece)).distinct()
            found.update(await self._session.scalars(rows))
        for sha256 in wanted:
            if sha256 not in found and await self._heard_with(sha256):
                found.add(sha256)
        return frozenset(found)

    async def _heard_with(self, sha256: str) -> bool:
        """Whether an emergency is made of this clip that was not taken back, or the airing of one."""
        emergencies = select(EmergencyRow.emergency_id).where(
            col(EmergencyRow.state).not_in([state.value for state in NEVER_SENT]),
            cast(col(EmergencyRow.body), Text).contains(sha256),
        )
        airings = select(AiringRow.airing_id).where(
            col(AiringRow.airing_class).in_(_SPOKEN_LOUD), cast(col(AiringRow.sequence), Text).contains(sha256)
        )
        return any([await self._session.scalar(one.limit(1)) is not None for one in (emergencies, airings)])

    async def several(self, sound_ids: Iterable[str]) -> dict[SoundId, Sound]:
        """Those that exist, fresh from the database."""
        sounds: dict[SoundId, Sound] = {}
        for piece in pieces(list(dict.fromkeys(sound_ids))):
            rows = await self._session.scalars(
                select(SoundRow).where(col(SoundRow.sound_id).in_(piece)),
                execution_options={"populate_existing": True},
            )
            sounds.update(await self._whole(rows.all()))
        return sounds

    async def _whole(self, rows: Sequence[SoundRow]) -> dict[SoundId, Sound]:
        clips: dict[str, dict[RenditionName, ClipRef]] = {}
        for piece in pieces([row.sound_id for row in rows]):
            found = await self._session.scalars(select(SoundClipRow).where(col(SoundClipRow.sound_id).in_(piece)))
            for clip in found:
                ref = ClipRef(sha256=clip.sha256, size_bytes=clip.size_bytes, frames=clip.frames)
                clips.setdefault(clip.sound_id, {})[RenditionName(clip.rendition)] = ref
        return {SoundId(row.sound_id): _sound(row, clips.get(row.sound_id, {})) for row in rows}


def _row(sound: Sound) -> SoundRow:
    clips, reading = sound.clips, sound.reading
    return SoundRow(
        sound_id=sound.sound_id,
        source=sound.source.value,
        text=None if reading is None else reading.text,
        language="" if reading is None else reading.language,
        words_per_minute=0 if reading is None else reading.words_per_minute,
        voice="" if reading is None else reading.voice,
        file_name=sound.file_name,
        profile=sound.profile.value,
        state=sound.state.value,
        created_at_us=sound.created_at_us,
        created_by=sound.created_by,
        failure=sound.failure,
        failure_detail=sound.failure_detail,
        peaks=[] if clips is None else list(clips.peaks),
        findings=[] if clips is None else [asdict(finding) for finding in clips.findings],
        marks=[] if clips is None else [asdict(mark) for mark in clips.marks],
        integrated_lufs=None if clips is None else clips.integrated_lufs,
    )


def _sound(row: SoundRow, renditions: dict[RenditionName, ClipRef]) -> Sound:
    return Sound(
        sound_id=SoundId(row.sound_id),
        source=Source(row.source),
        reading=None if row.text is None else _reading(row, row.text),
        file_name=row.file_name,
        profile=Profile(row.profile),
        state=SoundState(row.state),
        created_at_us=row.created_at_us,
        created_by=row.created_by,
        progress=1.0 if row.state == SoundState.READY.value else 0.0,
        failure=row.failure,
        failure_detail=row.failure_detail,
        clips=_clips(row, renditions) if renditions else None,
    )


def _reading(row: SoundRow, text: str) -> Reading:
    return Reading(text=text, language=row.language, words_per_minute=row.words_per_minute, voice=row.voice)


def _clips(row: SoundRow, renditions: dict[RenditionName, ClipRef]) -> PreparedClips:
    findings: list[dict[str, Any]] = row.findings
    marks: list[dict[str, Any]] = row.marks
    return PreparedClips(
        renditions=renditions,
        peaks=tuple(row.peaks),
        findings=tuple(Finding(**finding) for finding in findings),
        marks=tuple(Mark(**mark) for mark in marks),
        integrated_lufs=row.integrated_lufs,
    )
