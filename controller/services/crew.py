"""Work that goes on behind: every task has an owner, and one that fails takes nobody with it."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from controller.domain.errors import LoaError

_log = logging.getLogger(__name__)


class Crew:
    """Tasks of one task group. An error in a task is logged and ends that task alone."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None

    def join(self, group: asyncio.TaskGroup) -> None:
        """From here on tasks belong to ``group``, which must outlive every call of `spawn`."""
        self._group = group

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Starts ``work``. Raises `RuntimeError` before the desk runs, `CancelledError` while it ends: nothing is begun
        any more, and whoever wants it is about to end too.
        """
        if self._group is None:
            work.close()
            raise RuntimeError("the desk is not running")
        begun = _guarded(work, name)
        try:
            task = self._group.create_task(begun, name=name)
        except RuntimeError as error:
            begun.close()
            work.close()
            raise asyncio.CancelledError(f"{name}: the desk is ending") from error
        # A task that is cancelled before it began never comes to its work.
        task.add_done_callback(lambda _: work.close())
        return task


async def _guarded(work: Coroutine[Any, Any, None], name: str) -> None:
    try:
        await work
    except LoaError as error:
        _log.warning("%s: %s", name, error, extra={"code": error.code})
    except Exception:
        _log.exception("%s failed", name)
