"""What a recording of 60 MB costs the controller on its way to the disk: memory and time.

It is handed in both ways, as one resumable request and within a form, to a controller that has taken a small one of
each before. The floor beside it, in the same rounds: a bare aiohttp server that reads as many bytes and keeps none.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp

from controller.bench.figures import CannotMeasure, middle, resident_mb
from controller.stage import LOOPBACK, Program, Stage, free_port

ROUNDS = 3
SIZE_BYTES = 60_000_000
WARM_BYTES = 1_000_000
SINK = """
import sys
from aiohttp import web
async def take(request):
    async for _ in request.content.iter_any():
        pass
    return web.Response(status=204)
app = web.Application()
app.router.add_route("*", "/", take)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
"""

Send = Callable[[Path], Awaitable[None]]


async def measure(rounds: int) -> dict[str, float]:
    """``upload_added_mb`` (the worse way and round), each way's own; the resumable way's ``seconds`` and ``mb_per_s``
    (medians), the floor's, and ``ratio_to_floor`` of the seconds.
    """
    rounds = rounds or ROUNDS
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as name:
        folder = Path(name)
        small, large = _file(folder / "small.bin", WARM_BYTES), _file(folder / "large.bin", SIZE_BYTES)
        async with Stage(folder / "station") as stage, _floor(folder) as floor, aiohttp.ClientSession() as bare:
            await stage.start_controller()
            await stage.sign_in()
            async with signed_in(stage) as http:
                await resumable(http, small)
                await in_a_form(http, small)
                took: dict[str, list[float]] = {"resumable": [], "form": [], "floor": []}
                added: dict[str, list[float]] = {"resumable": [], "form": []}
                for _ in range(rounds):
                    took["floor"].append(await _timed(lambda: _send_bare(bare, floor, large)))
                    for way, send in (("resumable", resumable), ("form", in_a_form)):
                        before = resident_mb(_pid(stage))
                        forget_peak(_pid(stage))
                        took[way].append(await _timed(lambda send=send: send(http, large)))  # type: ignore[misc]
                        added[way].append(peak_mb(_pid(stage)) - before)
    seconds, floor_s = middle(took["resumable"]), middle(took["floor"])
    return {
        "upload_added_mb": round(max(max(values) for values in added.values()), 1),
        "resumable_added_mb": round(max(added["resumable"]), 1),
        "form_added_mb": round(max(added["form"]), 1),
        "seconds": round(seconds, 3),
        "mb_per_s": round(SIZE_BYTES / 1e6 / seconds, 1),
        "form_seconds": round(middle(took["form"]), 3),
        "floor_s": round(floor_s, 3),
        "floor_mb_per_s": round(SIZE_BYTES / 1e6 / floor_s, 1),
        "ratio_to_floor": round(seconds / floor_s, 2),
    }


@contextlib.asynccontextmanager
async def signed_in(stage: Stage) -> AsyncIterator[aiohttp.ClientSession]:
    """A program of its own that may hand in."""
    async with aiohttp.ClientSession(stage.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.post("/api/v1/sign-in", json={"name": "admin", "password": stage.password}) as answer:
            http.headers["X-Loa-CSRF"] = (await answer.json())["csrf"]
        yield http


async def resumable(http: aiohttp.ClientSession, path: Path) -> None:
    """The whole file in one PATCH; what it leaves there is removed again, as after a bulletin was made of it."""
    size_bytes = path.stat().st_size
    async with http.post("/api/v1/uploads", headers={"Upload-Length": str(size_bytes)}) as begun:
        _expect(begun, 201)
        where = begun.headers["Location"]
    headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    with path.open("rb") as file:
        async with http.patch(where, data=file, headers=headers) as answer:
            _expect(answer, 204)
    async with http.delete(where) as gone:
        _expect(gone, 204)


async def in_a_form(http: aiohttp.ClientSession, path: Path) -> None:
    """The file as a form without scripts sends it."""
    with path.open("rb") as file:
        form = aiohttp.FormData()
        form.add_field("recording", file, filename=path.name, content_type="audio/wav")
        async with http.post("/recordings", data=form) as answer:
            _expect(answer, 201)
            upload_id = (await answer.json())["id"]
    async with http.delete(f"/api/v1/uploads/{upload_id}") as gone:
        _expect(gone, 204)


def forget_peak(pid: int) -> None:
    """From here on the peak of resident memory counts anew. Raises `CannotMeasure`."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except OSError as error:
        raise CannotMeasure(f"the peak of memory cannot be counted anew here: {error}") from error


def peak_mb(pid: int) -> float:
    """The most resident memory of a process in MB (10^6 bytes) since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise CannotMeasure(f"process {pid} has no peak of memory; has it ended?")


def _pid(stage: Stage) -> int:
    assert stage.controller is not None
    return stage.controller.pid


def _expect(answer: aiohttp.ClientResponse, status: int) -> None:
    if answer.status != status:
        raise CannotMeasure(f"{answer.method} {answer.url.path} answered {answer.status}, not {status}")


def _file(path: Path, size_bytes: int) -> Path:
    path.write_bytes(bytes(range(256)) * (size_bytes // 256 + 1))
    with path.open("r+b") as file:
        file.truncate(size_bytes)
    return path


async def _timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.monotonic()
    await work()
    return time.monotonic() - began


@contextlib.asynccontextmanager
async def _floor(folder: Path) -> AsyncIterator[str]:
    port = free_port()
    sink = Program("floor", [sys.executable, "-c", SINK, str(port)], folder / "floor.log", {})
    await sink.start()
    url = f"http://{LOOPBACK}:{port}/"
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(10):
            while not await _answers(http, url):
                await asyncio.sleep(0.05)
        yield url
    finally:
        await sink.kill()


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.post(url) as answer:
            return answer.status == 204
    except aiohttp.ClientError:
        return False


async def _send_bare(http: aiohttp.ClientSession, url: str, path: Path) -> None:
    with path.open("rb") as file:
        async with http.post(url, data=file) as answer:
            _expect(answer, 204)
