"""Many readings of one task as one: a page asks half a dozen services, and sees one state of the database.

Each reading by itself takes a connection, begins, ends and gives it back: some five rounds of the event loop. While
thousands of devices connect a round takes tens of milliseconds, and that was half of what a page waited.

Rules of the module: nothing is begun before the first reading. A view is its task's alone; a task that it starts reads
by itself. What the task changes ends what it saw: the next reading sees a new state.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar, Token
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from controller import ports

_VIEW: "Final[ContextVar[View | None]]" = ContextVar("loa_view", default=None)
Make = Callable[[], tuple[AsyncSession, ports.Transaction]]


class View:
    """To be opened and closed by the task whose it is. ``make`` gives what is not begun yet."""

    def __init__(self, owner: object, make: Make) -> None:
        self._owner = owner
        self._make = make
        self._task = asyncio.current_task()
        self._state: tuple[AsyncSession, ports.Transaction] | None = None
        self._open = 0
        """Readings that are going on, one inside another."""
        self._token: Token[View | None] | None = None

    @staticmethod
    def of_this_task(owner: object) -> "View | None":
        """The one that stands open here, over the same store."""
        view = _VIEW.get()
        if view is None or view._owner is not owner or view._task is not asyncio.current_task():
            return None
        return view

    def open(self) -> None:
        """From here on readings of this task are this one's."""
        self._token = _VIEW.set(self)

    async def close(self) -> None:
        """They are by themselves again."""
        if self._token is not None:
            _VIEW.reset(self._token)
            self._token = None
        await self._end()

    async def renew(self) -> None:
        """The next reading sees what was committed until then. Raises `RuntimeError` inside of a reading: what that
        sees would change under its hands.
        """
        if self._open:
            raise RuntimeError("a change inside of a reading")
        await self._end()

    async def _end(self) -> None:
        state, self._state = self._state, None
        if state is not None:
            await state[0].close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ports.Transaction]:
        """One of them. After an error the next one begins anew."""
        if self._state is None:
            self._state = self._make()
        session, transaction = self._state
        self._open += 1
        try:
            yield transaction
        except BaseException:
            await self._end()
            raise
        else:
            if self._open == 1:
                session.expunge_all()
        finally:
            self._open -= 1
