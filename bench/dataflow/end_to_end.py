"""The dataflow process as in its Pod: Kafka, recovery every second, and a store."""

from __future__ import annotations

import os
import re
import secrets
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import psycopg
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bench.dataflow.measurement import Measurement, best
from bench.dataflow.population import SECONDS, Population
from contracts import timeseries
from contracts.biostream import BioStreamSpec
from contracts.records import pack
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.row import RowKey
from dataflows.biosync.sink.store import BATCH_SIZE, write
from local.engines.kafka import Kafka
from local.engines.postgres import Login, Postgres
from local.engines.runtime.process import Process
from local.engines.runtime.scratch import ScratchEnvironment
from local.site import CHECKOUT

PARTITIONS = 12
_PORT = 18300
_TIMEOUT_SECONDS = 300.0


class Incomplete(RuntimeError):
    """The flow did not read and store everything."""


@dataclass
class Environment:
    """A broker, a database server and a webhook receiver; each run gets topics and tables of its own."""

    scratch: ScratchEnvironment
    kafka: Kafka
    postgres: Postgres
    login: Login
    receiver: str
    runs: int = 0

    def database(self, name: str) -> str:
        self.postgres.ensure_role(self.login, name)
        uri = self.postgres.uri(self.login, name)
        with psycopg.connect(uri, autocommit=True) as connection:
            span = timedelta(hours=2)
            for statement in [
                *timeseries.native(),
                *timeseries.create_partitions(datetime.now(UTC), span / 2, span=span),
            ]:
                connection.execute(statement.encode())
        return uri


@contextmanager
def environment(scratch: ScratchEnvironment) -> Iterator[Environment]:
    """Engines in the scratch environment, until the end of the block."""
    kafka = Kafka(scratch.folder / "kafka", scratch.addresses[0], heap="512m")
    postgres = Postgres(scratch.folder / "postgres", scratch.addresses[1])
    login = Login("bench", secrets.token_urlsafe(16))
    kafka.ensure()
    postgres.ensure(login)
    server = ThreadingHTTPServer((scratch.addresses[2], 0), _Accept)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield Environment(scratch, kafka, postgres, login, f"http://{scratch.addresses[2]}:{server.server_port}")
    finally:
        server.shutdown()


