"""A witness, two processes a region, two runbooks, and a network that delays and loses. Time is a number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5

from contracts.lease import Found, LeaseHeld, Missing, Write, decode, encode, fenced, handed_over, next_write
from contracts.platform import RegionRole

TERM = 30.0
WEST, EAST = "us-west-2", "us-east-1"
ROLES = {WEST: RegionRole.ACTIVE, EAST: RegionRole.PASSIVE}
Decide = Callable[[Found | Missing, float], Write | None]


@dataclass
class Process:
    """Of a region or, with none, of a runbook; `until` is the end of its last confirmed term, in true time."""

    name: str
    region: str
    offset: float
    until: float = float("-inf")


@dataclass(frozen=True)
class Network:
    """Seconds from reading to sending, and from sending until the witness applies it; whether the answer comes."""

    thinks: float = 0.0
    travels: float = 0.0
    answered: bool = True


@dataclass
class Operation:
    process: Process
    decide: Decide
    seen: Found | Missing
    sends: float
    arrives: float
    answered: bool
    write: Write | None = None

    @property
    def next_moment(self) -> float:
        return self.sends if self.write is None else self.arrives


class Pair:
    """`check` after every step. Processes 0 and 1 are the west's, 2 and 3 the east's, 4 and 5 are runbooks.

    Nobody lets go before its term ends, although a process does when it reads that it has to: that makes it harder.
    """

    def __init__(self, offsets: list[float]) -> None:
        self.now = 1_000.0
        self.object: bytes | None = None
        regions = [WEST, WEST, EAST, EAST, "", ""]
        self.all = [Process(*of) for of in zip("abcdef", regions, offsets, strict=True)]
        self.operations: list[Operation] = []

    def check(self) -> None:
        serving = {process.region for process in self.all if process.until > self.now}
        assert len(serving) <= 1, f"{serving} at {self.now}"

    def pass_time(self, seconds: float) -> None:
        until = self.now + seconds
        while self.operations:
            operation = min(self.operations, key=lambda one: one.next_moment)
            if operation.next_moment > until:
                break
            self.now = operation.next_moment
            self._step(operation)
            self.check()
        self.now = until

    def renew(self, who: int, network: Network = Network(), roles_exchanged: bool = False) -> None:
        process = self.all[who]

        def decide(seen: Found | Missing, now: float) -> Write | None:
            role = ROLES[process.region]
            if roles_exchanged and isinstance(seen, Found):
                role = next(other for other in RegionRole if other is not role)
            write = next_write(process.region, role, seen, process.name, now, TERM)
            return write if isinstance(write, Write) else None

        self._begin(process, decide, network)

    def hand_over(self, who: int, to: str, network: Network = Network()) -> None:
        """Of which the region makes use at once."""
        run = self.all[who]

        def decide(seen: Found | Missing, now: float) -> Write | None:
            try:
                return Write(handed_over(seen.lease, to, run.name, now), seen.etag) if isinstance(seen, Found) else None
            except LeaseHeld:
                return None

        self._begin(run, decide, network)
        self.renew(0 if to == WEST else 2)

    def fence(self, who: int, network: Network = Network()) -> None:
        run = self.all[who]

        def decide(seen: Found | Missing, now: float) -> Write | None:
            return Write(fenced(seen.lease, run.name), seen.etag) if isinstance(seen, Found) else None

        self._begin(run, decide, network)

    def _begin(self, process: Process, decide: Decide, network: Network) -> None:
        seen = Missing() if self.object is None else Found(decode(self.object), self._etag())
        sends = self.now + network.thinks
        self.operations.append(Operation(process, decide, seen, sends, sends + network.travels, network.answered))
        self.pass_time(0.0)

    def _step(self, operation: Operation) -> None:
        process = operation.process
        if operation.write is None:
            operation.write = operation.decide(operation.seen, self.now + process.offset)
            if operation.write is None:
                self.operations.remove(operation)
            return
        self.operations.remove(operation)
        if self._apply(operation.write) and operation.answered and process.region:
            process.until = max(process.until, operation.sends + operation.write.lease.term_s)

    def _etag(self) -> str:
        """Of the content, as S3's is: a content that came back would let an old request in."""
        return md5(self.object or b"").hexdigest()

    def _apply(self, write: Write) -> bool:
        if (write.etag is None) != (self.object is None) or (write.etag and write.etag != self._etag()):
            return False
        self.object = encode(write.lease)
        return True
