"""What is measured: routes, how they are called, at which rate, and the goals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.api import peer, population
from bench.api.load.calls import Calls, Http, Introspection, Refreshing, Repeated, Script, get
from bench.api.peer import Peer
from bench.api.population import ITEMS, LOCALE, PEOPLE, SEARCHED
from bench.api.system import System
from contracts.platform import API_HOST
from services.auth import tokens

CONNECTIONS = 64
"""Kept connections of a generator; the closed loop uses CONCURRENCY of them at a time."""
CONCURRENCY = 8
DIRECT, GATEWAY = "direct", "gateway"


@dataclass(frozen=True)
class Target:
    """`program` is the process that answers, `rate` the calls a second of the open loop, `p99_ms` the goal for it.

    `calls` makes what the generator calls, with state of its own each time: directly, or through the gateway.
    """

    name: str
    title: str
    program: str
    rate: float
    calls: Callable[[str], Calls]
    ways: Sequence[str] = (DIRECT, GATEWAY)
    p99_ms: float | None = None


def targets(system: System) -> list[Target]:
    """All of them, in the order of the table."""
    to = _Callers(system)

    def thing(which: Peer) -> Callable[[str], Calls]:
        return lambda way: to.http(which, way, lambda n: Repeated([to.get(peer.PATH, n)], b'"something"'))

    peers = [
        Target(Peer.BARE, "peer: bare route", Peer.BARE, 500, thing(Peer.BARE), (DIRECT,)),
        Target(Peer.KIT, "peer: kit's route", Peer.KIT, 500, thing(Peer.KIT), (DIRECT,)),
        Target(Peer.TOKEN, "peer: kit's route, token verified", Peer.TOKEN, 500, thing(Peer.TOKEN), (DIRECT,)),
    ]
    return [
        *peers,
        Target("launch", "app launch", "users", 500, to.launch, p99_ms=10),
        Target("catalogue", "catalogue, a page of 50", "content", 50, to.catalogue),
        Target("search", "search", "content", 50, to.search),
        Target("playback", "signed URL of a recording", "content", 200, to.playback),
        Target("refresh", "refresh of a token", "auth", 100, to.refresh),
        Target("introspect", "gRPC Introspect", "auth", 200, to.introspect, (DIRECT,), p99_ms=3),
    ]


class _Callers:
    """What generators call; every connection is of another person."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._tokens = [population.token(number, system.key) for number in range(PEOPLE)]

    def get(self, path: str, number: int) -> bytes:
        return get(path, API_HOST, self._tokens[number % PEOPLE])

    def http(self, program: str, way: str, script: Callable[[int], Script]) -> Http:
        gateways = self._system.gateways
        scripts = [script(number) for number in range(CONNECTIONS)]
        if way == GATEWAY:
            return Http(gateways.endpoints[0], API_HOST, scripts, gateways.ca_file)
        return Http(self._system.programs[program].address, API_HOST, scripts)

    def launch(self, way: str) -> Calls:
        def script(number: int) -> Script:
            return Repeated([self.get("/v1/users/me/launch", n) for n in _others(number)], b'"display_name":"Person ')

        return self.http("users", way, script)

    def catalogue(self, way: str) -> Calls:
        path = f"/v1/content/items?locale={LOCALE}"
        return self.http("content", way, lambda n: Repeated([self.get(path, o) for o in _others(n)], b'"teacher":"Te'))

    def search(self, way: str) -> Calls:
        paths = [f"/v1/content/search?q={words.replace(' ', '+')}&locale={LOCALE}" for words in SEARCHED]

        def script(number: int) -> Script:
            return Repeated([self.get(path, n) for path in paths for n in _others(number)], b'"title":"')

        return self.http("content", way, script)

    def playback(self, way: str) -> Calls:
        def script(number: int) -> Script:
            return Repeated(
                [self.get(f"/v1/content/items/{1 + n % ITEMS}/playback", n) for n in _others(number)], b"&Signature="
            )

        return self.http("content", way, script)

    def refresh(self, way: str) -> Calls:
        sessions = asyncio.run(population.sign_in(self._system, CONNECTIONS))
        path = "/v1/auth/token"
        return self.http("auth", way, lambda n: Refreshing(path, API_HOST, sessions[n].refresh_token))

    def introspect(self, way: str) -> Calls:
        sessions = asyncio.run(population.sign_in(self._system, CONNECTIONS))
        key, now, lifetime = self._system.key, time.time(), population.TOKEN_SECONDS
        issued = [
            (tokens.issue(one.account, [], key, now, lifetime=lifetime, session=one.id), one.account)
            for one in sessions
        ]
        return Introspection(self._system.grpc_address(), issued)


def _others(number: int) -> Iterator[int]:
    """The people who share a connection."""
    yield from range(number, PEOPLE, CONNECTIONS)
