"""The speaker's composition root: from settings to a running agent, and back down again in the opposite order.

It reads top to bottom. Every task belongs to the group in `serve`; a service that returns by itself is a defect and
ends the program, and systemd starts it again. One life after the other: new, adopted, released, new.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import aiohttp

from agents import beginnings
from agents.config import Config
from agents.domain.clock import ControllerClock
from agents.domain.newcomer import Newcomer
from agents.domain.player import PlayerSettings
from agents.handwork import Box, Handwork, make_handwork, open_box
from agents.io import control, power
from agents.io.carry import About
from agents.io.clips import ClipSettings, ClipStore
from agents.io.conductor import Conductor, ConductorSettings, Parts
from agents.io.discovery import Announcement, Discovery
from agents.io.identity import Identity, load_or_make
from agents.io.kept import Pinned
from agents.io.link import Link, LinkParts
from agents.io.output import Output, OutputError, PlayEngine, make_output
from agents.io.output.amplifier import NoAmplifier
from agents.io.pairing import Adoption
from agents.io.sensors import EngineWords, Sensors
from agents.io.speak import CodeSpeaker
from agents.io.state import StateStore
from agents.io.timeport import SystemTime, TimePort
from agents.io.waiting import first_of
from agents.io.walltime import follow_wall_time
from agents.protocol import systemd
from agents.protocol.memory import stay_small
from agents.protocol.messages import DeviceState
from agents.protocol.pairing import EnrolmentToken, new_code
from agents.protocol.values import ClockBasis

_LOOK_AT_TIME_EVERY_S: Final = 30.0
_KEEP_CLOCK_EVERY_S: Final = 600.0
_TRY_AGAIN_S: Final = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """Everything that is open while the agent runs. ``boot`` changes whenever power came back."""

    state: StateStore
    conductor: Conductor
    engine: PlayEngine
    speaker: CodeSpeaker
    clock: ControllerClock
    link: LinkParts
    handwork: Handwork
    boot: str


async def serve(config: Config) -> bool:
    """Runs until SIGTERM or SIGINT, or until it is asked from afar to start again: then it returns true.

    Raises `CannotStart`, `IdentityUnreadable` or `OSError`.
    """
    began = time.monotonic()
    stay_small()
    state_dir = config.state_folder()
    beginnings.need_opus()
    with beginnings.only_one(state_dir):
        token, configured_url = beginnings.token(config), beginnings.configured_url(config)
        identity = load_or_make(state_dir)
        stopping, again = _on_signals(), asyncio.Event()
        async with _house(config, state_dir, identity, configured_url, again) as house:
            agent = Agent(config, state_dir, house, token)
            async with control.listening(state_dir, agent.answer), asyncio.TaskGroup() as group:
                services = [group.create_task(_permanent(name, service)) for name, service in agent.services()]
                await house.conductor.wait_ready()
                agent.began()
                ready = {"after_s": round(time.monotonic() - began, 3), "output": house.engine.output.description}
                log.info("ready", extra={"event": "ready", **ready})
                systemd.notify("READY=1")
                await first_of(stopping.wait(), again.wait())
                systemd.notify("STOPPING=1")
                for service in services:
                    service.cancel()
    log.info("stopped", extra={"event": "stopped"})
    return again.is_set()


class Agent:
    """The lives of one device, and what the back door says of them."""

    def __init__(self, config: Config, state_dir: Path, house: House, token: EnrolmentToken | None) -> None:
        self._config = config
        self._state_dir = state_dir
        self._house = house
        self._token = token
        self._time = house.link.time
        self._newcomer = Newcomer(self._time.monotonic_us(), new_code)
        self._ready = asyncio.Event()
        self._reset = asyncio.Event()
        self._life: Adoption | Link | None = None

    def services(self) -> tuple[tuple[str, Coroutine[Any, Any, None]], ...]:
        """What must run as long as the agent does."""
        services = [
            ("conductor", self._house.conductor.run()),
            ("lives", self._live()),
            ("time", follow_wall_time(self._house.clock, self._time)),
            ("clock", self._keep_clock()),
            ("watchdog", systemd.keep_watched(self._house.engine.alive)),
        ]
        services += self._house.handwork.services(self._linked, lambda: self._house.state.pinned() is not None)
        if self._house.link.discovery is not None:
            services.append(("discovery", self._house.link.discovery.run()))
        return tuple(services)

    def began(self) -> None:
        """What was kept on disk is loaded: the first life may begin."""
        self._ready.set()

    async def _live(self) -> None:
        await self._ready.wait()
        while True:
            pinned = self._house.state.pinned()
            self._announce(pinned)
            if pinned is None:
                await self._be_new()
            else:
                await self._be_adopted(pinned)

    def _announce(self, pinned: Pinned | None) -> None:
        link = self._house.link
        if link.discovery is not None:
            state = DeviceState.NEW if pinned is None else DeviceState.ADOPTED
            link.discovery.announce(_announcement(link.about, link.identity, state))

    async def _be_new(self) -> None:
        async def speak(code: str) -> None:
            await self._house.speaker.speak(self._house.engine, code)

        adoption = Adoption(self._house.link, self._newcomer, speak, self._token)
        self._life = adoption
        await adoption.run()

    async def _be_adopted(self, pinned: Pinned) -> None:
        link = Link(self._house.link, pinned)
        self._life = link
        self._reset.clear()
        await first_of(link.run(), self._reset.wait())
        try:
            await self._house.conductor.forget()
        except OSError as error:
            log.error("the controller could not be forgotten: %s", error)
            await self._time.sleep_until(self._time.monotonic_us() + round(_TRY_AGAIN_S * 1e6))
            return
        self._house.clock.forget()
        power.forget_clock(self._state_dir)
        self._newcomer = Newcomer(self._time.monotonic_us(), new_code)
        log.info("released", extra={"event": "released", "controller_id": pinned.controller_id})

    async def _keep_clock(self) -> None:
        """Keeps what is known of the controller's clock, now and then.

        Seldom: a memory card wears out by writing, and what was known ten minutes ago is good to some milliseconds.
        """

        def keep() -> None:  # a thread may come late, and the battery's clock is read for the instant that is kept
            power.save_clock(self._state_dir, self._house.boot, self._house.clock, self._time.monotonic_us())

        experiment = bool(self._config.time_rate_ppm or self._config.time_offset_us)
        while True:
            after_s = _LOOK_AT_TIME_EVERY_S
            if self._house.clock.saved() is not None and not experiment:
                after_s = _KEEP_CLOCK_EVERY_S
                try:
                    await asyncio.to_thread(keep)
                except OSError as error:
                    log.warning("the clock could not be kept: %s", error)
            await self._time.sleep_until(self._time.monotonic_us() + round(after_s * 1e6))

    # --- the back door --------------------------------------------------------------------------------------------

    async def answer(self, word: str) -> control.Answer:
        """Raises `AskRefused`."""
        match word:
            case "code":
                return self._code()
            case "status":
                return self._status()
            case "reset":
                return self._forget_all()
            case "self-test" | "calibrate":
                return await self._house.handwork.answer(word)
            case _:
                raise control.AskRefused(f"this agent does not know {word!r}")

    def _code(self) -> control.Answer:
        if not isinstance(self._life, Adoption):
            raise control.AskRefused("This device is adopted, so it has no code. Release it first.")
        return {"code": self._newcomer.read(self._time.monotonic_us())}

    def _linked(self) -> bool:
        return isinstance(self._life, Link) and self._life.connected_to is not None

    def _forget_all(self) -> control.Answer:
        if not isinstance(self._life, Link):
            raise control.AskRefused("This device is new: there is nothing to forget.")
        self._reset.set()
        return {}

    def _status(self) -> control.Answer:
        link, pinned = self._house.link, self._house.state.pinned()
        now_us = self._time.monotonic_us()
        estimate = self._house.clock.estimate(now_us)
        answer: control.Answer = {
            "device_id": link.identity.device_id,
            "name": link.about.name,
            "software": link.about.software,
            "state": "new" if pinned is None else "adopted",
            "controller_id": None if pinned is None else pinned.controller_id,
            "output": self._house.engine.output.description,
            "clock_basis": "none" if estimate is None else estimate.basis.value,
            "clock_error_us": None if estimate is None else estimate.error_us,
            "clock_offset_us": None if estimate is None else estimate.offset_us,
        }
        match self._life:
            case Link() as life:
                answer |= {"linked_to": life.connected_to, "last_problem": life.counters.last_problem}
            case Adoption() as life:
                answer |= {
                    "linked_to": ", ".join(life.linked_to) or None,
                    "identifies_left": self._newcomer.identifies_left,
                    "identify_until_s": round(self._newcomer.identify_until_s(now_us)),
                }
            case None:
                answer |= {"linked_to": None}
        return answer


@contextlib.asynccontextmanager
async def _house(
    config: Config, state_dir: Path, identity: Identity, configured_url: str, again: asyncio.Event
) -> AsyncIterator[House]:
    timeport = beginnings.timeport(config)
    boot = power.boot_id()
    clock = _clock(timeport, state_dir, boot)
    about = _about(config, boot)
    async with contextlib.AsyncExitStack() as stack:
        box = stack.enter_context(open_box(config, state_dir, timeport))
        state, clips = await _stores(config, state_dir, stack)
        # The engine tells the conductor, which is made after it: the name is bound when the first event comes.
        speaker = CodeSpeaker(timeport, config.identify_gain_db, lambda event: conductor.play_event(event))  # noqa: PLW0108
        engine = await stack.enter_async_context(_engine(config, box, speaker))
        parts = Parts(
            device_id=identity.device_id,
            software=about.software,
            time=timeport,
            clock=clock,
            engine=engine,
            state=state,
            clips=clips,
            settings=ConductorSettings(_player_settings(config, box.latency_us)),
            standing=box.stop.standing(),
        )
        conductor = Conductor(parts)
        clock.subscribe(conductor.clock_changed)
        clock.subscribe(lambda: _tell_drift(engine, clock, timeport))
        work = make_handwork(config, box, parts, conductor, engine, restart=again.set)
        link = LinkParts(
            identity=identity,
            about=about,
            configured_url=configured_url,
            conductor=conductor,
            clock=clock,
            discovery=_discovery(config, about, identity, timeport),
            time=timeport,
            sensors=_sensors(engine, conductor, parts, box),
            http=await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))),
        )
        yield House(state, conductor, engine, speaker, clock, link, work, boot)


def _about(config: Config, boot: str) -> About:
    return About(model=beginnings.model(config), software=beginnings.software(), name=config.shown_name(), boot_id=boot)


async def _stores(config: Config, state_dir: Path, stack: contextlib.AsyncExitStack) -> tuple[StateStore, ClipStore]:
    state = StateStore(state_dir)
    await state.open()
    stack.push_async_exit(_closing(state))
    clips = ClipStore(state_dir / "clips", ClipSettings(floor_bytes=config.min_free_disk_bytes))
    await clips.open()
    return state, clips


def _engine(config: Config, box: Box, speaker: CodeSpeaker) -> PlayEngine:
    return PlayEngine(
        _output(config, box.time),
        box.time,
        speaker.on_event,
        latency_us=box.latency_us,
        standby=config.output_standby,
        amplifier=box.gpio.amplifier,
    )


def _player_settings(config: Config, latency_us: int) -> PlayerSettings:
    return replace(PlayerSettings.of_horn(latency_us), max_clock_error_us=round(config.max_clock_error_s * 1_000_000))


def _sensors(engine: PlayEngine, conductor: Conductor, parts: Parts, box: Box) -> Sensors:
    relay = engine.amplifier
    words = EngineWords(
        engine.facts,
        relay_on=lambda: None if isinstance(relay, NoAmplifier) else relay.is_on,
        stopped_here=lambda: box.stop.holds,
    )
    return Sensors(
        engine=words,
        clips=parts.clips,
        journal=parts.state.journal,
        clock=parts.clock,
        time=box.time,
        live=conductor.live.counters,
    )


def _tell_drift(engine: PlayEngine, clock: ControllerClock, timeport: TimePort) -> None:
    estimate = clock.estimate(timeport.monotonic_us())
    if estimate is not None and estimate.basis is not ClockBasis.NETWORK:
        engine.expect_rate(-estimate.drift_ppm * 1e-6)


def _clock(timeport: TimePort, state_dir: Path, boot: str) -> ControllerClock:
    clock = ControllerClock()
    if isinstance(timeport, SystemTime):
        power.restore_clock(state_dir, boot, clock, timeport.monotonic_us())
    return clock


def _output(config: Config, timeport: TimePort) -> Output:
    output = make_output(
        config.output.value,
        config.alsa_device,
        config.wav_folder(),
        timeport,
        keep_free_bytes=config.min_free_disk_bytes,
    )
    try:
        output.open()
    except OutputError as error:  # not the end: a card may come later
        log.warning("no sound yet: %s", error, extra={"event": "output_failed"})
    else:
        output.close()
    return output


def _closing(state: StateStore) -> Callable[..., Coroutine[Any, Any, bool]]:
    opened_s = time.monotonic()

    async def close(kind: type[BaseException] | None, *_: object) -> bool:
        crashed = kind is not None and issubclass(kind, Exception)
        await state.close(clean=kind is None, crashed_after_s=time.monotonic() - opened_s if crashed else None)
        return False

    return close


def _discovery(config: Config, about: About, identity: Identity, timeport: TimePort) -> Discovery | None:
    if not config.mdns:
        return None
    announcement = _announcement(about, identity, DeviceState.NEW)
    return Discovery(announcement, timeport, config.interfaces(), config.announce_port)


def _announcement(about: About, identity: Identity, state: DeviceState) -> Announcement:
    return Announcement(device_id=identity.device_id, model=about.model, name=about.name, state=state)


def _on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping


async def _permanent(name: str, service: Coroutine[Any, Any, None]) -> None:
    await service
    raise RuntimeError(f"{name} ended by itself")
