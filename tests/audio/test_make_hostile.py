"""A file from a stranger reaches no other file and no host, and takes no more time, memory or room than it is given."""

import asyncio
import contextlib
import ctypes
import os
import signal
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from audio import plan, runner
from audio.clip import AudioError, AudioSettings, MadeClips, TooLongRecording, UnreadableRecording
from audio.make import make_clips
from tests.audio.conftest import convert, noise, speechlike, tone, write_wav
from tests.audio.test_make_refusals import wav_header

_OPENED_OR_READ = 0x20 | 0x01  # IN_OPEN | IN_ACCESS, inotify(7)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A good recording that nobody may touch."""
    folder = tmp_path / "private"
    folder.mkdir()
    return write_wav(folder / "canary.wav", speechlike(2))


@pytest.fixture
def touched(canary: Path) -> Iterator[Callable[[], bool]]:
    """Whether somebody has opened or read the canary, as the kernel saw it."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init1(os.O_NONBLOCK)
    assert watch >= 0
    assert libc.inotify_add_watch(watch, os.fsencode(canary), _OPENED_OR_READ) >= 0

    def seen() -> bool:
        with contextlib.suppress(BlockingIOError):
            return bool(os.read(watch, 4096))
        return False

    canary.read_bytes()
    assert seen(), "the watch sees nothing"
    yield seen
    os.close(watch)


@pytest.fixture
async def called() -> AsyncIterator[tuple[int, list[str]]]:
    """A port of this machine that notes who connects."""
    calls: list[str] = []

    def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(str(writer.get_extra_info("peername")))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], calls


PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "master.m3u8": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1280000\n{target}\n",
    "key.m3u8": '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF:9,\n{target}\n',
    "list.m3u": "{target}\n",
    "list.ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "list.concat": "file '{target}'\n",
    "list.pls": "[playlist]\nNumberOfEntries=1\nFile1={target}\n",
    "list.asx": '<asx version="3.0"><entry><ref href="{target}"/></entry></asx>\n',
    "list.asf": "[Reference]\r\nRef1={target}\r\n",
    "list.ram": "{target}\n",
    "list.xspf": '<playlist version="1"><trackList><track><location>{target}</location></track></trackList></playlist>',
    "list.smil": '<smil><body><audio src="{target}"/></body></smil>',
    "list.mpd": (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" '
        'bandwidth="64000"><BaseURL>{target}</BaseURL></Representation></AdaptationSet></Period></MPD>'
    ),
    "list.imf": '<?xml version="1.0"?><CompositionPlaylist><Id>{target}</Id></CompositionPlaylist>',
    "list.ffmetadata": ";FFMETADATA1\ntitle={target}\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=9\ninclude={target}\n",
    "call.sdp": (
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\na=control:{target}\n"
    ),
    "page.svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>',
    "list.txt": "{target}\n",
}


@pytest.mark.parametrize("disguise", ["", "song.mp3"])
@pytest.mark.parametrize("name", PLAYLISTS)
async def test_a_list_of_other_files_reaches_none_of_them(
    name: str,
    disguise: str,
    canary: Path,
    touched: Callable[[], bool],
    called: tuple[int, list[str]],
    tmp_path: Path,
    out_dir: Path,
    ffmpeg: Path,
    left_in: Callable[[], list[str]],
) -> None:
    port, calls = called
    targets = (f"http://127.0.0.1:{port}/a.wav", str(canary), f"file:{canary}", "private/canary.wav")
    if disguise:
        targets = targets[:1]
    for target in targets:
        source = tmp_path / (disguise or name)
        source.write_text(PLAYLISTS[name].format(target=target, port=port))
        with pytest.raises(UnreadableRecording):
            await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg), name=name)
    assert calls == []
    assert not touched()
    assert left_in() == []


@pytest.mark.parametrize("kind", ["hls", "concat"])
async def test_ffmpeg_itself_is_told_to_follow_no_list_to_a_host(
    kind: str, called: tuple[int, list[str]], tmp_path: Path, ffmpeg: Path
) -> None:
    # What nobody asks for: the list has passed for a recording of that kind.
    port, calls = called
    source = tmp_path / "list"
    text = PLAYLISTS["list.m3u8" if kind == "hls" else "list.ffconcat"]
    source.write_text(text.format(target=f"http://127.0.0.1:{port}/a.wav"))
    arguments = plan.measuring(plan.Source(source, kind, 1, 10.0))
    finished = await runner.run(runner.Command((str(ffmpeg), *arguments), time_limit_s=30))
    assert finished.exit_code != 0
    assert calls == []


def patched(path: Path, at: int, data: bytes) -> Path:
    content = bytearray(path.read_bytes())
    content[at : at + len(data)] = data
    path.write_bytes(content)
    return path


async def test_a_small_file_that_claims_days_is_refused_at_once(tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    spoken = write_wav(tmp_path / "spoken.wav", speechlike(1))
    flac = await convert(ffmpeg, spoken, tmp_path / "days.flac", "-ar", "48000")
    # STREAMINFO: the low 36 bits of 8 bytes at 18 are the number of samples.
    (rates,) = struct.unpack(">Q", flac.read_bytes()[18:26])
    patched(flac, 18, struct.pack(">Q", rates | (1 << 36) - 1))
    # The Xing header: flags, then the number of frames, of 24 ms here.
    mp3 = await convert(ffmpeg, spoken, tmp_path / "days.mp3", "-b:a", "64k")
    patched(mp3, mp3.read_bytes().find(b"Info") + 8, struct.pack(">I", 9 * 86_400 * 50))
    wav = tmp_path / "days.wav"
    wav.write_bytes(wav_header(8000, 1, 0xFFFF_FF00))
    with wav.open("r+b") as file:
        file.truncate(0xFFFF_FF00)  # a hole: it takes no room
    for source in (flac, mp3, wav):
        with pytest.raises(TooLongRecording) as caught:
            await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=tmp_path / "never started"))
        assert caught.value.values["duration_s"] > 86_400


async def test_a_small_file_that_unfolds_to_hours_is_left_at_the_limit(
    tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    # Hours of a constant take few bytes of FLAC; written to a pipe it does not say how long it is.
    made = (str(ffmpeg), "-nostdin", "-f", "lavfi", "-i", "aevalsrc=0.2:s=8000:d=7200", "-f", "flac", "pipe:1")
    source = tmp_path / "bomb.flac"
    with source.open("wb") as file:
        await runner.run_checked(runner.Command(made, time_limit_s=60), on_stdout=file.write)
    assert source.stat().st_size < 2_000_000
    with pytest.raises(TooLongRecording) as caught:
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg, duration_limit_s=120))
    assert caught.value.values["duration_s"] < 122
    assert left_in() == []


@pytest.mark.parametrize("rate_hz", [3, 999])
async def test_a_rate_that_is_no_sound_is_refused(rate_hz: int, tmp_path: Path, out_dir: Path, ffmpeg: Path) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(wav_header(rate_hz, 1, 40_000) + np.random.default_rng(2).bytes(40_000))
    with pytest.raises(UnreadableRecording):
        await make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg))


@pytest.mark.parametrize("channels", [255, 65_535])
async def test_more_channels_than_there_are_are_refused_or_mixed(
    channels: int, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    source = tmp_path / "in.wav"
    head = wav_header(8000, 1, 4_000_000)
    form = struct.pack("<HHIIHH", 1, channels, 8000, 0, 2 * channels & 0xFFFF, 16)
    source.write_bytes(head[:20] + form + head[36:] + np.random.default_rng(2).bytes(4_000_000))
    refused = await code_of(make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg)))
    assert refused in {"", "recording_unreadable"}
    assert len(left_in()) == (0 if refused else 2)


async def code_of(making: Awaitable[MadeClips]) -> str:
    """Why a recording is refused; "" when it is not."""
    try:
        await making
    except AudioError as error:
        return error.code
    return ""


@pytest.mark.parametrize("share", [0.02, 0.6])
@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "flac", "wav", "wma"])
async def test_a_recording_that_breaks_off_is_used_or_refused(
    ending: str, share: float, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    whole = await convert(ffmpeg, write_wav(tmp_path / "in.wav", speechlike(4)), tmp_path / f"whole.{ending}")
    source = tmp_path / f"part.{ending}"
    source.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    refused = await code_of(make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg)))
    assert refused in {"", "recording_unreadable", "recording_empty", "recording_silent"}
    assert len(left_in()) == (0 if refused else 2)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("ending", ["mp3", "m4a", "ogg", "flac", "wma"])
async def test_a_damaged_recording_is_used_or_refused(
    ending: str, seed: int, tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    source = await convert(ffmpeg, write_wav(tmp_path / "in.wav", speechlike(2)), tmp_path / f"in.{ending}")
    content = bytearray(source.read_bytes())
    random = np.random.default_rng(seed)
    for at in random.integers(0, len(content), 40):
        content[at] = int(random.integers(256))
    source.write_bytes(content)
    children = set(psutil.Process().children(recursive=True))
    refused = await code_of(make_clips(source, out_dir, settings=AudioSettings(ffmpeg=ffmpeg, duration_limit_s=600)))
    assert refused == "" or refused.startswith("recording_")
    assert len(left_in()) == (0 if refused else 2)
    assert set(psutil.Process().children(recursive=True)) <= children


CONTROLLER = """
import asyncio, sys
from pathlib import Path
from audio.clip import AudioSettings, Stage
from audio.make import make_clips

