"""The load generators: enough processes that each stays below the limit of open files."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from joserfc.jwk import ECKey

from bench.sockets.load.assignment import Assignment, Endpoints
from bench.sockets.load.generator import main
from bench.sockets.load.population import Population, user_id
from bench.sockets.load.recording import Recording, Tally
from services.auth.tokens import issue

MAX_SOCKETS = 17_000
TOKEN_SECONDS = 7200.0
_spawn = get_context("spawn")


class GeneratorPool:
    """One process for each `Endpoints`; users are assigned by group.

    No two share an endpoint: users of a killed ingest process must not delay the frames of others.
    """

    def __init__(self, population: Population, endpoints: list[Endpoints], tokens: dict[int, str]) -> None:
        self.population = population
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        self._tallies = [Tally() for _ in endpoints]
        for i, endpoint in enumerate(endpoints):
            groups = list(range(i, population.groups, len(endpoints)))
            own = {number: tokens[number] for group in groups for number in population.members(group)}
            ours, theirs = _spawn.Pipe()
            process = _spawn.Process(
                target=main, args=(Assignment(population, groups, endpoint, own), theirs), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes if process.pid is not None]

    def tally(self, seconds: float) -> Tally:
        """The latest counters, after receiving for `seconds`; raises RuntimeError if a generator has ended."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for pipe in wait(self._pipes, left):
                assert isinstance(pipe, Connection)
                self._tallies[self._pipes.index(pipe)] = self._receive(pipe)
        return sum(self._tallies, Tally())

    def send(self, *command: Any) -> None:
        for pipe in self._pipes:
            pipe.send(command)

    def finish(self) -> list[Recording]:
        """Ends the generators and returns their recordings."""
        self.send("finish")
        recordings: list[Recording] = []
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            while not isinstance(answer := self._receive(pipe), Recording):
                pass
            recordings.append(answer)
            process.join()
        return recordings

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def _receive(self, pipe: Connection) -> Any:
        try:
            return pipe.recv()
        except (EOFError, ConnectionError):
            raise RuntimeError("a load generator has ended; its output is above") from None


def issue_tokens(population: Population, key: ECKey) -> dict[int, str]:
    """An access token for each user, as issued by the auth service; signed by two processes."""
    pem = key.as_pem(private=True).decode()
    parts = [range(i, population.users, 2) for i in range(2)]
    with ProcessPoolExecutor(2, _spawn) as pool:
        found = list(pool.map(_sign, [pem, pem], parts))
    return {number: token for part in found for number, token in part.items()}


def _sign(pem: str, numbers: range) -> dict[int, str]:
    from contracts.signing_keys import load

    key, now = load(pem), time.time()
    return {number: issue(user_id(number), [], key, now, lifetime=TOKEN_SECONDS) for number in numbers}
