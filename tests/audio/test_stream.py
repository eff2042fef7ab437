"""A source that is listened to: packets in real time, levelled; and every bad source ends with a sentence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from audio.clip import Card, SourceFailed, SourceRefused, SourceStalled, SourceUnreadable, Station, ToolMissing
from audio.stream import PACKET_S, StreamSettings, open_stream
from audio.way import Reach
from tests.audio.conftest import RATE_HZ, Sound, every_ffmpeg
from tests.audio.stations import Stations, mp3, silence, stations, tone

HERE = Reach(private=True, this_machine=True)
SETTINGS = StreamSettings(first_s=2.5, stall_s=2, reach=HERE)
FFMPEG = every_ffmpeg()[0]


@pytest.fixture(scope="module")
def sound() -> bytes:
    """20 s, very quiet."""
    return mp3(FFMPEG, tone(440, 20, 0.01))


@pytest.fixture
async def on_air(sound: bytes) -> AsyncIterator[Stations]:
    async with stations(sound) as running:
        yield running


def decoded(packets: list[bytes]) -> Sound:
    decoder = av.CodecContext.create("opus", "r")
    decoder.sample_rate, decoder.layout = RATE_HZ, "mono"  # type: ignore[attr-defined]
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]  # type: ignore[attr-defined]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(np.float64)


def hertz(sound: Sound) -> float:
    """The strongest frequency."""
    return float(np.argmax(np.abs(np.fft.rfft(sound * np.hanning(len(sound))))) * RATE_HZ / len(sound))


async def some(source: Station | Card, count: int, settings: StreamSettings = SETTINGS) -> list[bytes]:
    async with open_stream(source, ffmpeg=FFMPEG, settings=settings) as stream:
        packets = []
        async for packet in stream:
            packets.append(packet)
            if len(packets) == count:
                break
        return packets


async def failure(url: str, settings: StreamSettings = SETTINGS) -> SourceFailed:
    with pytest.raises(SourceFailed) as failed:
        await some(Station(url, patience_s=1.0), 1, settings)
    assert failed.value.detail, "it says what is wrong"
    return failed.value


async def test_a_station_becomes_packets_in_real_time_levelled(on_air: Stations) -> None:
    loop = asyncio.get_running_loop()
    packets, began_s = [], 0.0
    async with open_stream(Station(on_air["moved"]), ffmpeg=FFMPEG, settings=SETTINGS) as stream:
        async for packet in stream:
            began_s = began_s or loop.time()
            packets.append(packet)
            if len(packets) == 100:
                break
        assert loop.time() - began_s > 98 * PACKET_S, "it came in a burst, and goes out as time passes"
        assert stream.quiet_s == 0
    heard = decoded(packets)[RATE_HZ:]
    assert len(heard) >= 0.98 * RATE_HZ
    assert abs(hertz(heard) - 440) < 5
    level_db = 10 * np.log10(np.mean(heard**2))
    assert -21 < level_db < -12, "it was at -43 dB"
    assert max(map(len, packets)) < 200, "24 kbit/s"


async def test_whoever_leaves_or_is_cancelled_leaves_nothing_running(on_air: Stations) -> None:
    began = asyncio.Event()

    async def listen() -> None:
        async with open_stream(Station(on_air["live"]), ffmpeg=FFMPEG, settings=SETTINGS) as stream:
            async for _ in stream:
                began.set()

    listening = asyncio.create_task(listen())
    await asyncio.wait_for(began.wait(), 20)
    (child,) = (one for one in psutil.Process().children() if "ffmpeg" in one.name())
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    async with asyncio.timeout(10):
        while on_air.listeners:
            await asyncio.sleep(0.01)


async def test_a_station_behind_tls_is_heard_where_somebody_vouches_for_it(
    on_air: Stations, tmp_path: Path, each_ffmpeg: Path
) -> None:
    known = tmp_path / "known.pem"
    known.write_bytes(on_air.certificate)
    url = f"{on_air.tls_url}/file"
    async with open_stream(Station(url, certificates=known), ffmpeg=each_ffmpeg, settings=SETTINGS) as stream:
        assert await anext(aiter(stream))
    with pytest.raises(SourceFailed, match="vouches"):
        async with open_stream(Station(url), ffmpeg=each_ffmpeg, settings=SETTINGS) as stream:
            await anext(aiter(stream))
    outside = StreamSettings(first_s=2.5, reach=Reach())
    assert isinstance(await failure(f"{on_air.tls_url}/file", outside), SourceRefused)


async def test_silence_is_told_while_it_lasts(ffmpeg: Path) -> None:
    async with stations(mp3(ffmpeg, tone(300, 1), silence(1.6), tone(300, 3))) as running:
        quiet: list[float] = []
        async with open_stream(Station(running["file"]), ffmpeg=ffmpeg, settings=SETTINGS) as stream:
            async for _ in stream:
                quiet.append(stream.quiet_s)
                if len(quiet) == 150:
                    break
    assert quiet[40] == 0
    assert quiet[120] == pytest.approx(121 * PACKET_S - 1, abs=0.3)
    assert quiet[149] == 0, "it is over"


async def test_a_source_that_ends_is_heard_to_its_end(on_air: Stations, ffmpeg: Path) -> None:
    on_air.sound = mp3(ffmpeg, tone(500, 1))
    assert len(await some(Station(on_air["file"]), 1_000)) == pytest.approx(50, abs=5)


async def test_every_bad_source_ends_with_its_sentence_within_its_time(on_air: Stations) -> None:
    async with asyncio.timeout(20):
        named = {
            "page": "a web page",
            "page_called_sound": "no sound",
            "moved_to_itself": "",
            "gone": "404",
            "playlist_of_files": "",
            "drip": "2.5 s",
        }
        failed = await asyncio.gather(
            *(failure(on_air[name]) for name in named),
            failure(on_air.raw_url),
            failure("http://127.0.0.1:9/"),
            failure(on_air.url.replace("http", "https")),
        )
    for (name, words), one in zip(named.items(), failed, strict=False):
        assert words in one.detail, name
    assert [type(one) for one in failed[:2]] == [SourceUnreadable] * 2
    assert isinstance(failed[5], SourceStalled)
    assert "header without an end" in failed[6].detail
    assert "does not take the connection" in failed[7].detail


async def test_no_address_leads_inside_unless_it_is_allowed(on_air: Stations) -> None:
    outside = StreamSettings(first_s=2.5, reach=Reach())
    refused = await failure(on_air["live"], outside)
    assert isinstance(refused, SourceRefused)
    assert "into this machine" in refused.detail
    assert on_air.listeners == 0
    no_lan = StreamSettings(first_s=2.5, reach=Reach(private=False, this_machine=True))
    moved = await failure(on_air["moved_inside"], no_lan)
    assert isinstance(moved, SourceRefused)
    assert "10.255.255.1 is an address of a private network" in moved.detail


async def test_a_sound_card_that_is_not_there_and_an_ffmpeg_that_is_not_are_told() -> None:
    with pytest.raises(SourceFailed, match="sound card"):
        await some(Card("alsa", "hw:Nowhere"), 1)
    with pytest.raises(ToolMissing):
        async with open_stream(Station("http://127.0.0.1:9/"), ffmpeg=Path("/nowhere/ffmpeg")):
            pass
