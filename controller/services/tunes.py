"""The station's signature tunes. One comes with Loa and is made at the first start."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from agents.protocol.ids import AreaId
from agents.protocol.values import ClipPart
from controller.domain import texts
from controller.domain.bulletins import Tune, TuneId
from controller.domain.deeds import Deed, DeedKind
from controller.domain.errors import Invalid, StoreFailed
from controller.domain.sounds import Profile, Sound, SoundState
from controller.ports import Transaction
from controller.services.events import TunesChanged
from controller.services.making import Making
from controller.services.office import Office
from controller.services.recordings import remove
from controller.services.secretary import fresh_id

CHIME: Final = TuneId("tune-chime")
CHIME_NAME: Final = "Loa"
_STATION: Final = "Loa"


class Tunes:
    """Every method raises `StoreFailed` too."""

    def __init__(self, office: Office, making: Making) -> None:
        self._store = office.store
        self._clock = office.clock
        self._events = office.events
        self._making = making

    async def prepare(self) -> None:
        """Makes the tune that comes with Loa, where it is not there yet or could not be made before."""
        async with self._store.reading() as tx:
            known = {tune.tune_id: tune for tune in await tx.tunes.all()}
        with contextlib.suppress(StoreFailed):  # a full disk at the start must not keep the station from starting
            if CHIME in known:
                await self._making.again(known[CHIME].sound.sound_id, self._changed)
                return
            sound = self._making.recipes.of_tone(CHIME, _STATION)
            async with self._store.transaction() as tx:
                await tx.sounds.put(sound)
                await tx.tunes.put(Tune(tune_id=CHIME, name=CHIME_NAME, sound=sound, built_in=True))
            self._making.begin(sound, self._changed)

    async def all(self) -> tuple[Tune, ...]:
        """Those that are offered, by name, with the progress of this moment."""
        async with self._store.reading() as tx:
            found = await tx.tunes.all()
        return tuple(replace(tune, sound=self._making.current(tune.sound)) for tune in found if not tune.withdrawn)

    async def get(self, tune_id: TuneId) -> Tune:
        """With the progress of this moment. Raises `NotFound`."""
        async with self._store.reading() as tx:
            tune = await tx.tunes.get(tune_id)
        return replace(tune, sound=self._making.current(tune.sound))

    async def add(self, name: str, path: Path, file_name: str, by: str, area_id: AreaId | None = None) -> Tune:
        """A tune from a recording; the file is ours from here on.

        Raises `Invalid` (``name_empty``, ``name_too_long``, ``recording_missing``), `NotFound` (``area_unknown``).
        """
        sound: Sound | None = None
        try:
            if not await asyncio.to_thread(path.is_file):
                raise Invalid("there is no file", code="recording_missing")
            name = texts.name(name.strip() or Path(file_name).stem)
            sound = self._making.recipes.of_recording(file_name, Profile.PLAIN, by)
            tune = Tune(tune_id=TuneId(fresh_id("tune")), name=name, sound=sound, area_id=area_id)
            await self._making.recordings.keep(sound.sound_id, path)
            async with self._store.transaction() as tx:
                if area_id is not None:
                    await tx.areas.path(area_id)
                await tx.sounds.put(sound)
                await tx.tunes.put(tune)
                await tx.deeds.add(self._deed(tune, DeedKind.COMPOSE, by))
        except BaseException:
            remove(path)
            if sound is not None:
                self._making.recordings.drop(sound.sound_id)
            raise
        self._making.begin(sound, self._changed)
        return tune

    async def rename(self, tune_id: TuneId, name: str, by: str) -> Tune:
        """Raises `NotFound`, `Invalid` (``name_empty``, ``name_too_long``)."""
        name = texts.name(name)
        return await self._put(tune_id, DeedKind.RENAME, by, name=name)

    async def withdraw(self, tune_id: TuneId, by: str) -> Tune:
        """It is not offered any more; what uses it keeps it. Raises `NotFound`."""
        tune = await self._put(tune_id, DeedKind.WITHDRAW, by, withdrawn=True)
        await self._making.cancel([tune.sound.sound_id])
        return tune

    async def make_again(self, tune_id: TuneId) -> Tune:
        """Makes one again that failed. Raises `NotFound`, `Refused` (``recording_gone``)."""
        await self._making.again((await self.get(tune_id)).sound.sound_id, self._changed)
        return await self.get(tune_id)

    async def _put(
        self, tune_id: TuneId, what: DeedKind, by: str, *, name: str | None = None, withdrawn: bool = False
    ) -> Tune:
        async with self._store.transaction() as tx:
            tune = await tx.tunes.get(tune_id)
            tune = replace(tune, name=name or tune.name, withdrawn=tune.withdrawn or withdrawn)
            await tx.tunes.put(tune)
            await tx.deeds.add(self._deed(tune, what, by))
        self._changed()
        return tune

    def _changed(self) -> None:
        self._events.publish(TunesChanged())

    def _deed(self, tune: Tune, what: DeedKind, by: str) -> Deed:
        return Deed(at_us=self._clock.now_us(), by=by, what=what, subject=tune.tune_id, detail=tune.name)


async def ready_tunes(tx: Transaction) -> Mapping[TuneId, ClipPart]:
    """What sounds for each tune that is ready, withdrawn ones too."""
    return {
        tune.tune_id: tune.sound.clips.part
        for tune in await tx.tunes.all()
        if tune.sound.state is SoundState.READY and tune.sound.clips is not None
    }
