"""One Kafka process."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from local.engines.certificates import Authority
from local.engines.kafka.settings import CONTROLLER_PORT, Identity, Listeners, Node
from local.engines.kafka.storage import format_arguments
from local.engines.runtime.files import write
from local.engines.runtime.process import EngineFailed, Process
from local.toolchain import tools

_LOGGING = """\
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d] %p %m (%c)%n
"""


_HEAP = "48m"
"""Of a broker when it starts: an idle one needs little more, and what a heap has once touched stays in memory."""


class Broker:
    """The process of `node`, with its data, settings and log in `folder`; `heap` is what the JVM's heap may grow to.

    A `light` one compiles less: it starts with half the processor time, and encrypts and compresses more slowly.
    """

    def __init__(self, folder: Path, node: Node, heap: str, light: bool) -> None:
        self.folder = folder
        self.node = node
        self.heap = heap
        self.compiler = ["-XX:TieredStopAtLevel=1"] if light else []
        self.process = Process(folder, "kafka")

    @property
    def settings(self) -> Path:
        return self.folder / "server.properties"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def outdated(self, text: str) -> bool:
        """Whether the process runs with settings other than `text`."""
        return self.process.pid() is not None and self.settings.read_text() != text

    def configure(self, text: str) -> None:
        """Writes the settings for the next start. They hold a password."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.settings, text.encode(), 0o600)
        (self.folder / "log4j2.properties").write_text(_LOGGING)

    def certify(self, authority: Authority) -> None:
        """Gives the broker a certificate for its address, in the one file that Kafka reads."""
        self.folder.mkdir(parents=True, exist_ok=True)
        hosts, name = (self.node.address,), f"kafka-{self.node.address}"
        if self.node.abroad:
            hosts, name = (*hosts, self.node.abroad[0]), f"{name}-abroad"
        pair = authority.pair(name, self.node.address, hosts=hosts)
        write(self.folder / "broker.pem", pair.key.read_bytes() + pair.certificate.read_bytes(), 0o600)

    def format(self, identity: Identity, nodes: tuple[Node, ...]) -> None:
        """Formats the storage of a new broker. meta.properties is written last, so it marks a complete storage."""
        if (self.data / "meta.properties").exists():
            return
        shutil.rmtree(self.data, ignore_errors=True)
        arguments = format_arguments(self.node, nodes, identity)
        command = [*self._java("-Xmx128m", "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", "format"]
        done = subprocess.run(
            [*command, *arguments, "-c", str(self.settings)],
            cwd=tools.classes("kafka").parent,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise EngineFailed(f"Kafka's storage in {self.data} could not be formatted: {done.stderr[-800:]}")

    def start(self, identity: Identity, listeners: Listeners) -> None:
        """Starts the process unless it runs; it needs a while until it is ready."""
        ports = [port for _, port in listeners.protocols().values()]
        if self.node.id in identity.voters:
            ports.append(CONTROLLER_PORT)
        self.process.start(
            [
                *self._java(*self.compiler, f"-Xms{_HEAP}", f"-Xmx{self.heap}"),
                *(
                    f"-Dkafka.logs.dir={self.folder}/logs",
                    f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties",
                ),
                f"-XX:ErrorFile={self.folder}/jvm-%p.log",
                *("kafka.Kafka", self.settings),
            ],
            cwd=tools.classes("kafka").parent,
            listens=[(self.node.address, port) for port in ports],
        )

    def _java(self, *options: str) -> list[str]:
        """A JVM that is to be started in the folder of the archive of classes: see `class_archive` of the toolchain."""
        archive = f"-XX:SharedArchiveFile={tools.classes('kafka').name}"
        common = ("-XX:+ExitOnOutOfMemoryError", "-XX:+UseSerialGC", archive, "-Djava.awt.headless=true")
        return [str(tools.path("java")), *options, *common, "-cp", "lib/*"]
