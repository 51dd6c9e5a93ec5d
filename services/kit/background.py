"""Tasks beside the requests of a process: they run as long as it serves, and it ends if one of them fails."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from services.kit import logs

log = logs.get(__name__)


@contextlib.asynccontextmanager
async def running(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Runs `work` within the block. If it ends before, whatever the reason, the process ends, and is restarted: a
    service that only answers, while its events or outcomes pile up, looks healthy and is not."""
    tasks = [asyncio.create_task(one) for one in work]
    for task in tasks:
        task.add_done_callback(_end_the_process)
    try:
        yield
    finally:
        for task in tasks:
            task.remove_done_callback(_end_the_process)
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _end_the_process(task: asyncio.Task[None]) -> None:
    """A library may cancel the task that calls it, so that is no reason to go on without the task."""
    error = None if task.cancelled() else task.exception()
    log.critical("background_task_ended", cancelled=task.cancelled(), exc_info=error)
    os.kill(os.getpid(), signal.SIGTERM)
