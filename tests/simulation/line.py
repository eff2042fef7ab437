"""The line between a pole and its station: a relay of bytes that can be cut, held, slowed down or go dead one way."""

import asyncio
import contextlib
from dataclasses import dataclass, field


@dataclass
class Line:
    """``port`` is where the pole dials; what comes there goes on to ``target``, in made-up time."""

    target: int
    up: bool = True
    delay_s: float = 0.0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def open(self) -> None:
        self.held.set()
        self._server = await asyncio.start_server(self._come, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Every connection breaks; others can be made where the line is up."""
        for writer in [*self._open]:
            writer.transport.abort()

    def hold(self) -> None:
        """Nothing goes through, and nobody is told."""
        self.held.clear()

    def let_go(self) -> None:
        self.held.set()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            if not self.up:
                return
            with contextlib.suppress(OSError):
                there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self.target)
                self._open.add(there_writer)
                try:
                    await self._both_ways(reader, writer, there_reader, there_writer)
                finally:
                    self._open.discard(there_writer)
                    there_writer.transport.abort()
        except asyncio.CancelledError:
            pass
        finally:
            self._open.discard(writer)
            self._tasks.discard(task)
            writer.transport.abort()

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there_reader: asyncio.StreamReader,
        there_writer: asyncio.StreamWriter,
    ) -> None:
        ways = [
            asyncio.ensure_future(self._one_way(reader, there_writer)),
            asyncio.ensure_future(self._one_way(there_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _one_way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self.held.wait()
            writer.write(data)
            await writer.drain()