def tell(stage, share):
    if stage is Stage.ENCODING:
        print("encoding", flush=True)

settings = AudioSettings(ffmpeg=Path(sys.argv[3]))
asyncio.run(make_clips(Path(sys.argv[1]), Path(sys.argv[2]), settings=settings, progress=tell))
"""


async def test_a_controller_that_is_killed_leaves_no_half_file(
    tmp_path: Path, out_dir: Path, ffmpeg: Path, left_in: Callable[[], list[str]]
) -> None:
    source = write_wav(tmp_path / "in.wav", np.tile(speechlike(20), 4))
    argv = (sys.executable, "-c", CONTROLLER, str(source), str(out_dir), str(ffmpeg))
    controller = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    assert controller.stdout is not None
    assert await asyncio.wait_for(controller.stdout.readline(), 30) == b"encoding\n"
    orphans = psutil.Process(controller.pid).children(recursive=True)
    controller.send_signal(signal.SIGKILL)
    await controller.wait()
    assert orphans
    assert not any(name.endswith(".opus") for name in left_in())
    # At the next start, even before the orphan has noticed that nobody listens:
    assert runner.remove_leftovers(out_dir) == 1
    assert left_in() == []
    _, alive = await asyncio.to_thread(psutil.wait_procs, orphans, timeout=30)
    assert alive == []
    assert left_in() == []


async def test_what_was_being_made_by_another_is_not_mistaken_for_a_clip(
    tmp_path: Path, out_dir: Path, ffmpeg: Path
) -> None:
    clips = out_dir / "clips"
    made = await make_clips(
        write_wav(tmp_path / "in.wav", tone(1) + noise(1, 0.01)), clips, settings=AudioSettings(ffmpeg=ffmpeg)
    )
    assert runner.remove_leftovers(clips) == 0
    assert all(clip.path.exists() for clip in made.renditions.values())
