"""Archives of the classes that a Java server loads, which a JVM maps instead of parsing and verifying them.

Both start with about 60 % of the processor time. A JVM ignores an archive of another JVM with a warning in its log. See
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html (dynamic archives).

An archive lies beside lib/, made by a server that starts and ends once. It is valid for a JVM whose working directory
is that folder and whose class path is `lib/*`: the JVM compares the paths as they are written, so relative ones stay
valid when the folder gets its final name.
"""

from __future__ import annotations

import json
import secrets
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.toolchain.recipes.context import BuildContext

ARCHIVE = "classes.jsa"
_OPTIONS = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "lib/*")
"""A JVM takes only the archive of one with its garbage collector and its width of pointers, which the heap decides."""
_KEYTOOL = ("-m", "java.base/sun.security.tools.keytool.Main")
"""Of the JVM's own modules, which every JRE has; the command keytool may lie elsewhere."""
_SECONDS = 180.0
_LOG = """\
rootLogger.level=INFO
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
"""

_CLUSTER = "YXVyYS1jbGFzcy1saXN0cw"
_SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENT
listener.security.protocol.map=CLIENT:SASL_SSL,CONTROLLER:SASL_SSL
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config={login}
listener.name.client.plain.sasl.jaas.config={login}
listener.name.client.scram-sha-512.sasl.jaas.config=\\
    org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.location={folder}/keys
ssl.keystore.password={password}
ssl.truststore.location={folder}/keys
ssl.truststore.password={password}
super.users=User:broker
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
log.cleaner.dedupe.buffer.size=8388608
log.dirs={folder}/data
""".replace(
    "{login}",
    "org.apache.kafka.common.security.plain.PlainLoginModule required "
    'username="broker" password="{password}" user_broker="{password}";',
)
_NODE = {"network.host": "127.0.0.1", "discovery.type": "single-node"}
_RECOVERED = "recovered [0] indices into cluster_state"
"""The last line of a start."""


@dataclass(frozen=True)
class KafkaClassArchive:
    """Of a broker whose listeners have TLS and SASL, as those of the platform."""

    def inputs(self) -> bytes:
        return (_SETTINGS + _LOG + " ".join((*_KEYTOOL, *_OPTIONS)) + ARCHIVE).encode()

    def build(self, context: BuildContext) -> None:
        java = context.tool_path("java")
        with tempfile.TemporaryDirectory() as name:
            folder, password = Path(name), secrets.token_hex(16)
            context.run(
                *(java, *_KEYTOOL, "-genkeypair", "-keystore", folder / "keys", "-storepass", password),
                *("-storetype", "PKCS12", "-alias", "broker", "-keyalg", "EC", "-dname", "CN=broker"),
                *("-ext", "SAN=IP:127.0.0.1"),
            )
            client, controller = _free_ports()
            settings, log = folder / "server.properties", folder / "log4j2.properties"
            settings.write_text(_SETTINGS.format(folder=name, client=client, controller=controller, password=password))
            log.write_text(_LOG)
            storage = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER, "-c", settings)
            context.run(java, *_OPTIONS, *storage, cwd=context.folder)
            context.run_until(
                "Kafka Server started",
                *(java, *_OPTIONS, f"-XX:ArchiveClassesAtExit={ARCHIVE}", f"-Dkafka.logs.dir={name}"),
                *(f"-Dlog4j2.configurationFile={log}", "kafka.Kafka", settings),
                cwd=context.folder,
                seconds=_SECONDS,
            )


@dataclass(frozen=True)
class OpenSearchClassArchive:
    """Of one node without data and without TLS."""

    def inputs(self) -> bytes:
        return (json.dumps(_NODE) + _LOG + _RECOVERED + " ".join(_OPTIONS) + ARCHIVE).encode()

    def build(self, context: BuildContext) -> None:
        with tempfile.TemporaryDirectory() as name:
            settings = Path(name) / "config"
            settings.mkdir()
            (settings / "opensearch.yml").write_text(json.dumps(_NODE))
            (settings / "log4j2.properties").write_text(_LOG)
            context.run_until(
                _RECOVERED,
                *(context.tool_path("java"), *_OPTIONS, f"-XX:ArchiveClassesAtExit={ARCHIVE}"),
                *(f"-Djava.io.tmpdir={name}", "org.codelibs.opensearch.runner.OpenSearchRunner"),
                *("-printOnFailure", "-basePath", name, "-confPath", settings, "-numOfNode", "1"),
                cwd=context.folder,
                seconds=_SECONDS,
            )


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for one in (first, second):
            one.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
