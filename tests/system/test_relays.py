"""A relay with real parts: it survives the end of Icecast, then of a playlist, and goes on with the recording."""

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from agents.protocol.values import ClipPart, RenditionName
from controller.bench.soundroom import SoundRoom
from controller.domain.bulletins import content_parts
from controller.domain.drafts import ProgrammeDraft
from controller.domain.programmes import RelayItem
from controller.domain.relaying import RelayLimits, Rung
from controller.links.clock import ControllerClock
from controller.radio import AudioRadio, RadioSettings
from controller.services.settings import DeskSettings
from controller.studio import AudioStudio
from tests.controller.fakes import FakeDevice, KeySigner
from tests.controller.services.content import made
from tests.controller.services.station import Station
from tests.system.transmitters import hls, icecast

pytestmark = pytest.mark.system
ICECAST_HZ, HLS_HZ, RECORDED_HZ, CARD_HZ = 440, 880, 1_320, 700
LIMITS = RelayLimits(lead_s=4.5, lost_s=1, dead_air_s=4, back_s=60, patience_s=8)


@pytest.fixture
async def real(new_database: Path, tmp_path: Path) -> AsyncIterator[Station]:
    """A desk whose time passes and whose radio listens."""
    shutil.copyfile(new_database, tmp_path / "loa.db")
    clips = tmp_path / "clips"
    clips.mkdir()
    radio = AudioRadio(AudioStudio(clips, ffmpeg=None, duration_limit_s=60), RadioSettings(this_machine=True))
    station = Station(
        f"sqlite+aiosqlite:///{tmp_path / 'loa.db'}",
        clips,
        ControllerClock(trust_system_clock=True),  # type: ignore[arg-type]
        KeySigner(),
        replace(DeskSettings(recordings_folder=tmp_path / "recordings"), relay_limits=LIMITS),
        radio=radio,
    )
    await station.open()
    yield station
    await station.close()


async def spare(station: Station) -> RelayItem:
    """A relay that falls back to a bulletin whose clip is a tone."""
    bulletin = await made(station)
    for part in content_parts(bulletin):
        if isinstance(part, ClipPart):
            path = station.folder / f"{part.choose(RenditionName.OPUS24).sha256}.opus"
            tone = ("-f", "lavfi", "-i", f"sine=frequency={RECORDED_HZ}:duration=3", "-c:a", "libopus", "-b:a", "24k")
            subprocess.run(["ffmpeg", "-loglevel", "error", "-y", *tone, "-f", "ogg", str(path)], check=True)
    return RelayItem(name="VOV", source_url="", seconds=60, fallback_bulletin_id=bulletin.bulletin_id)


def hertz(device: FakeDevice, last_s: float = 0.6) -> float:
    """The strongest frequency of what came last; 0 where nothing did."""
    packets = [packet for bundle in device.bundles for packet in bundle.packets][-round(last_s * 50) :]
    return strongest_hz(packets) if len(packets) >= last_s * 50 else 0.0


def strongest_hz(packets: list[bytes]) -> float:
    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate, decoder.layout = 48_000, "mono"  # type: ignore[attr-defined]
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]  # type: ignore[attr-defined]
    sound = np.concatenate([frame.to_ndarray().ravel() for frame in frames])
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound))))) * 48_000 / len(sound))


async def until_heard(device: FakeDevice, wanted_hz: int) -> None:
    heard_hz = 0.0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(20):
            while abs((heard_hz := hertz(device)) - wanted_hz) > 5:
                await asyncio.sleep(0.1)
    assert abs(heard_hz - wanted_hz) <= 5


async def test_a_sound_card_is_a_source_like_any_other(room: SoundRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in room.environment.items():
        monkeypatch.setenv(name, value)
    settings = RadioSettings(cards={"fm": ("alsa", "mic_a")})
    radio = AudioRadio(AudioStudio(room.folder, ffmpeg=None, duration_limit_s=60), settings)
    tone = (
        "ffmpeg",
        "-loglevel",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        f"sine=frequency={CARD_HZ}",
        "-f",
        "alsa",
        "horn_a",
    )
    player = subprocess.Popen(tone, stdin=subprocess.DEVNULL)
    packets: list[bytes] = []
    try:
        async with asyncio.timeout(30), radio.tune("card:fm") as reception:
            async for packet in reception:
                packets.append(packet)
                if len(packets) % 10 == 0 and abs(strongest_hz(packets[-50:]) - CARD_HZ) < 5:
                    break
    finally:
        player.kill()
        player.wait()
    assert packets


async def test_a_relay_outlives_its_sources(real: Station, tmp_path: Path) -> None:
    async with icecast(tmp_path / "icecast", ICECAST_HZ) as vov, hls(tmp_path / "nginx", HLS_HZ) as province:
        relay = replace(await spare(real), source_url=vov.url, second_url=province.url)
        programme = await real.desk.programmes.make(ProgrammeDraft(title="Sáng", items=(relay,)), "an")
        speaker, device = await real.speaker("Chợ")
        at_us = real.clock.now_us() + 4_500_000
        send = real.desk.dispatch.schedule
        airing = await send(programme.programme_id, [speaker.speaker_id], at_us, "an")
        await until_heard(device, ICECAST_HZ)
        first = next(bundle for bundle in device.bundles if bundle.packets)
        assert at_us <= first.at_us < at_us + 300_000, "connected ahead of time, it is whole from its beginning"
        vov.dies()
        await until_heard(device, HLS_HZ)
        province.dies()
        await until_heard(device, RECORDED_HZ)
        state = real.desk.relays.state(airing.airing_id)
        assert state is not None
        assert (state.rung, state.connected) == (Rung.RECORDED, False)
        assert state.problem
        assert max(bundle.at_us for bundle in device.bundles) <= real.clock.now_us() + 1_600_000
