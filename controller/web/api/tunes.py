"""Signature tunes of the station, and clips by the name that speakers fetch them by."""

from typing import Annotated

from aiohttp import web

from agents.protocol.ids import AreaId
from controller.domain.bulletins import Tune, TuneId
from controller.domain.errors import Invalid, NotFound, Refused, StoreFailed
from controller.domain.rights import EVERYWHERE, Right
from controller.web import clips, subjects
from controller.web.api.content_values import SENDS_CLIP, InArea, SoundTold, sound_told
from controller.web.api.endpoint import Accepted, Body, raises
from controller.web.api.values import Told, told
from controller.web.asking import Ask, NotAllowed
from controller.web.forms import owner_of


class TuneBody(Body):
    """A recording that was uploaded before. Without a ``name`` it is called as the file is."""

    upload_id: str
    name: str = ""
    area_id: InArea = None


class TuneNameBody(Body):
    """What it is called from here on."""

    name: str


class TuneTold(Told):
    """A signature tune. A ``built_in`` one comes with Loa. ``area_id`` null is the whole station.

    A ``withdrawn`` one is not offered any more; what uses it keeps it.
    """

    tune_id: TuneId
    name: str
    area_id: AreaId | None
    built_in: bool
    withdrawn: bool
    sound: SoundTold


class TunesTold(Told):
    """By name."""

    tunes: list[TuneTold]


def _told(tune: Tune) -> TuneTold:
    return told(TuneTold, tune, sound=sound_told(tune.sound))


async def list_tunes(ask: Ask) -> TunesTold:
    """The signature tunes that can be chosen."""
    return TunesTold(
        tunes=[_told(one) for one in await ask.parts.tunes.all() if subjects.tune_seen(ask, one, Right.SEE)]
    )


@raises(Invalid, "recording_missing", "recording_unfinished", "name_empty", "name_too_long")
@raises(NotFound, "area_unknown")
@raises(NotAllowed)
@raises(StoreFailed, "out_of_space")
async def create_tune(ask: Ask, body: TuneBody) -> Accepted[TuneTold]:
    """Add a signature tune.

    It is levelled from here on, as a recording is. For the whole station it needs the right everywhere.
    """
    area_id = _area(ask, body.area_id)
    owner = owner_of(ask)
    path, name = ask.house.uploads.take(body.upload_id, owner), ask.house.uploads.name(body.upload_id, owner)
    made = await ask.parts.tunes.add(body.name, path, name, ask.by, area_id)
    return Accepted(told=_told(made), location=f"/api/v1/tunes/{made.tune_id}")


def _area(ask: Ask, wanted: AreaId | None) -> AreaId | None:
    """Raises `NotAllowed`."""
    if wanted is None:
        mine = ask.known_actor.areas_of(Right.COMPOSE)
        wanted = next(iter(mine)) if len(mine) == 1 else EVERYWHERE
    ask.require(Right.COMPOSE, wanted)
    return None if wanted == EVERYWHERE else wanted


@raises(NotFound)
async def get_tune(ask: Ask, tune_id: TuneId) -> TuneTold:
    """One signature tune, with the progress of this moment."""
    return _told(await ask.parts.tunes.get(tune_id))


@raises(NotFound)
@raises(Invalid, "name_empty", "name_too_long")
async def rename_tune(ask: Ask, tune_id: TuneId, body: TuneNameBody) -> TuneTold:
    """Rename a signature tune."""
    return _told(await ask.parts.tunes.rename(tune_id, body.name, ask.by))


@raises(NotFound)
async def withdraw_tune(ask: Ask, tune_id: TuneId) -> TuneTold:
    """Withdraw a signature tune.

    It is not offered any more; what uses it keeps it.
    """
    return _told(await ask.parts.tunes.withdraw(tune_id, ask.by))


@raises(NotFound)
@raises(Refused, "recording_gone")
async def retry_tune(ask: Ask, tune_id: TuneId) -> TuneTold:
    """Make a signature tune again that failed."""
    return _told(await ask.parts.tunes.make_again(tune_id))


@raises(NotFound)
async def get_clip(ask: Ask, sha256: str) -> Annotated[web.StreamResponse, SENDS_CLIP]:
    """A clip, by the SHA-256 of what is in it.

    The very file that speakers fetch: Ogg Opus, whole or by ``Range``. It never changes.
    """
    return await clips.clip_of(ask, sha256)
