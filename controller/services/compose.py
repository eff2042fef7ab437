"""Bulletins: made, changed, withdrawn. What one was before stays readable, and can be brought back.

What came from above stays as it was handed in: nobody puts other words, or another class, under its sender's name.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from agents.protocol.ids import BulletinId
from controller.domain import texts
from controller.domain.bulletins import Bulletin, BulletinState, Origin, Variant
from controller.domain.deeds import Deed, DeedKind
from controller.domain.drafts import (
    BulletinDraft,
    KeptVariant,
    RecordingVariant,
    TextVariant,
    VariantDraft,
    check_bulletin,
)
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.pronunciations import Pronunciation
from controller.domain.revisions import Revision
from controller.domain.sounds import Profile, Reading, Sound, SoundId, SoundState
from controller.ports import Transaction
from controller.services.events import BulletinChanged
from controller.services.histories import bulletin_draft, bulletin_revision, require_tunes, sound_ids
from controller.services.making import Making
from controller.services.office import Office
from controller.services.secretary import fresh_id

_FIRST: Final = 1
Within = Callable[[Transaction, Bulletin], Awaitable[None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wish:
    """What the variants of a draft are made from. ``kept`` are sounds that the bulletin has or had; ``begun`` is what
    is to be prepared once it is stored: each new sound, with its file.
    """

    profile: Profile
    by: str
    kept: dict[SoundId, Sound] = field(default_factory=dict)
    said: tuple[Pronunciation, ...] = ()
    begun: list[tuple[Sound, Path | None]] = field(default_factory=list)

    def new(self, sound: Sound, recording: Path | None = None) -> Sound:
        self.begun.append((sound, recording))
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

        Raises `Invalid` (see `drafts.check_bulletin` and `Recipes.checked`; ``title_too_long``, ``recording_missing``,
        ``tune_unknown``), `NotFound` (``area_unknown``). Files of the draft are ours, also where it is refused.
        """
        async with _owning(draft):
            wish = _Wish(profile=draft.profile, by=by)
            now_us = self._clock.now_us()
            check_bulletin(draft, now_us, origin)
            variants = tuple(self._variant(one, wish) for one in draft.variants)
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
            await self._written(bulletin, wish, DeedKind.COMPOSE, within=within)
        return bulletin

    async def change(
        self, bulletin_id: BulletinId, draft: BulletinDraft, by: str, *, revision: int | None = None
    ) -> Bulletin:
        """The next revision. A text that is read as before keeps its sound; airings that are planned keep what they
        consist of. ``revision`` is the one that was looked at.

        Raises what `make` raises, `NotFound`, and `Refused` (``changed_meanwhile``, ``withdrawn``, ``from_above``).
        """
        async with _owning(draft):
            now_us = self._clock.now_us()
            async with self._store.reading() as tx:
                former = await tx.bulletins.get(bulletin_id)
                _require_own(former)
                check_bulletin(draft, now_us)
                kept, said = await _known_sounds(tx, former), await tx.pronunciations.all()
            wish = _Wish(profile=draft.profile, by=by, kept=kept, said=said)
            variants = tuple(self._variant(one, wish) for one in draft.variants)
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
            await self._written(bulletin, wish, DeedKind.CHANGE, former=former, looked_at=revision)
        dropped = {variant.sound.sound_id for variant in former.variants} - {one.sound.sound_id for one in variants}
        await self._making.cancel(dropped, unused=True)
        return bulletin

    def _variant(self, draft: VariantDraft, wish: _Wish) -> Variant:
        recipes = self._making.recipes
        match draft:
            case KeptVariant(language=language, sound_id=sound_id):
                if sound_id not in wish.kept:
                    raise Invalid(f"no sound {sound_id}", code="recording_missing")
                sound = wish.kept[sound_id]
                if sound.failure is not None and sound.reading is not None:
                    sound = wish.new(recipes.of_text(sound.reading, sound.profile, wish.by))
                return Variant(language=language, sound=sound)
            case RecordingVariant(language=language, path=path, file_name=file_name):
                if not path.is_file():
                    raise Invalid("there is no file", code="recording_missing")
                sound = recipes.of_recording(file_name or path.name, wish.profile, wish.by)
                return Variant(language=language, sound=wish.new(sound, path))
            case TextVariant(reading=reading):
                reading = recipes.checked(reading)
                for sound in wish.kept.values():
                    if _reads_the_same(sound, reading, wish):
                        return Variant(language=reading.language, sound=sound)
                made = recipes.of_text(reading, wish.profile, wish.by)
                return Variant(language=reading.language, sound=wish.new(made))

    async def _written(
        self,
        bulletin: Bulletin,
        wish: _Wish,
        deed: DeedKind,
        *,
        former: Bulletin | None = None,
        looked_at: int | None = None,
        within: Within | None = None,
    ) -> None:
        async with self._keeping(wish), self._store.transaction() as tx:
            await _require_usable(tx, bulletin, former)
            if former is not None:
                await _require_unchanged(tx, former, bulletin, looked_at)
            for sound, _ in wish.begun:
                await tx.sounds.put(sound)
            await tx.bulletins.put(bulletin)
            await tx.revisions.add(bulletin_revision(bulletin))
            await tx.deeds.add(self._deed(bulletin, deed))
            if within is not None:
                await within(tx, bulletin)
        tell = self._making.told(bulletin.bulletin_id)
        for sound, _ in wish.begun:
            self._making.begin(sound, tell, urgent=bulletin.urgent)
        if not wish.begun:
            tell()

    @contextlib.asynccontextmanager
    async def _keeping(self, wish: _Wish) -> AsyncIterator[None]:
        """Files lie where a restart finds them before their sounds are stored."""
        recordings = self._making.recordings
        try:
            for sound, path in wish.begun:
                if path is not None:
                    await recordings.keep(sound.sound_id, path)
            yield
        except BaseException:
            for sound, _ in wish.begun:
                recordings.drop(sound.sound_id)
            raise

    async def restore(self, bulletin_id: BulletinId, number: int, by: str) -> Bulletin:
        """What the bulletin was in that revision, as its next one, in its area of now. Raises as `change` does."""
        async with self._store.reading() as tx:
            now = await tx.bulletins.get(bulletin_id)
            found = [one for one in await tx.revisions.of(bulletin_id) if one.number == number]
        if not found:
            raise NotFound(f"{bulletin_id} has no revision {number}")
        draft = replace(bulletin_draft(found[0].content, self._clock.now_us()), area_id=now.area_id)
        return await self.change(bulletin_id, draft, by, revision=now.revision)

    async def make_again(self, bulletin_id: BulletinId, by: str) -> Bulletin:
        """Makes again what failed or was cancelled of it; what is ready stays as it is.

        Raises `NotFound`, `Refused` (``withdrawn``; ``recording_gone``: hand the recording in again).
        """
        bulletin = await self.get(bulletin_id)
        if bulletin.withdrawn:
            raise Refused("the bulletin is withdrawn", code="withdrawn")
        tell = self._making.told(bulletin_id)
        urgent = bulletin.urgent
        begun = [await self._making.again(one.sound.sound_id, tell, urgent=urgent) for one in bulletin.variants]
        if any(begun):
            async with self._store.transaction() as tx:
                await tx.deeds.add(
                    Deed(at_us=self._clock.now_us(), by=by, what=DeedKind.COMPOSE, subject=bulletin_id, detail="again")
                )
        return await self.get(bulletin_id)

    async def withdraw(self, bulletin_id: BulletinId, by: str, *, handed_in: bool = False) -> Bulletin:
        """It is not offered any more, and cannot be sent; what was sent stays in the log. Raises `NotFound`, `Refused`
        (``from_above``) unless it is withdrawn with what was ``handed_in``.
        """
        async with self._store.transaction() as tx:
            bulletin = await tx.bulletins.get(bulletin_id)
            if not handed_in:
                _require_own(bulletin)
            if not bulletin.withdrawn:
                bulletin = replace(bulletin, withdrawn=True, changed_at_us=self._clock.now_us(), changed_by=by)
                await tx.bulletins.put(bulletin)
                await tx.deeds.add(self._deed(bulletin, DeedKind.WITHDRAW))
        await self._making.cancel([variant.sound.sound_id for variant in bulletin.variants])
        self._events.publish(BulletinChanged(bulletin_id))
        return await self.get(bulletin_id)

    async def cancel(self, bulletin_id: BulletinId, by: str) -> Bulletin:
        """Ends the making of its sounds at once; one that is ready or failed stays as it is. Raises `NotFound`,
        `Refused` (``from_above``).
        """
        bulletin = await self.get(bulletin_id)
        _require_own(bulletin)
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
            path.unlink(missing_ok=True)
        raise


