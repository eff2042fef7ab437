"""The store: `ports.Store` over SQLAlchemy. One transaction is one unit of work of one session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession

from controller import ports
from controller.domain.errors import StoreFailed
from controller.store.airings import SqlAirings
from controller.store.aside import FileAside
from controller.store.boxes import SqlBoxes, SqlFaults, SqlHands, SqlSelfTests, SqlTelemetry
from controller.store.bulletins import SqlBulletins, SqlProgrammes, SqlRevisions, SqlTunes
from controller.store.cap import SqlCapAlerts, SqlCapSettings
from controller.store.documents import SqlDocuments
from controller.store.emergencies import SqlEmergencies
from controller.store.engine import READERS, READING, VIEWS, failures, make_engine
from controller.store.groups import SqlGroups
from controller.store.handing_in import SqlHandIns, SqlPronunciations
from controller.store.journals import SqlJournals
from controller.store.live import SqlLiveArchives
from controller.store.people import SqlApiTokens, SqlDeeds, SqlPersons, SqlTokens
from controller.store.places import SqlAreas, SqlSpeakers, SqlStationSettings
from controller.store.planned import SqlPlannedAirings
from controller.store.planning import SqlApprovals, SqlChoices, SqlGuardRows, SqlHolidays, SqlSchedules
from controller.store.shelf import Kept, Shelf
from controller.store.sounds import SqlSounds
from controller.store.view import View


class SqlTransaction:
    """`ports.Transaction` over one session."""

    def __init__(self, session: AsyncSession, shelf: Shelf) -> None:
        self.areas: ports.Areas = SqlAreas(session)
        self.speakers: ports.Speakers = SqlSpeakers(session, shelf)
        self.groups: ports.Groups = SqlGroups(session)
        self.sounds: ports.Sounds = SqlSounds(session)
        self.bulletins: ports.Bulletins = SqlBulletins(session)
        self.tunes: ports.Tunes = SqlTunes(session)
        self.programmes: ports.Programmes = SqlProgrammes(session)
        self.revisions: ports.Revisions = SqlRevisions(session)
        self.pronunciations: ports.Pronunciations = SqlPronunciations(session)
        self.hand_ins: ports.HandIns = SqlHandIns(session)
        self.emergencies: ports.Emergencies = SqlEmergencies(session)
        self.cap_alerts: ports.CapAlerts = SqlCapAlerts(session)
        self.cap_settings: ports.CapSettings = SqlCapSettings(session)
        self.schedules: ports.Schedules = SqlSchedules(session)
        self.approvals: ports.Approvals = SqlApprovals(session)
        self.choices: ports.Choices = SqlChoices(session)
        self.guard_rows: ports.GuardRows = SqlGuardRows(session)
        self.holidays: ports.Holidays = SqlHolidays(session)
        self.airings: ports.Airings = SqlAirings(session)
        self.planned_airings: ports.PlannedAirings = SqlPlannedAirings(session)
        self.live_archives: ports.LiveArchives = SqlLiveArchives(session)
        self.journals: ports.Journals = SqlJournals(session)
        self.documents: ports.Documents = SqlDocuments(session)
        self.telemetry: ports.Telemetry = SqlTelemetry(session)
        self.faults: ports.Faults = SqlFaults(session)
        self.hands: ports.Hands = SqlHands(session)
        self.self_tests: ports.SelfTests = SqlSelfTests(session)
        self.boxes: ports.Boxes = SqlBoxes(session)
        self.persons: ports.Persons = SqlPersons(session)
        self.tokens: ports.Tokens = SqlTokens(session)
        self.api_tokens: ports.ApiTokens = SqlApiTokens(session)
        self.deeds: ports.Deeds = SqlDeeds(session)
        self.station_settings: ports.StationSettings = SqlStationSettings(session)


class SqlStore:
    """Everything the station knows, in one database.

    Writing transactions of this process take turns, in the order they came, so that none finds the database locked
    by another; a few reading ones go on beside them, others wait. Some places are kept for views: who looks at a page
    does not wait behind devices. `migrate.upgrade_to_head` must have run before.
    """

    def __init__(self, url: str) -> None:
        self._engine = make_engine(url)
        self._reading_engine = self._engine.execution_options(**{READING: True})
        self._writing = asyncio.Lock()
        self._turns = asyncio.Semaphore(READERS)
        self._views = asyncio.Semaphore(VIEWS)
        self._kept = Kept()
        database = make_url(url).database
        self.aside: Final = FileAside(Path(f"{database}-aside") if database and database != ":memory:" else None)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[ports.Transaction]:
        """Commits when the block ends without an error, else nothing is kept. Raises `StoreFailed`."""
        view = View.of_this_task(self)
        if view is not None:
            await view.renew()
        async with self._writing:
            shelf = Shelf(self._kept)
            try:
                with failures():
                    async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                        yield SqlTransaction(session, shelf)
            finally:
                shelf.end()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Transaction]:
        """One consistent state, beside whoever writes. Raises `StoreFailed`."""
        view = View.of_this_task(self)
        if view is not None:
            with failures():
                async with view.reading() as seen:
                    yield seen
            return
        async with self._turns:
            with failures():
                session, transaction = self._begun()
                async with session:
                    yield transaction

    def _begun(self) -> tuple[AsyncSession, ports.Transaction]:
        """A reading; it takes a connection with its first statement."""
        session = AsyncSession(self._reading_engine, expire_on_commit=False)
        return session, SqlTransaction(session, Shelf(self._kept))

    @asynccontextmanager
    async def view(self) -> AsyncIterator[None]:
        """See `controller.ports.Store.view`."""
        if self._views.locked() or View.of_this_task(self) is not None:
            yield
            return
        async with self._views:
            view = View(self, self._begun)
            view.open()
            try:
                yield
            finally:
                with failures():
                    await view.close()

    async def ready(self) -> bool:
        """True while the database answers."""
        try:
            with failures():
                async with self._reading_engine.connect() as connection:
                    await connection.execute(text("SELECT 1"))
        except StoreFailed:
            return False
        return True

    async def close(self) -> None:
        """Lets go of every connection."""
        await self._engine.dispose()
