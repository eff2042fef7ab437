"""Stations that the tests run themselves, in this process: good ones, and every kind of bad one."""

import asyncio
import ssl
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PIECE_S = 0.1


def mp3(ffmpeg: Path, *inputs: str) -> bytes:
    """Sounds one after another, each as a source of lavfi, 64 kbit/s."""
    named = [word for one in inputs for word in ("-f", "lavfi", "-i", one)]
    joined = ["-filter_complex", f"concat=n={len(inputs)}:v=0:a=1"]
    made = [*named, *joined, "-ac", "2", "-ar", "44100", "-b:a", "64k", "-f", "mp3", "-"]
    return subprocess.run([str(ffmpeg), "-loglevel", "error", *made], check=True, capture_output=True).stdout


def tone(hertz: int, seconds: float, level: float = 0.2) -> str:
    return f"aevalsrc={level}*sin({hertz}*2*PI*t):d={seconds}:s=44100"


def silence(seconds: float) -> str:
    return f"anullsrc=d={seconds}:r=44100:cl=mono"


class Stations:
    """A server. Its addresses are the names below; ``sound`` is what those send that send some."""

    def __init__(self, sound: bytes) -> None:
        self.sound = sound
        self.url = ""
        self.raw_url = ""
        self.tls_url = ""
        self.certificate = b""
        self.listeners = 0

    def __getitem__(self, name: str) -> str:
        return f"{self.url}/{name}"

    async def live(self, request: web.Request) -> web.StreamResponse:
        """As Icecast does: two seconds at once, then as time passes."""
        answer = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        await answer.prepare(request)
        self.listeners += 1
        with suppress(ConnectionError):
            await answer.write(self.sound[:16_000])
            for at in range(16_000, len(self.sound), 800):
                await answer.write(self.sound[at : at + 800])
                await asyncio.sleep(_PIECE_S)
        self.listeners -= 1
        return answer

    async def file(self, _: web.Request) -> web.Response:
        return web.Response(body=self.sound, content_type="audio/mpeg")

    async def page(self, _: web.Request) -> web.Response:
        return web.Response(text="<html>" + "Xin chào " * 5_000, content_type="text/html")

    async def page_called_sound(self, _: web.Request) -> web.Response:
        return web.Response(text="<html>" + "Xin chào " * 5_000, content_type="audio/mpeg")

    async def moved(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/live")

    async def moved_to_itself(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/moved_to_itself")

    async def moved_inside(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("http://10.255.255.1/inside")

    async def gone(self, _: web.Request) -> web.Response:
        raise web.HTTPNotFound

    async def playlist_of_files(self, _: web.Request) -> web.Response:
        pieces = ("file:///etc/hostname", "/../../etc/hostname", "concat:/etc/hostname", "data:audio/mpeg,abc")
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:5", "#EXT-X-MEDIA-SEQUENCE:1", "#EXT-X-ENDLIST"]
        lines[3:3] = [line for piece in pieces for line in ("#EXTINF:5,", piece)]
        return web.Response(text="\n".join(lines), content_type="application/vnd.apple.mpegurl")

    async def drip(self, request: web.Request) -> web.StreamResponse:
        """A byte now and then."""
        answer = web.StreamResponse(headers={"Content-Type": "audio/mpeg"})
        await answer.prepare(request)
        with suppress(ConnectionError):
            for byte in self.sound:
                await answer.write(bytes([byte]))
                await asyncio.sleep(0.5)
        return answer

    async def endless(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A header that does not end."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-More: " + b"a" * 1_000 + b"\r\n")
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()


_NAMES = (
    "live",
    "file",
    "page",
    "page_called_sound",
    "moved",
    "moved_to_itself",
    "moved_inside",
    "gone",
    "playlist_of_files",
    "drip",
)


def _certified() -> tuple[ssl.SSLContext, bytes]:
    """With a certificate that vouches for itself, and that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "station")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    here = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = made.add_extension(here, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pem + private)
        file.flush()
        context.load_cert_chain(file.name)
    return context, pem


@asynccontextmanager
async def stations(sound: bytes) -> AsyncIterator[Stations]:
    """On the loopback, inside the block."""
    made, app = Stations(sound), web.Application()
    for name in _NAMES:
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]] = getattr(made, name)
        app.router.add_get(f"/{name}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    raw = await asyncio.start_server(made.endless, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    made.raw_url = f"http://127.0.0.1:{raw.sockets[0].getsockname()[1]}/"
    context, made.certificate = _certified()
    secret = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await secret.start()
    made.tls_url = f"https://127.0.0.1:{runner.addresses[1][1]}"
    try:
        yield made
    finally:
        raw.close()
        await runner.cleanup()
