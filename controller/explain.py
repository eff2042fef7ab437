"""``loa explain``: what a speaker plays and what it does not, each with its reason, read from a data directory.

It reads and writes nothing, so that it may run beside the station; what it says is what the station itself decides.
"""

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from agents.protocol.ids import AreaId
from controller.datadir import database_url
from controller.domain.errors import NotFound, Refused
from controller.domain.guarding import STATION, GuardPlace
from controller.domain.speakers import Speaker, SpeakerState
from controller.domain.stops import latches, stops_everything
from controller.links.clock import ControllerClock
from controller.ports import Transaction
from controller.services.areabook import AreaBook, day_of
from controller.services.planning.guards import effective_of
from controller.services.planning.outlook import speaker_outlook
from controller.services.planning.world import Asked, nothing, read_world
from controller.store.database import SqlStore
from controller.store.migrate import is_current
from controller.web import rundownpresent as present
from controller.web.api.rundown import LineTold, line_told
from controller.web.guarding import WHOLE_STATION, limit_sources
from controller.web.i18n import Language, Translator, load_translators
from controller.web.moments import moment
from controller.web.rundownpresent import Found, Window
from controller.web.rundownviews import QuietRow, RundownRow
from schedules.areanames import folded
from schedules.guards import Guards, along
from schedules.rundown.items import Days
from schedules.schedule import World

MOST_DAYS: Final = 31
_NEAREST: Final = 5
_DAY_US: Final = 86_400_000_000
_LOOKED_BACK_US: Final = 3 * _DAY_US


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """One speaker in one window. ``stopped_since_us`` is since when a stop holds it silent, None where none does."""

    speaker: Speaker
    area_name: str
    zone: str
    found: Found
    limits: Sequence[tuple[GuardPlace, Guards, str]]
    stagger_us: int
    stopped_since_us: int | None = None


async def explain(folder: Path, named: str, zone: str, day: date | None, days: int) -> Explained:
    """What is planned for the speaker of this name or id. ``day`` None is from now on.

    Raises `NotFound` where there is no such station or speaker (the nearest names are offered), `Refused` for the
    database of another version, `StoreFailed`.
    """
    if not (folder / "loa.db").exists():
        raise NotFound(
            f"There is no station in {folder} yet. Start it with: loa serve --data-dir {folder}, or name the folder of "
            "another with --data-dir (that of a demonstration is demo-data/run-N/controller)."
        )
    url = _read_only(database_url(folder))
    if not await is_current(url):
        raise Refused("The database is of another version of Loa. Start the station with this version once, then ask.")
    now_us = ControllerClock(trust_system_clock=True).now_us()
    store = SqlStore(url)
    try:
        async with store.reading() as tx:
            speaker = await _speaker(tx, named)
            areas = AreaBook(lambda: day_of(now_us))
            await areas.load(tx)
            window = _window(zone, now_us, day, days)
            world = await _world(tx, areas, zone, now_us, window)
            rows = {row.place: row.guards for row in await tx.guard_rows.all()}
            stopped_since_us = await _stopped_since_us(tx, areas, speaker, now_us)
    finally:
        await store.close()
    return replace(await _explained(world, speaker, window, rows), stopped_since_us=stopped_since_us)


def _read_only(url: str) -> str:
    scheme, _, path = url.partition(":///")
    return f"{scheme}:///file:{quote(path)}?mode=ro&uri=true"


def _window(zone: str, now_us: int, day: date | None, days: int) -> Window:
    if day is None:
        return Window(now_us, now_us + days * _DAY_US)
    say = load_translators(zone)[Language.ENGLISH]
    return present.days_window(day, days, say)


async def _world(tx: Transaction, areas: AreaBook, zone: str, now_us: int, window: Window) -> World:
    first = Days(zone).of(min(now_us, window.from_us))
    since_us = min(now_us, window.from_us) - _LOOKED_BACK_US
    asked = Asked(zone=zone, now_us=now_us, since_us=since_us, first=first)
    return (await read_world(tx, areas, asked, nothing(zone))).world


async def _stopped_since_us(tx: Transaction, areas: AreaBook, speaker: Speaker, now_us: int) -> int | None:
    """Since when a stop holds the speaker silent, whatever is planned; None where none does."""
    around = areas.around(speaker.area_id)
    orders = [order for order, _ in await tx.documents.open_orders(now_us) if latches(order)]
    held = [one for one in orders if stops_everything(one) or not around.isdisjoint(one.to.areas)]
    return min((one.header.issued_at_us for one in held), default=None)


async def _explained(world: World, speaker: Speaker, window: Window, rows: Mapping[GuardPlace, Guards]) -> Explained:
    """``rows`` are guards as they were set, by place."""
    outlook = await speaker_outlook(world, speaker.speaker_id, window.from_us, window.until_us)
    place = next(one for one in world.places if one.speaker_id == speaker.speaker_id)
    path = world.tree.path_on(place.area_id, Days(world.zone).of(window.from_us))
    guards = along(world.guards, path, place.guards)
    return Explained(
        speaker=speaker,
        area_name=world.tree.get(path[-1]).name,
        zone=world.zone,
        found=Found(world=world, lines=outlook.lines, items=outlook.items, guards=guards, window=window),
        limits=_limits(world, speaker, path, rows),
        stagger_us=place.stagger_us,
    )


