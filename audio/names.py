"""Names become addresses, each looked up in a thread of its own.

Rules of the module: the system looks names up without an end to be foreseen: half a minute and more where no server of
names answers, as when a line is down. The threads that the event loop has for everybody's files and voices are few, and
are not used for that; nor does the end of the program wait for a name.
"""

import asyncio
import socket
import threading
from contextlib import suppress

Found = list[tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str, int] | tuple[str, int, int, int]]]
"""As `socket.getaddrinfo` gives them."""


async def look_up(host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC) -> Found:
    """The addresses for a stream. Whoever does not want to wait any longer may be cancelled.

    Raises `socket.gaierror`: there is no such host, or what is written is no name.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Found] = loop.create_future()

    def tell(found: Found | OSError) -> None:
        if answer.done():
            return
        if isinstance(found, OSError):
            answer.set_exception(found)
        else:
            answer.set_result(found)

    def look() -> None:
        found: Found | OSError
        try:
            found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)  # type: ignore[assignment]
        except OSError as error:
            found = error
        except UnicodeError as error:
            found = socket.gaierror(socket.EAI_NONAME, f"{host[:100]!r} is no name of a host: {error}")
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(tell, found)

    threading.Thread(target=look, name="name", daemon=True).start()
    return await answer
