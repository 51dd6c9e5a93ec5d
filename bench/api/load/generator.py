"""The generator's process. Through a pipe it is told which load to make, and answers with a recording each."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import uvloop

from bench.api.load import http, introspection
from bench.api.load.calls import Calls, Http
from bench.api.load.schedule import Load, Recording

_spawn = get_context("spawn")


class GeneratorFailed(RuntimeError):
    """The process of the generator has ended; its traceback is on standard error."""


@dataclass(frozen=True)
class Closed:
    """As fast as it is answered, with so many calls at a time."""

    concurrency: int
    seconds: float


@dataclass(frozen=True)
class Open:
    """`rate` calls a second."""

    rate: float
    seconds: float


@dataclass(frozen=True)
class Generator:
    """A running generator, connected."""

    process: BaseProcess
    pipe: Connection

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def load(self, what: Closed | Open) -> Recording:
        """Makes the load; raises GeneratorFailed."""
        self.pipe.send(what)
        return self._received()

    def connected(self) -> None:
        """Returns when every caller is connected; raises GeneratorFailed."""
        self._received()

    def _received(self) -> Recording:
        try:
            return self.pipe.recv()
        except (EOFError, ConnectionError):
            raise GeneratorFailed("the load generator has ended; its output is above") from None


@contextmanager
def generator(calls: Calls) -> Iterator[Generator]:
    """A generator for `calls`, until the end of the block."""
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_main, args=(calls, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        made = Generator(process, ours)
        made.connected()
        yield made
    finally:
        ours.close()
        process.kill()
        process.join()


def _main(calls: Calls, pipe: Connection) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        callers = runner.run(http.connect(calls) if isinstance(calls, Http) else introspection.connect(calls))
        load = Load(callers)
        gc.freeze()
        pipe.send(Recording())
        while True:
            try:
                what: Closed | Open = pipe.recv()
            except EOFError:
                return
            if isinstance(what, Closed):
                pipe.send(runner.run(load.closed(what.concurrency, what.seconds)))
            else:
                pipe.send(runner.run(load.open(what.rate, what.seconds)))
