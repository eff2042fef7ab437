"""The peer of `sync`: Debian's snapserver and two snapclients, playing into the horns of the sound room.

The server is fed without a pause (silence between the sounds), so that the clients have settled and show their best.
"""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from controller.bench.figures import RATE_HZ, CannotMeasure
from controller.bench.soundroom import HORNS, SoundRoom
from controller.stage import LOOPBACK, Program, free_port

SETTLE_S = 8.0
_BLOCK_S = 0.02
_CONFIG = """
[http]
enabled = false
[tcp]
enabled = false
[stream]
bind_to_address = {host}
port = {port}
source = pipe://{pipe}?name=bench&mode=create
sampleformat = 48000:16:2
codec = pcm
buffer = 400
[logging]
sink = stderr
filter = *:warning
"""


class Feeder:
    """Keeps the server's pipe full in real time: silence, and the sound that is asked for."""

    def __init__(self, pipe: Path) -> None:
        self._pipe = pipe
        self._waiting: asyncio.Queue[tuple[bytes, asyncio.Event]] = asyncio.Queue()

    async def play(self, stereo: bytes) -> None:
        """Returns when the last byte of this s16 stereo sound has gone into the pipe."""
        done = asyncio.Event()
        await self._waiting.put((stereo, done))
        await done.wait()

    async def run(self) -> None:
        """Feeds until it is cancelled."""
        loop = asyncio.get_running_loop()
        block = int(RATE_HZ * _BLOCK_S) * 4
        sound, done = b"", None
        with self._pipe.open("wb", buffering=0) as out:
            due = loop.time()
            while True:
                if not sound and not self._waiting.empty():
                    sound, done = self._waiting.get_nowait()
                piece, sound = sound[:block], sound[block:]
                await asyncio.to_thread(out.write, piece.ljust(block, b"\0"))
                if done is not None and not sound:
                    done.set()
                    done = None
                due += _BLOCK_S
                await asyncio.sleep(max(0.0, due - loop.time()))


@contextlib.asynccontextmanager
async def snapcast(room: SoundRoom, folder: Path) -> AsyncIterator[Feeder]:
    """A server and a client on each horn, settled. Raises `CannotMeasure` where they are not installed."""
    if missing := [tool for tool in ("snapserver", "snapclient") if shutil.which(tool) is None]:
        raise CannotMeasure(f"not found: {', '.join(missing)}. Install Debian's snapserver and snapclient.")
    folder.mkdir(parents=True, exist_ok=True)
    port, pipe = free_port(), folder / "snap.pipe"
    os.mkfifo(pipe)
    config = folder / "snapserver.conf"
    config.write_text(_CONFIG.format(host=LOOPBACK, port=port, pipe=pipe))
    environment = dict(room.environment)
    programs = [Program("snapserver", ["snapserver", "-c", str(config)], folder / "snapserver.log", environment)]
    for horn in HORNS:
        argv = ["snapclient", "-h", LOOPBACK, "-p", str(port), "--player", "alsa", "-s", horn]
        argv += ["--hostID", horn, "--logsink", "stderr"]
        programs.append(Program(f"snapclient {horn}", argv, folder / f"{horn}.log", environment))
    feeder = Feeder(pipe)
    try:
        await programs[0].start()
        feeding = asyncio.create_task(feeder.run())
        for client in programs[1:]:
            await client.start()
        await asyncio.sleep(SETTLE_S)
        for program in programs:
            if not program.running:
                raise CannotMeasure(f"{program.name} ended by itself:\n{program.last_words()}")
        yield feeder
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
    finally:
        for program in reversed(programs):
            await program.stop()
