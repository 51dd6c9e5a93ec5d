"""A dataflow process as in its Pod, on topics, a database and a webhook receiver of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts import timeseries, webhook
from contracts.records import DEAD_LETTER_BYTES, StoredFrame, StressEvent, pack, partition_of
from dataflows.biosync.signal.row import Row
from dataflows.biosync.tools import stored
from local.site import CHECKOUT
from tests.fixtures.waiting import until

SECRET = "the-secret-of-these-tests"
PARTITIONS = 3
_LOG_LINES = 200
"""Lines of the dataflow's log that are printed after a test."""


def dead_topic(name: str) -> NewTopic:
    """A dead letter topic with the settings of the BioStream operator."""
    return NewTopic(name, 1, config={"max.message.bytes": str(DEAD_LETTER_BYTES)})


class Receiver:
    """Receives webhooks; `down` makes it respond with 503."""

    def __init__(self) -> None:
        self.down = False
        self.requests: Counter[str] = Counter()
        self.events: dict[str, StressEvent] = {}
        self.rejected: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the dataflow was killed while it sent
                    self.close_connection = True
                    return
                timestamp, signature = self.headers[webhook.TIMESTAMP], self.headers[webhook.SIGNATURE]
                error = webhook.verification_error(SECRET, timestamp, signature, body, int(time.time()))
                if error:
                    receiver.rejected.append(error)
                elif not receiver.down:
                    event = msgspec.json.decode(body, type=StressEvent)
                    assert self.headers[webhook.IDEMPOTENCY_KEY] == event.event_id
                    receiver.requests[event.event_id] += 1
                    receiver.events[event.event_id] = event
                self.send_response(401 if error else 503 if receiver.down else 202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Harness:
    """Topics and tables named after `name`, and at most one running dataflow."""

    def __init__(self, name: str, bootstrap: str, database: str, folder: Path) -> None:
        self.bootstrap = bootstrap
        self.database = database
        self.state = folder / "state"
        self.log = folder / "flow.log"
        self.raw, self.dead, self.events_topic = f"{name}-raw", f"{name}-dead", f"{name}-events"
        self.receiver = Receiver()
        self.process: subprocess.Popen[bytes] | None = None
        self.host = "127.0.0.1"
        self.port = 0
        self.admin = AdminClient({"bootstrap.servers": bootstrap})
        for future in self.admin.create_topics([dead_topic(self.dead), NewTopic(self.events_topic, 1)]).values():
            future.result(20)
        self.create_raw()
        with psycopg.connect(database, autocommit=True) as connection:
            for statement in timeseries.native():
                connection.execute(statement.encode())

    def create_raw(self) -> None:
        """Create the raw topic, and a producer without metadata of an earlier one."""
        kept = {"retention.ms": "-1"}  # its records may be as old as their beats
        self.admin.create_topics([NewTopic(self.raw, PARTITIONS, config=kept)])[self.raw].result(20)
        self.producer = Producer({"bootstrap.servers": self.bootstrap, "enable.idempotence": True})

    def delete_raw(self) -> None:
        """Delete the raw topic, and wait until it does not exist."""
        self.admin.delete_topics([self.raw])[self.raw].result(20)
        until("the topic deleted", lambda: self.raw not in self.admin.list_topics(timeout=20).topics, 20)

    def spec(self, **stress: object) -> dict[str, Any]:
        return {
            "source": {"topic": self.raw, "partitions": PARTITIONS, "retention": "24h"},
            "deadLetter": {"topic": self.dead, "retention": "7d"},
            "events": {"topic": self.events_topic},
            "dataflow": {"image": "aura/biosync:1.0.0"},
            "stress": {"hrvDrop": "ignore", **stress},
            "sink": {"database": "timeseries", "chunk": "1h"},
            "response": {"service": "recommend", "path": "/v1/stress-events"},
        }

    def settings(self) -> dict[str, str]:
        """The variables of a worker."""
        return {
            "BIOSTREAM_SPEC": json.dumps(self.spec()),
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "TIMESERIES_URL": self.database,
            "RESPONSE_URL": self.receiver.url,
            "WEBHOOK_SECRET": SECRET,
            "STATE_DIR": str(self.state),
            "STATE_PREFIX": self.raw,
        }

    def start(self, **environment: str) -> None:
        """Start the dataflow; its health endpoint is at `host` and `port`."""
        self.host = environment.get("HOST", self.host)
        self.port = int(environment.get("PORT", 0)) or self.free_port()
        self.process = self.spawn(HOST=self.host, PORT=str(self.port), **environment)

    def spawn(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start one more worker."""
        return self.run(["-m", "dataflows.biosync"], {**self.settings(), **environment})

    def run(self, program: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start a program of Python that logs as a worker does."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *program], cwd=CHECKOUT, stdout=log, stderr=log, env={**os.environ, **variables}
            )

    def free_port(self) -> int:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            return probe.getsockname()[1]

    def stop(self, signal_: signal.Signals) -> int:
        """Send the signal and wait for the exit; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal_)
        code = self.process.wait(20)
        self.process = None
        return code

    def send(self, frames: Iterable[StoredFrame], size: int = 20) -> None:
        """Produce frames as ingest does, a record per partition and `size` frames; waits for Kafka."""
        batches: dict[int, list[StoredFrame]] = {}
        for frame in frames:
            partition = partition_of(frame.user, PARTITIONS)
            batch = batches.setdefault(partition, [])
            batch.append(frame)
            if len(batch) == size:
                self.send_raw(partition, pack(batch))
                batches[partition] = []
        for partition, batch in batches.items():
            if batch:
                self.send_raw(partition, pack(batch))
        assert self.producer.flush(20) == 0

    def send_raw(self, partition: int, value: bytes) -> None:
        while True:
            try:
                return self.producer.produce(self.raw, value, partition=partition)
            except BufferError:
                self.producer.poll(0.1)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(sql.encode()).fetchall()

    def rows(self) -> dict[tuple[str, int], Row]:
        """The rows of hrv_1m, by user and Unix ms."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return {(user, row.at): row for user, own in stored.rows(connection) for row in own}

    def events(self) -> dict[str, tuple[Any, ...]]:
        """The rows of stress_events, by id: user, Unix ms of raising, evidence, answered."""
        columns = (
            "event_id, user_id, (extract(epoch from raised_at) * 1000)::bigint, evidence, responded_at is not null"
        )
        return {row[0]: row[1:] for row in self.query(f"select {columns} from stress_events")}

    def messages(self, topic: str, partition: int = 0) -> list[bytes]:
        """The values in a partition of a topic so far."""
        settings = {"bootstrap.servers": self.bootstrap, "group.id": "reader", "enable.partition.eof": True}
        consumer = Consumer(settings)
        try:
            consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING)])
            values: list[bytes] = []
            while True:
                message = consumer.poll(20)
                assert message is not None, f"{topic} returns neither a record nor its end"
                error = message.error()
                if error is not None:
                    assert error.code() == KafkaError._PARTITION_EOF, error
                    return values
                values.append(message.value() or b"")
        finally:
            consumer.close()

    def close(self) -> None:
        """Stop everything, and print the end of the dataflow's log for a test that failed."""
        if self.process is not None:
            code = self.process.poll()
            print("the dataflow was running" if code is None else f"the dataflow had exited by itself: {code}")
            self.process.kill()
            self.process.wait()
        if self.log.exists():
            lines = self.log.read_text(errors="replace").splitlines()
            # while Kafka is down there are dozens of these a second
            print(*[line for line in lines if "Connection refused" not in line][-_LOG_LINES:], sep="\n")
        self.receiver.close()
