"""One schedule of faults: drawn from a seed, lived through, and then judged.

Three poles, a station, the lines between them, six minutes of airings and of all that can go wrong with them;
then everything is mended, and whatever was to come home has time to.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from agents.protocol.ids import AiringId, SpeakerId
from controller.domain.airings import Airing
from controller.domain.bulletins import Bulletin
from controller.domain.errors import LoaError
from tests.controller.drafts import text_draft
from tests.simulation.line import Line
from tests.simulation.loop import START_S
from tests.simulation.pole import Pole
from tests.simulation.station import T0_US, Station

POLES = 3
TROUBLE_S = 400.0
MENDING_S = 200.0
WORDS = (8, 25, 70)


@dataclass
class World:
    """Everything that takes part. ``story`` says what happened when, for whoever has to understand a failure."""

    seed: int
    station: Station
    poles: list[Pole]
    lines: list[Line]
    began_s: float
    story: list[str] = field(default_factory=list)
    bulletins: list[Bulletin] = field(default_factory=list)
    airings: list[Airing] = field(default_factory=list)
    stopped: list[tuple[float, float]] = field(default_factory=list)

    def gone_s(self) -> float:
        return asyncio.get_running_loop().time() - self.began_s

    def tell(self, what: str) -> None:
        self.story.append(f"{self.gone_s():8.2f}  {what}")


async def lived_through(seed: int, folder: Path, database: Path) -> World:
    """The world after its troubles, everything still running."""
    chance = random.Random(seed)
    random.seed(seed)
    world = await _beginning(seed, chance, folder, database)
    for number, words in enumerate(WORDS):
        made = await world.station.desk.compose.make(text_draft(f"Bản tin {number}", "lời " * words), "admin")
        world.bulletins.append(await world.station.desk.compose.wait_ready(made.bulletin_id))
    await asyncio.sleep(20)
    doings = sorted([*_sendings(world, chance), *_troubles(world, chance)], key=lambda one: one[0])
    for at_s, what, doing in doings:
        await asyncio.sleep(max(0.0, at_s - world.gone_s()))
        world.tell(what)
        await doing()
    await asyncio.sleep(max(0.0, TROUBLE_S + 100 - world.gone_s()))
    await _mended(world)
    await asyncio.sleep(MENDING_S)
    return world


async def ended(world: World) -> None:
    """Everything is switched off."""
    for pole in world.poles:
        await pole.crash(power=True)
    await world.station.kill()
    for line in world.lines:
        await line.close()


async def _beginning(seed: int, chance: random.Random, folder: Path, database: Path) -> World:
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert began_s >= START_S
    station = await Station.make(folder / "station", database, began_s)
    lines = [Line(0) for _ in range(POLES)]
    for line in lines:
        await line.open()
    poles = [
        Pole(f"pole-{number}", folder / f"pole-{number}", line, chance.uniform(-80, 80), loop.time)
        for number, line in enumerate(lines)
    ]
    await station.pin([pole.key() for pole in poles])
    await station.open()
    for line in lines:
        line.target = station.port
    for pole in poles:
        await pole.switch_on()
    return World(seed, station, poles, lines, began_s)


Doing = tuple[float, str, Callable[[], Awaitable[None]]]


def _sendings(world: World, chance: random.Random) -> list[Doing]:
    """What people at the desk do, where there is a desk at that moment."""

    def planned(at_s: float) -> Callable[[], Awaitable[None]]:
        bulletin, speakers = chance.choice(WORDS), _some(world, chance)

        async def plan() -> None:
            await _asked(world, lambda: _plan(world, WORDS.index(bulletin), speakers, at_s))

        return plan

    def sent() -> Callable[[], Awaitable[None]]:
        bulletin, speakers = chance.choice(WORDS), _some(world, chance)

        async def send() -> None:
            await _asked(world, lambda: _send(world, WORDS.index(bulletin), speakers))

        return send

    doings: list[Doing] = []
    for _ in range(chance.randint(4, 8)):
        due_s = chance.uniform(60, TROUBLE_S)
        asked_s = max(21.0, due_s - chance.choice((10.0, 60.0, 200.0)))
        doings.append((asked_s, f"plans an airing for {due_s:.1f}", planned(due_s)))
    for _ in range(chance.randint(0, 2)):
        doings.append((chance.uniform(30, TROUBLE_S), "sends an airing now", sent()))
    if chance.random() < 0.3:
        at_s = chance.uniform(60, TROUBLE_S - 80)
        doings.append((at_s, "stops everything", lambda: _asked(world, lambda: _stop(world))))
        until_s = at_s + chance.uniform(5, 90)
        doings.append((until_s, "allows sound again", lambda: _asked(world, lambda: _allow(world))))
    return doings


def _some(world: World, chance: random.Random) -> list[SpeakerId]:
    poles = chance.sample(world.poles, chance.randint(1, POLES))
    return [SpeakerId(f"s-{pole.identity().device_id}") for pole in poles]


async def _asked(world: World, doing: Callable[[], Awaitable[None]]) -> None:
    if not world.station.is_open:
        world.tell("  ... but there is no desk")
        return
    try:
        await doing()
    except LoaError as error:
        world.tell(f"  ... refused: {error.code}")


async def _plan(world: World, number: int, speakers: list[SpeakerId], at_s: float) -> None:
    bulletin = world.bulletins[number]
    start_us = T0_US + round(at_s * 1e6)
    made = await world.station.desk.dispatch.schedule(bulletin.bulletin_id, speakers, start_us, "admin")
    world.airings.append(made)


async def _send(world: World, number: int, speakers: list[SpeakerId]) -> None:
    made = await world.station.desk.dispatch.send_now(world.bulletins[number].bulletin_id, speakers, "admin")
    world.airings.append(made)


async def _stop(world: World) -> None:
    await world.station.desk.dispatch.stop_all("admin")


async def _allow(world: World) -> None:
    await world.station.desk.dispatch.release_stop("admin")


def _troubles(world: World, chance: random.Random) -> list[Doing]:
    """Each begins and ends; several may overlap, also on the same pole."""
    doings: list[Doing] = []
    for _ in range(chance.randint(3, 8)):
        at_s = chance.uniform(25, TROUBLE_S)
        until_s = at_s + chance.choice((0.5, 3.0, 20.0, 60.0, 150.0)) * chance.uniform(0.5, 1.5)
        number = chance.randrange(POLES)
        pole, line = world.poles[number], world.lines[number]
        match chance.choice(("cut", "held", "slow", "program", "power", "power", "desk", "clip")):
            case "cut":
                doings += [
                    (at_s, f"line {number} is cut", lambda one=line: _cut(one)),
                    (until_s, "  ... over", lambda one=line: _joined(one)),
                ]
            case "held":
                doings += [
                    (at_s, f"line {number} goes dead", _now(line.hold)),
                    (until_s, "  ... over", _now(line.let_go)),
                ]
            case "slow":
                delay_s = chance.uniform(0.05, 2.0)
                doings += [
                    (at_s, f"line {number} is slow by {delay_s:.2f}", lambda one=line, by=delay_s: _slow(one, by))
                ]
                doings += [(until_s, "  ... over", lambda one=line: _slow(one, 0.0))]
            case "program":
                doings += [
                    (at_s, f"the program of {number} dies", lambda one=pole: one.crash(power=True)),
                    (until_s, "  ... over", lambda one=pole: _on(one)),
                ]
            case "power":
                doings += [
                    (at_s, f"the power of {number} is cut", lambda one=pole: one.crash(power=False)),
                    (until_s, "  ... over", lambda one=pole: _on(one)),
                ]
            case "desk":
                doings += [
                    (at_s, "the desk dies", world.station.kill),
                    (until_s, "the desk starts", lambda: _desk_on(world)),
                ]
            case "clip":
                doings += [(at_s, f"a clip of {number} rots", lambda one=pole: _rot(one, chance))]
    return doings


def _now(doing: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def done() -> None:
        doing()

    return done


async def _cut(line: Line) -> None:
    line.up = False
    line.cut()


async def _joined(line: Line) -> None:
    line.up = True


async def _slow(line: Line, by_s: float) -> None:
    line.delay_s = by_s


async def _on(pole: Pole) -> None:
    if not pole.is_on:
        await pole.switch_on()


async def _desk_on(world: World) -> None:
    if not world.station.is_open:
        await world.station.open()


async def _rot(pole: Pole, chance: random.Random) -> None:
    kept = sorted((pole.state_folder / "clips").glob("*/*")) or sorted((pole.state_folder / "clips").glob("*"))
    files = [path for path in kept if path.is_file()]
    if files:
        path = chance.choice(files)
        content = bytearray(path.read_bytes())
        if content:
            content[len(content) // 2] ^= 0xFF
            path.write_bytes(content)


async def _mended(world: World) -> None:
    world.tell("everything is mended")
    for line in world.lines:
        line.up, line.delay_s = True, 0.0
        line.let_go()
    await _desk_on(world)
    for pole in world.poles:
        await _on(pole)
    if await world.station.desk.dispatch.active_stop() is not None:
        await world.station.desk.dispatch.release_stop("admin")


def airing_of(play_id: str) -> AiringId:
    return AiringId(play_id.rpartition(".")[0])
