"""Real stations to relay: Debian's Icecast fed by ffmpeg, and HLS that Debian's nginx serves. All on the loopback."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_ICECAST = """<icecast>
  <limits><clients>200</clients><sources>2</sources><burst-size>16000</burst-size></limits>
  <authentication><source-password>hackme</source-password><relay-password>hackme</relay-password>
    <admin-user>admin</admin-user><admin-password>hackme</admin-password></authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths><basedir>/usr/share/icecast2</basedir><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot>
    <adminroot>/usr/share/icecast2/admin</adminroot></paths>
  <logging><accesslog>-</accesslog><errorlog>-</errorlog></logging>
  <security>{owner}</security>
</icecast>
"""
_OWNER = "<changeowner><user>nobody</user><group>nogroup</group></changeowner>"
_NGINX = """daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  types {{ application/vnd.apple.mpegurl m3u8; video/mp2t ts; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; root {folder}/hls; }}
}}
"""


class Transmitter:
    """Some programs that together are one station."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._programs: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str) -> None:
        self._programs.append(
            subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )

    def dies(self) -> None:
        """All of it, at once."""
        for program in self._programs:
            program.kill()
        for program in self._programs:
            program.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tone(hertz: int) -> tuple[str, ...]:
    return ("ffmpeg", "-loglevel", "error", "-re", "-f", "lavfi", "-i", f"sine=frequency={hertz}", "-ac", "2")


@asynccontextmanager
async def icecast(folder: Path, hertz: int) -> AsyncIterator[Transmitter]:
    """Icecast with one mount, MP3. It leaves root by itself, and must not write where only root may: no logs."""
    folder.mkdir()
    port, config = _free_port(), folder / "icecast.xml"
    config.write_text(_ICECAST.format(port=port, folder=folder, owner=_OWNER if os.geteuid() == 0 else ""))
    station = Transmitter(f"http://127.0.0.1:{port}/vov")
    try:
        station.start("icecast2", "-c", str(config))
        await _until_open(port)
        to = f"icecast://source:hackme@127.0.0.1:{port}/vov"
        station.start(*_tone(hertz), "-b:a", "64k", "-content_type", "audio/mpeg", "-f", "mp3", to)
        await _until_on_air(port, "/vov")
        yield station
    finally:
        station.dies()


@asynccontextmanager
async def hls(folder: Path, hertz: int) -> AsyncIterator[Transmitter]:
    """A playlist of pieces of half a second, AAC, in a folder that nginx serves."""
    (folder / "hls").mkdir(parents=True)
    port, config = _free_port(), folder / "nginx.conf"
    config.write_text(_NGINX.format(port=port, folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    station = Transmitter(f"http://127.0.0.1:{port}/live.m3u8")
    pieces = ("-hls_time", "0.5", "-hls_list_size", "4", "-hls_flags", "delete_segments")
    try:
        station.start(*_tone(hertz), "-c:a", "aac", "-f", "hls", *pieces, str(folder / "hls" / "live.m3u8"))
        station.start("nginx", "-c", str(config), "-g", "master_process off;")
        await _until_on_air(port, "/live.m3u8")
        yield station
    finally:
        station.dies()


async def _until_open(port: int) -> None:
    await _until(port, "/", lambda _: True)


async def _until_on_air(port: int, path: str) -> None:
    await _until(port, path, lambda line: b" 200 " in line)


async def _until(port: int, path: str, wanted: Callable[[bytes], bool]) -> None:
    """Until the first line of the answer is what is wanted."""
    async with asyncio.timeout(20):
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                line = await reader.readline()
                writer.close()
                if wanted(line):
                    return
            await asyncio.sleep(0.05)
