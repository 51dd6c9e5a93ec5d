"""A load generator: a process with some thousands of wearables on one epoll, told by pipe what to do."""

from __future__ import annotations

import gc
import heapq
import random
import select
import ssl
import time
from array import array
from collections import deque
from dataclasses import dataclass, field
from itertools import cycle
from multiprocessing.connection import Connection

import msgspec

from bench.sockets.load.client import CLOSE, TEXT, Gone, Link, masked
from bench.sockets.load.population import Crowd, name
from contracts.stream import EmergencyCalm, Seen
from local.wearables.frames import Timed

AT_ONCE = 100
"""Handshakes under way: more would only wait in the queue of the listener."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""As in local/wearables: seconds before the first and between later attempts to reconnect."""
HANDSHAKE_SECONDS = 20.0
REPORT_SECONDS = 1.0

_encode = msgspec.json.Encoder().encode
_push = msgspec.json.Decoder(EmergencyCalm).decode


@dataclass(frozen=True)
class Doors:
    """Where the people of one generator connect from and to; they are dealt out to these doors in turn."""

    sources: tuple[str, str]
    """Of people with even and with odd numbers. Linux looks for a free port among one half of its 28,232 first: with
    more connections than that from one address to another, each connect takes it a millisecond or more."""
    to: dict[int, tuple[str, int]]
    """By their number among the doors of all generators."""
    authority: str | None
    """PEM file of who signed the gateway's certificate; None where there is no TLS."""


@dataclass(frozen=True)
class Share:
    """The part of a crowd that one generator plays, and a token for each of its people, by number."""

    crowd: Crowd
    groups: list[int]
    doors: Doors
    tokens: dict[int, str]


class Tally(msgspec.Struct):
    """What has happened so far in one generator, or in all together."""

    connected: int = 0
    planned: int = 0
    """Frames that will have been sent at the end."""
    sent: int = 0
    acked: int = 0
    resent: int = 0
    refused: int = 0
    reconnects: int = 0
    pushes: int = 0

    def __add__(self, other: Tally) -> Tally:
        mine, more = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Tally(*(a + b for a, b in zip(mine, more, strict=True)))


class Findings(msgspec.Struct):
    """What one generator saw. Moments are seconds from the start, latencies ms."""

    tally: Tally
    ack_at: bytes
    """Doubles: when each acknowledged frame was sent; a frame sent again, when it was sent first."""
    ack_ms: bytes
    """Floats: from first sending it to the acknowledgement."""
    ack_door: bytes
    """Bytes: number of the door."""
    opened_at: bytes
    """Doubles: when each handshake after the start was through."""
    late_ms: bytes
    """Floats: how late each frame was sent, by its schedule; of those whose person was connected."""
    pushes: list[tuple[int, str, float]]
    """Person, event id, Unix ms of arrival."""
    troubles: list[str]


