"""An archive of the classes that a Kafka broker loads, which a JVM maps instead of parsing and verifying them.

A broker with it starts with about 60 % of the processor time. A JVM ignores an archive of another JVM with a warning
in its log. See https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html (dynamic archives).
"""

from __future__ import annotations

import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext

ARCHIVE = "classes.jsa"
_SECONDS = 180.0
_CLUSTER = "YXVyYS1jbGFzcy1saXN0cw"
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
"""


@dataclass(frozen=True)
class KafkaClassArchive:
    """`classes.jsa` beside lib/, made by a broker that starts and ends once.

    It is valid for a JVM whose working directory is that folder and whose class path is `lib/*`: the JVM compares the
    paths as they are written, so relative ones stay valid when the folder gets its final name.
    """

    def inputs(self) -> bytes:
        return (_SETTINGS + ARCHIVE).encode()

    def build(self, context: BuildContext) -> None:
        java = (context.tool_path("java"), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "lib/*")
        with tempfile.TemporaryDirectory() as name:
            client, controller = _free_ports()
            settings = Path(name) / "server.properties"
            settings.write_text(_SETTINGS.format(folder=name, client=client, controller=controller))
            context.run(*java, "kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", settings, cwd=context.folder)
            context.run_until(
                "Kafka Server started",
                *(*java, f"-XX:ArchiveClassesAtExit={ARCHIVE}", f"-Dkafka.logs.dir={name}", "-Dlog4j2.level=INFO"),
                *("kafka.Kafka", settings),
                cwd=context.folder,
                seconds=_SECONDS,
            )


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