class _Accept(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


def bulk(environment: Environment, population: Population, rows: int, workers: int = 1) -> Measurement:
    """All records as fast as Kafka accepts them: the flow catches up."""

    def send(put: Callable[[int, bytes], None]) -> None:
        for partition, value in records:
            put(partition, value)

    records = population.packed(PARTITIONS)
    name = f"whole flow, in bulk, {_named(workers)}"
    return _run(environment, name, population, rows, workers, send, 250_000)


def live(environment: Environment, population: Population, rows: int, workers: int = 1) -> Measurement:
    """Each record at the time at which its last frame arrived."""
    records = [
        (frames[-1].received / 1000, partition, pack(frames)) for partition, frames in population.records(PARTITIONS)
    ]
    first = records[0][0]

    def send(put: Callable[[int, bytes], None]) -> None:
        began = time.monotonic()
        for at, partition, value in records:
            if (early := at - first - (time.monotonic() - began)) > 0.02:
                time.sleep(early)
            put(partition, value)

    pace = population.beats / (SECONDS * population.rounds)
    name = f"whole flow, live ({pace:,.0f} beats/s), {_named(workers)}"
    return _run(environment, name, population, rows, workers, send, 150_000)


def store_write(environment: Environment, population: Population, rows: dict[RowKey, Window]) -> Measurement:
    """The client side of writing rows, as in the thread of the store."""
    items = list(rows.items())
    with psycopg.connect(environment.database("bench_rows"), autocommit=True) as connection:

        def work() -> None:
            for at in range(0, len(items), BATCH_SIZE):
                write(connection, dict(items[at : at + BATCH_SIZE]))

        return best("  store write", population.beats, work)


def _named(workers: int) -> str:
    return "one worker" if workers == 1 else f"{workers} workers"


def _run(
    environment: Environment,
    name: str,
    population: Population,
    rows: int,
    workers: int,
    send: Callable[[Callable[[int, bytes], None]], None],
    goal: int,
) -> Measurement:
    """CPU time of all processes of the flow from readiness until all is read and stored. Raises Incomplete."""
    environment.runs += 1
    flow = _Flow(environment, f"run{environment.runs}", workers)
    producer = Producer({"bootstrap.servers": environment.kafka.bootstrap, "linger.ms": 5, "acks": "all"})

    def put(partition: int, value: bytes) -> None:
        while True:
            try:
                return producer.produce(flow.topic, value, partition=partition)
            except BufferError:
                producer.poll(0.1)

    flow.start()
    try:
        began, before = time.monotonic(), flow.cpu()
        send(put)
        if producer.flush(60):
            raise Incomplete("Kafka did not accept all records")
        flow.wait(len(population.frames), rows)
        return Measurement(name, population.beats, flow.cpu() - before, time.monotonic() - began, goal)
    finally:
        flow.stop()


class _Flow:
    """The workers of a dataflow on topics and tables of its own."""

    def __init__(self, environment: Environment, name: str, workers: int) -> None:
        self.topic = f"{name}-raw"
        self._uri = environment.database(name)
        self._host = environment.scratch.addresses[3]
        self._folder = environment.scratch.folder / name
        self._workers = [Process(self._folder, f"biosync-{number}") for number in range(workers)]
        admin = AdminClient({"bootstrap.servers": environment.kafka.bootstrap})
        topics = [NewTopic(self.topic, PARTITIONS), NewTopic(f"{name}-dead", 1), NewTopic(f"{name}-events", 1)]
        for future in admin.create_topics(topics).values():
            future.result(20)
        spec = BioStreamSpec.model_validate(
            {
                "source": {"topic": self.topic, "partitions": PARTITIONS, "retention": "24h"},
                "deadLetter": {"topic": f"{name}-dead", "retention": "7d"},
                "events": {"topic": f"{name}-events"},
                "dataflow": {"image": "aura/biosync:1.0.0"},
                "sink": {"database": "timeseries", "chunk": "1h"},
                "response": {"service": "recommend", "path": "/v1/stress-events"},
            }
        )
        self._env = {
            "PATH": os.environ["PATH"],
            "BIOSTREAM_SPEC": spec.model_dump_json(by_alias=True, exclude_none=True),
            "KAFKA_BOOTSTRAP": environment.kafka.bootstrap,
            "TIMESERIES_URL": self._uri,
            "RESPONSE_URL": environment.receiver,
            "WEBHOOK_SECRET": "of-this-benchmark",
            "STATE_PREFIX": name,
            "HOST": self._host,
        }

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for number, worker in enumerate(self._workers):
            own = {"PORT": str(_PORT + number), "STATE_DIR": str(self._folder / f"state-{number}")}
            worker.start([sys.executable, "-m", "dataflows.biosync"], env=self._env | own, cwd=CHECKOUT)
        for worker in self._workers:
            worker.wait_until(self._shared, 60)

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def cpu(self) -> float:
        """CPU seconds used by its processes."""
        times = [psutil.Process(worker.pid()).cpu_times() for worker in self._workers]
        return sum(one.user + one.system for one in times)

    def _shared(self) -> bool:
        """Whether each worker reads as many partitions as its share is."""
        read = [self._metrics(number).count("biosync_consumer_lag_records{") for number in range(len(self._workers))]
        return sum(read) == PARTITIONS and max(read) - min(read) <= 1

    def wait(self, frames: int, rows: int) -> None:
        """Wait until all is read and stored; raises Incomplete."""
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while (read := self._count("biosync_frames_total")) < frames:
            if time.monotonic() > deadline:
                raise Incomplete(f"{read} of {frames} frames read; its log:\n{self._tail()}")
            time.sleep(0.25)
        with psycopg.connect(self._uri, autocommit=True) as connection:
            while (stored := _rows(connection)) < rows:
                if time.monotonic() > deadline:
                    raise Incomplete(f"{stored} of {rows} rows stored; its log:\n{self._tail()}")
                time.sleep(0.2)
        if (read, stored) != (frames, rows):
            raise Incomplete(f"{read} frames read of {frames}, {stored} rows stored, {rows} computed offline")

    def _count(self, name: str) -> int:
        texts = [self._metrics(number) for number in range(len(self._workers))]
        found = [one for text in texts if (one := re.search(rf"^{name} (\S+)", text, re.MULTILINE))]
        return sum(int(float(one[1])) for one in found)

    def _metrics(self, worker: int) -> str:
        try:
            with urllib.request.urlopen(f"http://{self._host}:{_PORT + worker}/metrics", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def _tail(self) -> str:
        return "\n".join(worker.log.read_text(errors="replace")[-2000:] for worker in self._workers)


def _rows(connection: psycopg.Connection[tuple[int]]) -> int:
    found = connection.execute("select count(*) from hrv_1m").fetchone()
    return found[0] if found else 0
