"""Packets of live sound as a file, how loud they are, and what a browser records as packets."""

import asyncio
import math
import shutil
from array import array
from pathlib import Path

import av
import pytest

from audio.clip import ToolFailed
from audio.live import PACKET_FRAMES, PacketMeter, open_recoder, write_packets
from audio.ogg import PacketReader, opus_frames, pages

SILENT = b"\xf8\xff\xfe"
RATE_HZ = 48_000
FFMPEG = shutil.which("ffmpeg")


def tone(path: Path, seconds: float, amplitude: float = 0.5) -> Path:
    """A file of the container that its name says, in Opus, mono, packets of 20 ms."""
    samples = array("h", (round(amplitude * 32_767 * math.sin(i / 12)) for i in range(round(seconds * RATE_HZ))))
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libopus", rate=RATE_HZ, layout="mono", options={"frame_duration": "20"})
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(samples))
        frame.planes[0].update(samples.tobytes())
        frame.sample_rate = RATE_HZ
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return path


def packets_of(path: Path) -> list[bytes]:
    return PacketReader().feed(path.read_bytes())


def decoded(path: Path) -> int:
    """Frames that a decoder returns."""
    with av.open(str(path)) as file:
        return sum(frame.samples for frame in file.decode(audio=0))


def test_packets_are_kept_as_they_are(tmp_path: Path) -> None:
    packets = packets_of(tone(tmp_path / "tone.opus", 3.1))
    kept = tmp_path / "kept.opus"
    frames = write_packets(kept, iter(packets))
    assert packets_of(kept) == packets
    assert frames == len(packets) * PACKET_FRAMES == opus_frames(kept) == decoded(kept)
    assert b"".join(page.written() for page in pages(kept)) == kept.read_bytes(), "every checksum is right"


def test_large_packets_begin_new_pages(tmp_path: Path) -> None:
    large = [bytes([0x48]) + bytes(1_274)] * 120
    write_packets(tmp_path / "large.opus", large)
    assert packets_of(tmp_path / "large.opus") == large
    assert len(pages(tmp_path / "large.opus")) > 2 + 120 // 50


def test_a_stream_without_a_packet_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed):
        write_packets(tmp_path / "none.opus", [])


def test_the_meter_says_how_loud_it_is(tmp_path: Path) -> None:
    loud, quiet = (packets_of(tone(tmp_path / f"{a}.opus", 0.5, a)) for a in (0.5, 0.05))
    loudest, quieter = PacketMeter(), PacketMeter()
    loud_db = [db for packet in loud if (db := loudest(packet)) is not None][5:20]
    quiet_db = [db for packet in quiet if (db := quieter(packet)) is not None][5:20]
    assert sum(loud_db) / 15 == pytest.approx(-9.0, abs=1.5)
    assert sum(quiet_db) / 15 == pytest.approx(-29.0, abs=1.5)
    assert PacketMeter()(SILENT) == -96.0
    assert PacketMeter()(b"\xff") is None


@pytest.mark.skipif(FFMPEG is None, reason="no ffmpeg")
@pytest.mark.parametrize("container", ["webm", "ogg"])
async def test_what_a_browser_records_becomes_packets_while_it_goes_on(tmp_path: Path, container: str) -> None:
    data = tone(tmp_path / f"spoken.{container}", 2.0).read_bytes()
    got: list[bytes] = []
    async with asyncio.timeout(20), open_recoder(Path(FFMPEG or "")) as recoder:
        for start in range(0, len(data), 2_000):
            await recoder.feed(data[start : start + 2_000])
        while len(got) < 80:  # of 100, while nobody has said that it is over
            got += await recoder.packets()
        recoder.end()
        while packets := await recoder.packets():
            got += packets
    write_packets(tmp_path / "got.opus", got)
    assert decoded(tmp_path / "got.opus") == len(got) * PACKET_FRAMES
    assert 100 <= len(got) <= 102


@pytest.mark.skipif(FFMPEG is None, reason="no ffmpeg")
async def test_what_is_no_recording_becomes_nothing() -> None:
    async with asyncio.timeout(20), open_recoder(Path(FFMPEG or "")) as recoder:
        await recoder.feed(b"<html>" * 5_000)
        recoder.end()
        assert await recoder.packets() == []