async def _known_sounds(tx: Transaction, former: Bulletin) -> dict[SoundId, Sound]:
    """Those of the bulletin now, and of all that it was."""
    sounds = {variant.sound.sound_id: variant.sound for variant in former.variants}
    for revision in await tx.revisions.of(former.bulletin_id):
        for sound_id in sound_ids(revision.content):
            if sound_id not in sounds:
                sounds[sound_id] = await tx.sounds.get(sound_id)
    return sounds


def _reads_the_same(sound: Sound, reading: Reading, wish: _Wish) -> bool:
    """Whether ``sound`` is what would be made of ``reading`` now."""
    if sound.reading != reading or sound.failure is not None or sound.profile is not wish.profile:
        return False
    text = reading.text.casefold()
    return not any(
        one.language == reading.language and one.changed_at_us > sound.created_at_us and one.written.casefold() in text
        for one in wish.said
    )


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


def _require_own(bulletin: Bulletin) -> None:
    if bulletin.origin is Origin.ABOVE:
        raise Refused(f"the bulletin {bulletin.bulletin_id} was handed in", code="from_above")


async def _require_usable(tx: Transaction, bulletin: Bulletin, former: Bulletin | None) -> None:
    if bulletin.area_id is not None:
        await tx.areas.path(bulletin.area_id)
    await require_tunes(tx, bulletin.frame, None if former is None else former.frame)


async def _require_unchanged(tx: Transaction, former: Bulletin, bulletin: Bulletin, looked_at: int | None) -> None:
    now = await tx.bulletins.get(former.bulletin_id)
    if now.withdrawn:
        raise Refused("the bulletin is withdrawn", code="withdrawn")
    if now.revision != former.revision or looked_at not in {None, now.revision}:
        raise Refused(f"it is at revision {now.revision}", code="changed_meanwhile")
    for variant in bulletin.variants:
        if variant.sound.state is SoundState.PREPARING and await _was_cancelled(tx, variant.sound.sound_id):
            raise Refused(f"{variant.sound.sound_id} was cancelled", code="changed_meanwhile")
    if now.revision == _FIRST and not await tx.revisions.of(former.bulletin_id):
        # It is older than the keeping of history.
        await tx.revisions.add(bulletin_revision(now))


async def _was_cancelled(tx: Transaction, sound_id: SoundId) -> bool:
    try:
        return (await tx.sounds.get(sound_id)).state is SoundState.CANCELLED
    except NotFound:  # it is to be stored now
        return False
