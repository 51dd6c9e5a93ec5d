"""A load generator: a process with thousands of wearables on one epoll, controlled through a pipe."""

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

from bench.sockets.load.assignment import Assignment
from bench.sockets.load.client import CLOSE, TEXT, Client, Disconnected, encode_text
from bench.sockets.load.population import user_id
from bench.sockets.load.recording import Recording, Tally
from contracts.stream import EmergencyCalm, Seen
from local.wearables.frames import Timed

MAX_CONNECTING = 100
"""Concurrent handshakes: more would only wait in the listen queue."""
MIN_BACKOFF, MAX_BACKOFF = 0.2, 5.0
"""Seconds before the first and between later attempts to reconnect, as in local/wearables."""
HANDSHAKE_TIMEOUT_SECONDS = 20.0
REPORT_SECONDS = 1.0

_encode = msgspec.json.Encoder().encode
_push = msgspec.json.Decoder(EmergencyCalm).decode


@dataclass
class Generator:
    """`run` simulates the assignment; `pipe` delivers ("start", Unix ms), ("drop",) and ("finish",)."""

    assignment: Assignment
    pipe: Connection
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        endpoints = self.assignment.endpoints
        self._tls = None
        if endpoints.ca_file is not None:
            self._tls = ssl.create_default_context(cafile=endpoints.ca_file)
        self._epoll = select.epoll()
        self._clients_by_fd: dict[int, Client] = {}
        self._clients = {n: Client(n, token) for n, token in self.assignment.tokens.items()}
        self._endpoint_of = dict(zip(self._clients, cycle(endpoints.targets), strict=False))
        self._connecting: set[int] = set()
        self._to_connect: deque[Client] = deque(self._clients.values())
        self._reconnects: list[tuple[float, int]] = []
        self._due: list[tuple[float, int, int]] = []
        """Due time (steady clock), index of the series, index of the frame."""
        self._series: list[tuple[list[Client], list[Timed]]] = []
        self._began = 0.0
        self._ack_at, self._ack_ms, self._ack_endpoint = array("d"), array("f"), array("B")
        self._opened_at, self._delay_ms = array("d"), array("f")
        self._pushes: list[tuple[int, str, float]] = []
        self._errors: list[str] = []

    def run(self) -> None:
        self._epoll.register(self.pipe.fileno(), select.EPOLLIN)
        reported = 0.0
        while True:
            now = time.perf_counter()
            if now - reported > REPORT_SECONDS:
                reported = now
                self.pipe.send(self.tally)
                self._check_timeouts(now)
            self._send_due(now)
            self._connect_queued(now)
            for fd, event in self._epoll.poll(self._poll_timeout(reported + REPORT_SECONDS)):
                client = self._clients_by_fd.get(fd)
                if client is None:
                    if fd == self.pipe.fileno() and not self._handle_command():
                        return
                    continue
                try:
                    if client.unsent:
                        client.flush()
                        self._update_epoll(client)
                    if event & ~select.EPOLLOUT:
                        self._read(client)
                except (OSError, ssl.SSLError) as error:
                    self._on_disconnect(client, str(error))

    def _poll_timeout(self, reported: float) -> float:
        until = min(
            reported,
            self._due[0][0] if self._due else reported,
            self._reconnects[0][0] if self._reconnects else reported,
        )
        return max(0.0, until - time.perf_counter())

    def _handle_command(self) -> bool:
        """Executes one command; returns False after the last."""
        try:
            command, *arguments = self.pipe.recv()
        except EOFError:
            raise SystemExit("the benchmark process has ended") from None
        if command == "start":
            self._start(*arguments)
        elif command == "drop":
            for client in list(self._clients_by_fd.values()):
                self._on_disconnect(client, "")
        else:
            self.pipe.send(self._recording())
            return False
        return True

    def _recording(self) -> Recording:
        return Recording(
            self.tally,
            self._ack_at.tobytes(),
            self._ack_ms.tobytes(),
            self._ack_endpoint.tobytes(),
            self._opened_at.tobytes(),
            self._delay_ms.tobytes(),
            self._pushes,
            self._errors[:20],
        )

    def _start(self, start: int) -> None:
        """`start`: Unix ms."""
        self._began = time.perf_counter() + start / 1000 - time.time()
        population = self.assignment.population
        for group in self.assignment.groups:
            for numbers, series in population.series(group):
                frames = series.frames(start)
                self.tally.planned += len(frames) * len(numbers)
                self._due.append((self._began + frames[0].due, len(self._series), 0))
                self._series.append(([self._clients[number] for number in numbers], frames))
        heapq.heapify(self._due)
        gc.collect()
        gc.freeze()
        gc.disable()

    def _send_due(self, now: float) -> None:
        due = self._due
        while due and due[0][0] <= now:
            moment, series, index = due[0]
            clients, frames = self._series[series]
            frame = frames[index].frame
            message = encode_text(_encode(frame))
            if index + 1 < len(frames):
                heapq.heapreplace(due, (self._began + frames[index + 1].due, series, index + 1))
            else:
                heapq.heappop(due)
            for client in clients:
                sent = time.perf_counter()
                if not client.open:
                    client.unacked[frame.seq] = message, 0.0
                    continue
                client.unacked[frame.seq] = message, sent
                self.tally.sent += 1
                self._delay_ms.append((sent - moment) * 1000)
                self._write(client, message)

    def _write(self, client: Client, message: bytes) -> None:
        try:
            if not client.write(message):
                self._update_epoll(client)
        except OSError as error:
            self._on_disconnect(client, str(error))

    def _update_epoll(self, client: Client) -> None:
        writing = client.unsent and not client.wants_read
        self._epoll.modify(client.fd, select.EPOLLIN | select.EPOLLOUT if writing else select.EPOLLIN)

    def _read(self, client: Client) -> None:
        data = client.read()
        while data:
            if not client.open:
                data = client.read_handshake(data)
                if data is None:
                    return
                self._on_open(client)
            for opcode, payload in client.messages(data):
                self._on_frame(client, opcode, payload)
            # TLS may buffer decrypted bytes, for which epoll reports nothing.
            data = client.read() if self._tls is not None and client.sock is not None else b""

    def _on_frame(self, client: Client, opcode: int, payload: bytes) -> None:
        if payload.startswith(b'{"ack":'):
            known = client.unacked.pop(int(payload[7:-1].partition(b",")[0]), None)
            if known is not None:
                now = time.perf_counter()
                self.tally.acked += 1
                self._ack_at.append(known[1] - self._began)
                self._ack_ms.append((now - known[1]) * 1000)
                self._ack_endpoint.append(self._endpoint_of[client.number])
        elif opcode == CLOSE:
            raise Disconnected(f"closed: {int.from_bytes(payload[:2], 'big')} {payload[2:].decode(errors='replace')}")
        elif opcode == TEXT and payload.startswith(b'{"type":"emergency_calm"'):
            arrived = time.time() * 1000
            push = _push(payload)
            self.tally.pushes += 1
            self._pushes.append((client.number, push.event_id, arrived))
            self._write(client, encode_text(_encode(Seen(push.event_id))))
        elif opcode == TEXT:
            self.tally.refused += 1
            self._errors.append(f"{user_id(client.number)}: {payload[:200].decode(errors='replace')}")

    def _connect_queued(self, now: float) -> None:
        while self._reconnects and self._reconnects[0][0] <= now:
            self._to_connect.append(self._clients[heapq.heappop(self._reconnects)[1]])
        endpoints = self.assignment.endpoints
        while self._to_connect and len(self._connecting) < MAX_CONNECTING:
            client = self._to_connect.popleft()
            try:
                client.connect(
                    endpoints.sources[client.number % 2], endpoints.targets[self._endpoint_of[client.number]], self._tls
                )
            except OSError as error:
                self._schedule_reconnect(client, str(error))
                continue
            client.connecting_since = now
            self._clients_by_fd[client.fd] = client
            self._connecting.add(client.number)
            self._epoll.register(client.fd, select.EPOLLIN | select.EPOLLOUT)

    def _on_open(self, client: Client) -> None:
        self._connecting.discard(client.number)
        self.tally.connected += 1
        client.backoff = 0.0
        if self._began:
            self._opened_at.append(time.perf_counter() - self._began)
        for seq, (message, sent) in list(client.unacked.items()):
            if sent:
                self.tally.resent += 1
            else:
                self.tally.sent += 1
                client.unacked[seq] = message, time.perf_counter()
            self._write(client, message)

    def _on_disconnect(self, client: Client, error: str) -> None:
        if client.sock is None:
            return
        del self._clients_by_fd[client.fd]
        if client.open:
            self.tally.connected -= 1
            self.tally.reconnects += 1
        self._connecting.discard(client.number)
        client.close()
        self._schedule_reconnect(client, error)

    def _schedule_reconnect(self, client: Client, error: str) -> None:
        if error and len(self._errors) < 1000:
            self._errors.append(error)
        backoff = client.backoff or MIN_BACKOFF
        client.backoff = min(MAX_BACKOFF, backoff * 2)
        heapq.heappush(self._reconnects, (time.perf_counter() + backoff * random.uniform(0.5, 1.0), client.number))

    def _check_timeouts(self, now: float) -> None:
        for number in list(self._connecting):
            client = self._clients[number]
            if now - client.connecting_since > HANDSHAKE_TIMEOUT_SECONDS:
                self._on_disconnect(client, f"no answer to the handshake in {HANDSHAKE_TIMEOUT_SECONDS:g} s")


def main(assignment: Assignment, pipe: Connection) -> None:
    """Entry point of a generator's process."""
    Generator(assignment, pipe).run()
