"""Apache Kafka in KRaft mode, broker and controller in one process: the engine of an MSK cluster."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from local.engines.runtime.process import EngineFailed, Process
from local.toolchain import tools

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers={address}:9093
listeners=PLAINTEXT://{address}:9092,CONTROLLER://{address}:9093
advertised.listeners=PLAINTEXT://{address}:9092,CONTROLLER://{address}:9093
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
num.network.threads=2
num.io.threads=4
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.segment.bytes=134217728
# A killed broker can register again only after its old session has timed out: 18 s by default.
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
"""

_LOGGING = """\
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
"""

# Keys of a cluster's configuration that would make this single broker wait for others. They are ignored.
REPLICATION_SETTINGS = {
    "default.replication.factor",
    "min.insync.replicas",
    "offsets.topic.replication.factor",
    "transaction.state.log.replication.factor",
    "transaction.state.log.min.isr",
}


class Kafka:
    """A broker at `address`:9092; `heap` is the JVM heap size, `extra` are server.properties of the cluster."""

    def __init__(self, folder: Path, address: str, heap: str = "256m", extra: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.address = address
        self.heap = heap
        self.extra = {key: value for key, value in (extra or {}).items() if key not in REPLICATION_SETTINGS}
        self.process = Process(folder, "kafka")

    @property
    def bootstrap(self) -> str:
        return f"{self.address}:9092"

    def ensure(self, seconds: float = 60.0) -> str:
        """Starts the broker and waits until its metadata lists it; returns the bootstrap server."""
        if self.process.pid() is None:
            self._configure()
            self._format()
        self.process.start(
            [
                *self._java(f"-Xms{self.heap}", f"-Xmx{self.heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"),
                *(
                    f"-Dkafka.logs.dir={self.folder}/logs",
                    f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties",
                ),
                *("kafka.Kafka", self._settings),
            ],
            listens=[(self.address, 9092), (self.address, 9093)],
        )
        self.process.wait_until(self.ready, seconds, every=0.1)
        return self.bootstrap

    def ready(self) -> bool:
        """Whether the broker responds and has registered with the controller."""
        return self.process.pid() is not None and _brokers(self.address, 9092) > 0

    def stop(self) -> None:
        """Stops the broker; topics are kept."""
        self.process.stop(grace=30)

    def delete(self) -> None:
        """Stops the broker and deletes its topics."""
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _java(self, *options: str) -> list[str]:
        return [str(tools.path("java")), *options, "-Djava.awt.headless=true", "-cp", f"{tools.jars('kafka')}/*"]

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        extra = "".join(f"{key}={value}\n" for key, value in sorted(self.extra.items()))
        self._settings.write_text(_PROPERTIES.format(address=self.address, data=self._data) + extra)
        (self.folder / "log4j2.properties").write_text(_LOGGING)

    def _format(self) -> None:
        """Formats the storage of a new broker. meta.properties is written last, so it marks a complete storage."""
        if (self._data / "meta.properties").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        # Sixteen random bytes, as from StorageTool's random-uuid, without the start of a JVM; no leading dash.
        cluster_id = base64.urlsafe_b64encode(b"A" + os.urandom(15)).decode().rstrip("=")
        arguments = ["kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id, "-c", str(self._settings)]
        command = [*self._java("-Xmx128m", "-XX:TieredStopAtLevel=1"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise EngineFailed(f"Kafka's storage in {self._data} could not be formatted: {done.stderr[-800:]}")


def _brokers(address: str, port: int) -> int:
    """Number of brokers in the response to a Metadata request (version 1, no topics); 0 without a response."""
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((address, port), 1) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as response:
                response.read(4 + 4)  # length, correlation id
                return int(struct.unpack(">i", response.read(4))[0])
    except (OSError, struct.error):
        return 0