def _limits(
    world: World, speaker: Speaker, path: Sequence[str], rows: Mapping[GuardPlace, Guards]
) -> tuple[tuple[GuardPlace, Guards, str], ...]:
    """Where something is set on the way to a speaker, the widest place first, with the name of each."""
    named = [(STATION, "")]
    named += [(GuardPlace.area(AreaId(one)), world.tree.get(one).name) for one in path]
    named.append((GuardPlace.speaker(speaker.speaker_id), speaker.name))
    return tuple((place, rows[place], name) for place, name in named if place in rows)


async def _speaker(tx: Transaction, named: str) -> Speaker:
    """By its id, else by its name without accents and case. Raises `NotFound`."""
    speakers = [one for one in await tx.speakers.all() if one.state is SpeakerState.ADOPTED]
    wanted = folded(named)
    for one in speakers:
        if one.speaker_id == named:
            return one
    called = [one for one in speakers if wanted and folded(one.name) == wanted]
    if len(called) == 1:
        return called[0]
    if called:
        ids = ", ".join(one.speaker_id for one in called)
        raise NotFound(f"{len(called)} speakers are called {named}. Give the id of one of them: {ids}.")
    raise NotFound(f"There is no speaker called {named}. {_offered(wanted, speakers)}")


def _offered(wanted: str, speakers: Sequence[Speaker]) -> str:
    if not speakers:
        return "No speaker has been adopted yet."
    by_key = {folded(one.name): one for one in speakers}
    near = difflib.get_close_matches(wanted, by_key, n=_NEAREST, cutoff=0.5)
    inside = [key for key in by_key if wanted and wanted in key and key not in near]
    keys = (near + inside)[:_NEAREST] or sorted(by_key)[:_NEAREST]
    names = ", ".join(f"{by_key[key].name} ({by_key[key].speaker_id})" for key in keys)
    return f"{'The nearest' if near or inside else 'Some of those that there are'}: {names}."


# --- how it is told ---------------------------------------------------------------------------------------------------


def language_asked(given: str | None) -> Language:
    """What was asked for, else that of the shell, Vietnamese or English."""
    if given is not None:
        return Language(given)
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return Language.VIETNAMESE if spoken.startswith("vi") else Language.ENGLISH


def as_lines(told: Explained, language: Language) -> Iterator[str]:
    """For a person at a terminal."""
    say, found = load_translators(told.zone)[language], told.found
    yield f"{told.speaker.name} ({told.speaker.speaker_id}), {told.area_name}"
    yield f"{_moment(found.window.from_us, say)} – {_moment(found.window.until_us, say)}, {told.zone}"
    limits = [f"{sentence} ({source})" for sentence, source in limits_told(told, say)]
    yield say.gettext("Limits: %(limits)s", limits="; ".join(limits) or say.gettext("none"))
    if told.stopped_since_us is not None:
        since = _moment(told.stopped_since_us, say)
        yield say.gettext(
            "A stop holds here since %(since)s: nothing is heard until somebody releases it.", since=since
        )
    if told.stagger_us:
        seconds = say.format_number(told.stagger_us / 1e6, 2)
        yield say.gettext("All but emergencies begin %(seconds)s s later here.", seconds=seconds)
    items = present.rows(found, say)
    day = ""
    for row in present.with_quiet(found, items):
        if say.format_day(row.at) != day:
            day = say.format_day(row.at)
            yield ""
            yield day
        yield from _row_lines(row, say)
    yield ""
    heard = sum(1 for row in items if row.starts_at is not None)
    yield say.gettext(
        "%(heard)s heard, %(absent)s not heard.",
        heard=say.format_number(heard),
        absent=say.format_number(len(items) - heard),
    )


def limits_told(told: Explained, say: Translator) -> Iterator[tuple[str, str]]:
    """Every limit in force, and the name of the place that it comes from."""
    effective = effective_of([(place, guards) for place, guards, _ in told.limits])
    names = {place: name or say.gettext(WHOLE_STATION) for place, _, name in told.limits}
    yield from ((sentence, names[place]) for sentence, place in limit_sources(effective, say))


def _row_lines(row: RundownRow | QuietRow, say: Translator) -> Iterator[str]:
    at = say.format_time(row.at, seconds=False)
    if isinstance(row, QuietRow):
        yield f"  {at}  " + say.gettext("Quiet hours until %(until)s", until=say.format_time(row.until, seconds=False))
        return
    odd = f" [{say.gettext('Odd hour')}]" if row.odd else ""
    yield f"  {at}  {row.title} ({say.format_duration(row.length_s)}): {row.word}{odd}"
    yield f"         {row.sentence}"


def _moment(at_us: int, say: Translator) -> str:
    return say.format_datetime(moment(at_us))


def as_json(told: Explained, language: Language) -> bytes:
    """For programs: as the API tells it."""
    say, found = load_translators(told.zone)[language], told.found
    items: list[LineTold] = [line_told(found, line, say) for line in present.in_order(found.lines)]
    whole: dict[str, Any] = {
        "speaker_id": told.speaker.speaker_id,
        "name": told.speaker.name,
        "area": told.area_name,
        "zone": told.zone,
        "from_at_us": found.window.from_us,
        "until_at_us": found.window.until_us,
        "stagger_us": told.stagger_us,
        "stopped_since_at_us": told.stopped_since_us,
        "limits": [{"sentence": sentence, "source": source} for sentence, source in limits_told(told, say)],
        "quiet": [{"from_at_us": begin, "until_at_us": end} for begin, end in present.quiet_spans(found)],
        "items": items,
    }
    return msgspec.json.format(msgspec.json.encode(whole), indent=2)
