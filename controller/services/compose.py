"""Bulletins: made, changed, withdrawn. What one was before stays readable, and can be brought back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from agents.protocol.ids import BulletinId
from agents.protocol.values import AiringClass
from controller.domain import texts
from controller.domain.bulletins import Bulletin, BulletinState, Frame, Origin, TuneId, Variant
from controller.domain.deeds import Deed, DeedKind
from controller.domain.drafts import BulletinDraft, KeptVariant, RecordingVariant, TextVariant, check_bulletin
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.revisions import Revision
from controller.domain.sounds import Profile, Sound, SoundId
from controller.ports import Transaction
from controller.services.events import BulletinChanged
from controller.services.making import Making, remove
from controller.services.office import Office
from controller.services.secretary import fresh_id

_FIRST: Final = 1
Within = Callable[[Transaction, Bulletin], Awaitable[None]]


@dataclass(slots=True)
class _Begun:
    """What is to be prepared once the bulletin is stored: each new sound, with its file."""

    works: list[tuple[Sound, Path | None]]

    def new(self, sound: Sound, recording: Path | None = None) -> Sound:
        self.works.append((sound, recording))
        return sound


class Compose:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, making: Making) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._making = making

    async def make(
        self,
        draft: BulletinDraft,
        by: str,
        *,
        origin: Origin = Origin.STATION,
        sender: str = "",
        within: Within | None = None,
    ) -> Bulletin:
        """A bulletin whose sounds are being prepared. ``within`` writes what is to be kept with it, or neither is.

        Raises `Invalid` (see `drafts.check_bulletin` and `Making.checked`; ``title_too_long``, ``recording_missing``,
        ``tune_unknown``), `NotFound` (``area_unknown``). Files of the draft are ours, also where it is refused.
        """
        async with _owning(draft):
            begun = _Begun([])
            now_us = self._clock.now_us()
            check_bulletin(draft, now_us)
            variants = tuple(self._variant(one, draft.profile, by, begun, {}) for one in draft.variants)
            bulletin = Bulletin(
                bulletin_id=BulletinId(fresh_id("b")),
                title=_title(draft),
                airing_class=draft.airing_class,
                area_id=draft.area_id,
                variants=variants,
                origin=origin,
                sender=sender,
                frame=draft.frame,
                expires_at_us=draft.expires_at_us,
                created_at_us=now_us,
                created_by=by,
                changed_at_us=now_us,
                changed_by=by,
            )
            await self._written(bulletin, begun, DeedKind.COMPOSE, within=within)
        return bulletin

    async def change(
        self, bulletin_id: BulletinId, draft: BulletinDraft, by: str, *, revision: int | None = None
    ) -> Bulletin:
        """The next revision. A text that is read as before keeps its sound; airings that are planned keep what they
        consist of. ``revision`` is the one that was looked at.

        Raises what `make` raises, `NotFound`, and `Refused` (``changed_meanwhile``, ``withdrawn``).
        """
        async with _owning(draft):
            begun = _Begun([])
            now_us = self._clock.now_us()
            check_bulletin(draft, now_us)
            async with self._store.reading() as tx:
                former = await tx.bulletins.get(bulletin_id)
                kept = await self._known_sounds(tx, former)
            variants = tuple(self._variant(one, draft.profile, by, begun, kept) for one in draft.variants)
            bulletin = replace(
                former,
                title=_title(draft),
                airing_class=draft.airing_class,
                area_id=draft.area_id,
                variants=variants,
                frame=draft.frame,
                expires_at_us=draft.expires_at_us,
                revision=former.revision + 1,
                changed_at_us=now_us,
                changed_by=by,
            )
            await self._written(bulletin, begun, DeedKind.CHANGE, former=former, looked_at=revision)
        dropped = {variant.sound.sound_id for variant in former.variants} - {one.sound.sound_id for one in variants}
        await self._making.cancel(dropped)
        return bulletin

    async def _known_sounds(self, tx: Transaction, former: Bulletin) -> dict[SoundId, Sound]:
        """Those of the bulletin now, and of all that it was."""
        sounds = {variant.sound.sound_id: variant.sound for variant in former.variants}
        for revision in await tx.revisions.of(former.bulletin_id):
            for variant in revision.content["variants"]:
                sound_id = SoundId(variant["sound_id"])
                if sound_id not in sounds:
                    sounds[sound_id] = await tx.sounds.get(sound_id)
        return sounds

    def _variant(
        self,
        draft: TextVariant | RecordingVariant | KeptVariant,
        profile: Profile,
        by: str,
        begun: _Begun,
        kept: dict[SoundId, Sound],
    ) -> Variant:
        match draft:
            case KeptVariant(language=language, sound_id=sound_id):
                if sound_id not in kept:
                    raise Invalid(f"no sound {sound_id}", code="recording_missing")
                return Variant(language=language, sound=kept[sound_id])
            case RecordingVariant(language=language, path=path, file_name=file_name):
                if not path.is_file():
                    raise Invalid("there is no file", code="recording_missing")
                sound = self._making.of_recording(file_name or path.name, profile, by)
                return Variant(language=language, sound=begun.new(sound, path))
            case TextVariant(reading=reading):
                reading = self._making.checked(reading)
                for sound in kept.values():
                    usable = sound.failure is None and sound.profile is profile
                    if sound.reading == reading and usable:
                        return Variant(language=reading.language, sound=sound)
                return Variant(language=reading.language, sound=begun.new(self._making.of_text(reading, profile, by)))

    async def _written(
        self,
        bulletin: Bulletin,
        begun: _Begun,
        deed: DeedKind,
        *,
        former: Bulletin | None = None,
        looked_at: int | None = None,
        within: Within | None = None,
    ) -> None:
        async with self._store.transaction() as tx:
            await _require_usable(tx, bulletin)
            if former is not None:
                await _require_unchanged(tx, former, looked_at)
            for sound, _ in begun.works:
                await tx.sounds.put(sound)
            await tx.bulletins.put(bulletin)
            await tx.revisions.add(_revision(bulletin))
            await tx.deeds.add(self._deed(bulletin, deed))
            if within is not None:
                await within(tx, bulletin)
        tell = self._making.told(bulletin.bulletin_id)
        for sound, recording in begun.works:
            self._making.begin(sound, recording, tell)
        if not begun.works:
            tell()

    async def restore(self, bulletin_id: BulletinId, number: int, by: str) -> Bulletin:
        """What the bulletin was in that revision, as its next one. Raises what `change` raises."""
        async with self._store.reading() as tx:
            found = [one for one in await tx.revisions.of(bulletin_id) if one.number == number]
        if not found:
            raise NotFound(f"{bulletin_id} has no revision {number}")
        return await self.change(bulletin_id, _draft(found[0].content), by)

    async def withdraw(self, bulletin_id: BulletinId, by: str) -> Bulletin:
        """It is not offered any more, and cannot be sent; what was sent stays in the log. Raises `NotFound`."""
        async with self._store.transaction() as tx:
            bulletin = await tx.bulletins.get(bulletin_id)
            if not bulletin.withdrawn:
                bulletin = replace(bulletin, withdrawn=True, changed_at_us=self._clock.now_us(), changed_by=by)
                await tx.bulletins.put(bulletin)
                await tx.deeds.add(self._deed(bulletin, DeedKind.WITHDRAW))
        await self._making.cancel([variant.sound.sound_id for variant in bulletin.variants])
        self._events.publish(BulletinChanged(bulletin_id))
        return await self.get(bulletin_id)

    async def cancel(self, bulletin_id: BulletinId, by: str) -> Bulletin:
        """Ends the making of its sounds at once; one that is ready or failed stays as it is. Raises `NotFound`."""
        bulletin = await self.get(bulletin_id)
        if bulletin.state is not BulletinState.PREPARING:
            return bulletin
        await self._making.cancel([variant.sound.sound_id for variant in bulletin.variants])
        async with self._store.transaction() as tx:
            await tx.deeds.add(
                Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.CANCEL, subject=bulletin_id),
            )
        self._events.publish(BulletinChanged(bulletin_id))
        return await self.get(bulletin_id)

    async def get(self, bulletin_id: BulletinId) -> Bulletin:
        """With the progress of this moment. Raises `NotFound`."""
        async with self._store.reading() as tx:
            return self._making.current_bulletin(await tx.bulletins.get(bulletin_id))

    async def wait_ready(self, bulletin_id: BulletinId) -> Bulletin:
        """Waits while it is preparing; the one returned may have failed or been cancelled. Raises `NotFound`."""
        bulletin = await self.get(bulletin_id)
        await self._making.wait([variant.sound.sound_id for variant in bulletin.variants])
        return await self.get(bulletin_id)

    async def latest(
        self, limit: int, wanted: Callable[[Bulletin], bool] | None = None, *, before: Place | None = None
    ) -> tuple[Bulletin, ...]:
        """Those that are not withdrawn, the last changed first, with the progress of this moment."""
        async with self._store.reading() as tx:
            found = await tx.bulletins.latest(limit, before)
        return tuple(self._making.current_bulletin(one) for one in found if wanted is None or wanted(one))

    async def history(self, bulletin_id: BulletinId) -> tuple[Revision, ...]:
        """What it is and was, the newest first."""
        async with self._store.reading() as tx:
            return await tx.revisions.of(bulletin_id)

    def _deed(self, bulletin: Bulletin, what: DeedKind) -> Deed:
        return Deed(
            at_us=bulletin.changed_at_us,
            by=bulletin.changed_by,
            what=what,
            subject=bulletin.bulletin_id,
            detail=f"revision {bulletin.revision}: {bulletin.title}",
        )


@contextlib.asynccontextmanager
async def _owning(draft: BulletinDraft) -> AsyncIterator[None]:
    """Files of a draft are removed where nothing comes of it."""
    try:
        yield
    except BaseException:
        paths = [variant.path for variant in draft.variants if isinstance(variant, RecordingVariant)]
        for path in paths:
            await asyncio.to_thread(remove, path)
        raise


def _title(draft: BulletinDraft) -> str:
    first = draft.variants[0]
    match first:
        case TextVariant(reading=reading):
            fallback = texts.clean(reading.text)
        case RecordingVariant(file_name=file_name, path=path):
            fallback = Path(file_name or path.name).stem
        case KeptVariant():
            fallback = ""
    title = texts.title(draft.title, fallback)
    if not title:
        raise Invalid("a title is needed", code="title_empty")
    return title


async def _require_usable(tx: Transaction, bulletin: Bulletin) -> None:
    if bulletin.area_id is not None:
        await tx.areas.path(bulletin.area_id)
    await require_tunes(tx, bulletin.frame)


async def require_tunes(tx: Transaction, frame: Frame) -> None:
    """Raises `Invalid` (``tune_unknown``) where a tune is not there, or not offered any more."""
    wanted = {tune_id for tune_id in (frame.opening, frame.closing) if tune_id}
    if wanted and not wanted <= {tune.tune_id for tune in await tx.tunes.all() if not tune.withdrawn}:
        raise Invalid("no such signature tune", code="tune_unknown")


async def _require_unchanged(tx: Transaction, former: Bulletin, looked_at: int | None) -> None:
    now = await tx.bulletins.get(former.bulletin_id)
    if now.withdrawn:
        raise Refused("the bulletin is withdrawn", code="withdrawn")
    if now.revision != former.revision or looked_at not in {None, now.revision}:
        raise Refused(f"it is at revision {now.revision}", code="changed_meanwhile")
    if now.revision == _FIRST and not await tx.revisions.of(former.bulletin_id):
        # It is older than the keeping of history.
        await tx.revisions.add(_revision(now))


def _revision(bulletin: Bulletin) -> Revision:
    return Revision(
        subject_id=bulletin.bulletin_id,
        number=bulletin.revision,
        at_us=bulletin.changed_at_us,
        by=bulletin.changed_by,
        content={
            "title": bulletin.title,
            "airing_class": bulletin.airing_class.value,
            "area_id": bulletin.area_id,
            "expires_at_us": bulletin.expires_at_us,
            "frame": frame_content(bulletin.frame),
            "profile": bulletin.main.profile.value,
            "variants": [_variant_content(variant) for variant in bulletin.variants],
        },
    )


def frame_content(frame: Frame) -> dict[str, Any]:
    """A frame as history keeps it."""
    return {
        "opening": frame.opening,
        "closing": frame.closing,
        "times": frame.times,
        "pause_s": frame.pause_s,
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


def _variant_content(variant: Variant) -> dict[str, Any]:
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


def _draft(content: dict[str, Any]) -> BulletinDraft:
    return BulletinDraft(
        title=content["title"],
        variants=tuple(
            KeptVariant(language=one["language"], sound_id=SoundId(one["sound_id"])) for one in content["variants"]
        ),
        airing_class=AiringClass(content["airing_class"]),
        area_id=content["area_id"],
        frame=frame_of(content["frame"]),
        # An expiry that has passed would not be accepted; whoever brings it back gives it a new one.
        expires_at_us=None,
        profile=Profile(content["profile"]),
    )
