"""What alerts are matched with, put together from the database, and kept while nothing of it changes."""

from agents.protocol.ids import AreaId
from controller.ports import Studio
from controller.services.cap.reading import Standing, World
from controller.services.office import Office


class CapWorlds:
    """One world at a time."""

    def __init__(self, office: Office, studio: Studio) -> None:
        self._store = office.store
        self._areas = office.areas
        self._studio = studio
        self._world: World | None = None

    async def now(self) -> World:
        """The speakers and areas of this moment. Raises `StoreFailed`."""
        async with self._store.reading() as tx:
            speakers = await tx.speakers.all()
            positions = await tx.cap_settings.positions()
            languages = await tx.cap_settings.languages()
            tree = await self._areas.knowing(tx, {one.area_id for one in speakers})
        where = {area_id: AreaId(self._areas.standing(area_id).area_id) for area_id in {s.area_id for s in speakers}}
        made = World(
            tree=tree,
            standing=[Standing(one.speaker_id, where[one.area_id], positions.get(one.speaker_id)) for one in speakers],
            languages=languages,
            voices=frozenset(language for voice in self._studio.voices() for language in voice.languages),
        )
        if self._world is None or not self._world.same(made):
            self._world = made
        return self._world
