"""The load generators: so many processes that each stays below the limit of open files."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from joserfc.jwk import ECKey

from bench.sockets.load.generator import Doors, Findings, Share, Tally, play
from bench.sockets.load.population import Crowd, name
from services.auth.tokens import issue

MOST_SOCKETS = 17_000
TOKEN_SECONDS = 7200.0
_spawn = get_context("spawn")


class Generators:
    """One process a `Doors`; people are dealt out by group.

    No two share a door: the people of an ingest process that dies must not slow down others before these have sent.
    """

    def __init__(self, crowd: Crowd, doors: list[Doors], tokens: dict[int, str]) -> None:
        self.crowd = crowd
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        self._tallies = [Tally() for _ in doors]
        for i, door in enumerate(doors):
            groups = list(range(i, crowd.groups, len(doors)))
            own = {number: tokens[number] for group in groups for number in crowd.members(group)}
            ours, theirs = _spawn.Pipe()
            process = _spawn.Process(target=play, args=(Share(crowd, groups, door, own), theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes if process.pid is not None]

    def tally(self, seconds: float) -> Tally:
        """The newest counts, after listening for `seconds`; raises RuntimeError when a generator has ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for pipe in wait(self._pipes, left):
                assert isinstance(pipe, Connection)
                self._tallies[self._pipes.index(pipe)] = self._receive(pipe)
        return sum(self._tallies, Tally())

    def tell(self, *order: Any) -> None:
        for pipe in self._pipes:
            pipe.send(order)

    def finish(self) -> list[Findings]:
        """Ends the generators; what they saw."""
        self.tell("finish")
        found: list[Findings] = []
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            while not isinstance(answer := self._receive(pipe), Findings):
                pass
            found.append(answer)
            process.join()
        return found

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def _receive(self, pipe: Connection) -> Any:
        try:
            return pipe.recv()
        except (EOFError, ConnectionError):
            raise RuntimeError("a load generator has ended; what it said stands above") from None


def tokens(crowd: Crowd, key: ECKey) -> dict[int, str]:
    """An access token of everybody, as the auth service issues them; two processes sign."""
    pem = key.as_pem(private=True).decode()
    parts = [range(i, crowd.users, 2) for i in range(2)]
    with ProcessPoolExecutor(2, _spawn) as pool:
        found = list(pool.map(_sign, [pem, pem], parts))
    return {number: token for part in found for number, token in part.items()}


def _sign(pem: str, numbers: range) -> dict[int, str]:
    from services.auth.signing import load

    key, now = load(pem), time.time()
    return {number: issue(name(number), [], key, now, lifetime=TOKEN_SECONDS) for number in numbers}
