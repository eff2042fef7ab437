"""Programmes: made, changed, withdrawn. What one was before stays readable."""

from collections.abc import Callable
from dataclasses import replace

from agents.protocol.ids import BulletinId
from controller.domain import texts
from controller.domain.bulletins import Bulletin
from controller.domain.deeds import Deed, DeedKind
from controller.domain.drafts import ProgrammeDraft, check_programme
from controller.domain.errors import Invalid, NotFound, Refused
from controller.domain.paging import Place
from controller.domain.programmes import Programme, ProgrammeId
from controller.domain.revisions import Revision
from controller.ports import Transaction
from controller.services.events import ProgrammeChanged
from controller.services.histories import programme_draft, programme_revision, require_tunes
from controller.services.making import Making
from controller.services.office import Office
from controller.services.secretary import fresh_id


class Programmes:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, making: Making) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._making = making

    async def make(self, draft: ProgrammeDraft, by: str) -> Programme:
        """Raises `Invalid` (see `drafts.check_programme`; ``title_empty``, ``title_too_long``, ``tune_unknown``),
        `NotFound` (``bulletin_unknown``, ``area_unknown``), `Refused` (``withdrawn``: a bulletin that is).
        """
        draft = check_programme(draft)
        now_us = self._clock.now_us()
        programme = Programme(
            programme_id=ProgrammeId(fresh_id("pr")),
            title=_title(draft),
            airing_class=draft.airing_class,
            area_id=draft.area_id,
            items=draft.items,
            frame=draft.frame,
            created_at_us=now_us,
            created_by=by,
            changed_at_us=now_us,
            changed_by=by,
        )
        async with self._store.transaction() as tx:
            await self._keep(tx, programme, DeedKind.COMPOSE)
        self._events.publish(ProgrammeChanged(programme.programme_id))
        return programme

    async def change(
        self, programme_id: ProgrammeId, draft: ProgrammeDraft, by: str, *, revision: int | None = None
    ) -> Programme:
        """The next revision; airings that are planned keep what they consist of.

        Raises what `make` raises, `NotFound`, and `Refused` (``changed_meanwhile``, ``withdrawn``).
        """
        draft = check_programme(draft)
        async with self._store.transaction() as tx:
            former = await tx.programmes.get(programme_id)
            if former.withdrawn:
                raise Refused("the programme is withdrawn", code="withdrawn")
            if revision not in {None, former.revision}:
                raise Refused(f"it is at revision {former.revision}", code="changed_meanwhile")
            programme = replace(
                former,
                title=_title(draft),
                airing_class=draft.airing_class,
                area_id=draft.area_id,
                items=draft.items,
                frame=draft.frame,
                revision=former.revision + 1,
                changed_at_us=self._clock.now_us(),
                changed_by=by,
            )
            await self._keep(tx, programme, DeedKind.CHANGE, former)
        self._events.publish(ProgrammeChanged(programme_id))
        return programme

    async def restore(self, programme_id: ProgrammeId, number: int, by: str) -> Programme:
        """What the programme was in that revision, as its next one, in its area of now. Raises as `change` does."""
        now = await self.get(programme_id)
        found = [one for one in await self.history(programme_id) if one.number == number]
        if not found:
            raise NotFound(f"{programme_id} has no revision {number}")
        draft = replace(programme_draft(found[0].content), area_id=now.area_id)
        return await self.change(programme_id, draft, by, revision=now.revision)

    async def withdraw(self, programme_id: ProgrammeId, by: str) -> Programme:
        """It is not offered any more, and cannot be sent. Raises `NotFound`."""
        async with self._store.transaction() as tx:
            programme = await tx.programmes.get(programme_id)
            if programme.withdrawn:
                return programme
            programme = replace(programme, withdrawn=True, changed_at_us=self._clock.now_us(), changed_by=by)
            await tx.programmes.put(programme)
            await tx.deeds.add(_deed(programme, DeedKind.WITHDRAW))
        self._events.publish(ProgrammeChanged(programme_id))
        return programme

    async def get(self, programme_id: ProgrammeId) -> Programme:
        """Raises `NotFound`."""
        async with self._store.reading() as tx:
            return await tx.programmes.get(programme_id)

    async def latest(
        self, limit: int, wanted: Callable[[Programme], bool] | None = None, *, before: Place | None = None
    ) -> tuple[Programme, ...]:
        """Those that are not withdrawn, the last changed first."""
        async with self._store.reading() as tx:
            found = await tx.programmes.latest(limit, before)
        return tuple(one for one in found if wanted is None or wanted(one))

    async def bulletins(self, programme: Programme) -> dict[BulletinId, Bulletin]:
        """Those that it holds or needs where a relay fails, with the progress of this moment."""
        async with self._store.reading() as tx:
            found = await tx.bulletins.several(programme.needed_ids)
        return {bulletin_id: self._making.current_bulletin(bulletin) for bulletin_id, bulletin in found.items()}

    async def history(self, programme_id: ProgrammeId) -> tuple[Revision, ...]:
        """What it is and was, the newest first."""
        async with self._store.reading() as tx:
            return await tx.revisions.of(programme_id)

    async def _keep(
        self, tx: Transaction, programme: Programme, what: DeedKind, former: Programme | None = None
    ) -> None:
        if programme.area_id is not None:
            await tx.areas.path(programme.area_id)
        await require_tunes(tx, programme.frame, None if former is None else former.frame)
        known = await tx.bulletins.several(programme.needed_ids)
        had = () if former is None else former.needed_ids
        for bulletin_id in programme.needed_ids:
            if bulletin_id not in known:
                raise NotFound(f"no bulletin {bulletin_id}", code="bulletin_unknown")
            if known[bulletin_id].withdrawn and bulletin_id not in had:
                raise Refused(f"the bulletin {bulletin_id} is withdrawn", code="withdrawn")
        await tx.programmes.put(programme)
        await tx.revisions.add(programme_revision(programme))
        await tx.deeds.add(_deed(programme, what))


def _title(draft: ProgrammeDraft) -> str:
    title = texts.title(draft.title, "")
    if not title:
        raise Invalid("a title is needed", code="title_empty")
    return title


def _deed(programme: Programme, what: DeedKind) -> Deed:
    return Deed(
        at_us=programme.changed_at_us,
        by=programme.changed_by,
        what=what,
        subject=programme.programme_id,
        detail=f"revision {programme.revision}: {programme.title}",
    )