@dataclass
class Wearables:
    """`run` plays the share; `pipe` brings ("start", Unix ms), ("drop",) and ("finish",)."""

    share: Share
    pipe: Connection
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        doors = self.share.doors
        self._tls = None
        if doors.authority is not None:
            self._tls = ssl.create_default_context(cafile=doors.authority)
        self._epoll = select.epoll()
        self._links: dict[int, Link] = {}
        """By file descriptor."""
        self._people = {n: Link(n, token) for n, token in self.share.tokens.items()}
        self._door = dict(zip(self._people, cycle(doors.to), strict=False))
        self._dialling: set[int] = set()
        self._queue: deque[Link] = deque(self._people.values())
        self._later: list[tuple[float, int]] = []
        self._due: list[tuple[float, int, int]] = []
        """Moment (steady clock), heart, frame."""
        self._hearts: list[tuple[list[Link], list[Timed]]] = []
        self._began = 0.0
        self._ack_at, self._ack_ms, self._ack_door = array("d"), array("f"), array("B")
        self._opened_at, self._late = array("d"), array("f")
        self._pushes: list[tuple[int, str, float]] = []
        self._troubles: list[str] = []

    def run(self) -> None:
        self._epoll.register(self.pipe.fileno(), select.EPOLLIN)
        told = 0.0
        while True:
            now = time.perf_counter()
            if now - told > REPORT_SECONDS:
                told = now
                self.pipe.send(self.tally)
                self._give_up(now)
            self._send_due(now)
            self._dial(now)
            for fd, event in self._epoll.poll(self._pause(told + REPORT_SECONDS)):
                link = self._links.get(fd)
                if link is None:
                    if fd == self.pipe.fileno() and not self._obey():
                        return
                    continue
                try:
                    if link.unsent:
                        link.flush()
                        self._watch(link)
                    if event & ~select.EPOLLOUT:
                        self._read(link)
                except (OSError, ssl.SSLError) as error:
                    self._lost(link, str(error))

    def _pause(self, told: float) -> float:
        until = min(
            told,
            self._due[0][0] if self._due else told,
            self._later[0][0] if self._later else told,
        )
        return max(0.0, until - time.perf_counter())

    def _obey(self) -> bool:
        """Whether to go on."""
        try:
            order, *details = self.pipe.recv()
        except EOFError:
            raise SystemExit("the benchmark is gone") from None
        if order == "start":
            self._start(*details)
        elif order == "drop":
            for link in list(self._links.values()):
                self._lost(link, "")
        else:
            self.pipe.send(self._findings())
            return False
        return True

    def _findings(self) -> Findings:
        return Findings(
            self.tally,
            self._ack_at.tobytes(),
            self._ack_ms.tobytes(),
            self._ack_door.tobytes(),
            self._opened_at.tobytes(),
            self._late.tobytes(),
            self._pushes,
            self._troubles[:20],
        )

    def _start(self, start: int) -> None:
        """`start`: Unix ms."""
        self._began = time.perf_counter() + start / 1000 - time.time()
        crowd = self.share.crowd
        for group in self.share.groups:
            for numbers, heart in crowd.hearts(group):
                frames = heart.frames(start)
                self.tally.planned += len(frames) * len(numbers)
                self._due.append((self._began + frames[0].due, len(self._hearts), 0))
                self._hearts.append(([self._people[number] for number in numbers], frames))
        heapq.heapify(self._due)
        gc.collect()
        gc.freeze()
        gc.disable()

    def _send_due(self, now: float) -> None:
        due = self._due
        while due and due[0][0] <= now:
            moment, heart, index = due[0]
            links, frames = self._hearts[heart]
            frame = frames[index].frame
            message = masked(_encode(frame))
            if index + 1 < len(frames):
                heapq.heapreplace(due, (self._began + frames[index + 1].due, heart, index + 1))
            else:
                heapq.heappop(due)
            for link in links:
                sent = time.perf_counter()
                if not link.open:
                    link.unacked[frame.seq] = message, 0.0
                    continue
                link.unacked[frame.seq] = message, sent
                self.tally.sent += 1
                self._late.append((sent - moment) * 1000)
                self._write(link, message)

    def _write(self, link: Link, message: bytes) -> None:
        try:
            if not link.write(message):
                self._watch(link)
        except OSError as error:
            self._lost(link, str(error))

    def _watch(self, link: Link) -> None:
        writing = link.unsent and not link.starved
        self._epoll.modify(link.fd, select.EPOLLIN | select.EPOLLOUT if writing else select.EPOLLIN)

    def _read(self, link: Link) -> None:
        data = link.read()
        while data:
            if not link.open:
                data = link.greeted(data)
                if data is None:
                    return
                self._opened(link)
            for opcode, payload in link.messages(data):
                self._hear(link, opcode, payload)
            # TLS may hold decrypted bytes that epoll knows nothing of.
            data = link.read() if self._tls is not None and link.sock is not None else b""

    def _hear(self, link: Link, opcode: int, payload: bytes) -> None:
        if payload.startswith(b'{"ack":'):
            known = link.unacked.pop(int(payload[7:-1]), None)
            if known is not None:
                now = time.perf_counter()
                self.tally.acked += 1
                self._ack_at.append(known[1] - self._began)
                self._ack_ms.append((now - known[1]) * 1000)
                self._ack_door.append(self._door[link.number])
        elif opcode == CLOSE:
            raise Gone(f"closed: {int.from_bytes(payload[:2], 'big')} {payload[2:].decode(errors='replace')}")
        elif opcode == TEXT and payload.startswith(b'{"type":"emergency_calm"'):
            arrived = time.time() * 1000
            push = _push(payload)
            self.tally.pushes += 1
            self._pushes.append((link.number, push.event_id, arrived))
            self._write(link, masked(_encode(Seen(push.event_id))))
        elif opcode == TEXT:
            self.tally.refused += 1
            self._troubles.append(f"{name(link.number)}: {payload[:200].decode(errors='replace')}")

    def _dial(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            self._queue.append(self._people[heapq.heappop(self._later)[1]])
        doors = self.share.doors
        while self._queue and len(self._dialling) < AT_ONCE:
            link = self._queue.popleft()
            try:
                link.dial(doors.sources[link.number % 2], doors.to[self._door[link.number]], self._tls)
            except OSError as error:
                self._again(link, str(error))
                continue
            link.since = now
            self._links[link.fd] = link
            self._dialling.add(link.number)
            self._epoll.register(link.fd, select.EPOLLIN | select.EPOLLOUT)

    def _opened(self, link: Link) -> None:
        self._dialling.discard(link.number)
        self.tally.connected += 1
        link.pause = 0.0
        if self._began:
            self._opened_at.append(time.perf_counter() - self._began)
        for seq, (message, sent) in list(link.unacked.items()):
            if sent:
                self.tally.resent += 1
            else:
                self.tally.sent += 1
                link.unacked[seq] = message, time.perf_counter()
            self._write(link, message)

    def _lost(self, link: Link, why: str) -> None:
        if link.sock is None:
            return
        del self._links[link.fd]
        if link.open:
            self.tally.connected -= 1
            self.tally.reconnects += 1
        self._dialling.discard(link.number)
        link.hang_up()
        self._again(link, why)

    def _again(self, link: Link, why: str) -> None:
        if why and len(self._troubles) < 1000:
            self._troubles.append(why)
        pause = link.pause or FIRST_PAUSE
        link.pause = min(LONGEST_PAUSE, pause * 2)
        heapq.heappush(self._later, (time.perf_counter() + pause * random.uniform(0.5, 1.0), link.number))

    def _give_up(self, now: float) -> None:
        for number in list(self._dialling):
            link = self._people[number]
            if now - link.since > HANDSHAKE_SECONDS:
                self._lost(link, f"no answer to the handshake in {HANDSHAKE_SECONDS:g} s")


def play(share: Share, pipe: Connection) -> None:
    """The main function of a generator's process."""
    Wearables(share, pipe).run()
