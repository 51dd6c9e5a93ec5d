"""One OpenSearch node, with its data, settings and log in a folder."""

from __future__ import annotations

import http.client
import json
import shutil
import ssl
from pathlib import Path
from typing import Any

from local.engines.opensearch.security import PLUGIN, Security
from local.engines.runtime.files import write
from local.engines.runtime.process import Process
from local.toolchain import tools

HEAP = "128m"
"""Of the JVM: enough for 10,000 items and searches with facets over them; the process has about 140 MiB more."""
_RUNNER = "org.codelibs.opensearch.runner.OpenSearchRunner"
_SECURE = "netty4-secure"
"""OpenSearch's transport over TLS, which asks a plugin for its engines."""


class OpenSearch:
    """A node at `address`, a cluster of its own. A write is on disk before it is answered, so SIGKILL loses none.

    With `security` it speaks TLS only, and answers 401 to who does not log in. It compiles little (C1): it starts with
    half the processor time.
    """

    def __init__(self, folder: Path, address: str, port: int = 9200, security: Security | None = None) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.security = security
        self.process = Process(folder, "opensearch")

    @property
    def url(self) -> str:
        return f"{'https' if self.security else 'http'}://{self.address}:{self.port}"

    @property
    def transport_port(self) -> int:
        """Of other nodes, of which there are none."""
        return self.port + 100

    def ensure(self, seconds: float = 120.0) -> str:
        """Starts the node unless it runs, and waits until it takes requests; returns its URL."""
        self.start()
        self.process.wait_until(self.ready, seconds, every=0.2)
        return self.url

    def start(self) -> None:
        settings = self.folder / "config"
        settings.mkdir(parents=True, exist_ok=True)
        write(settings / "opensearch.yml", json.dumps(self._settings()).encode())  # JSON is YAML
        self.admit()
        archive = tools.classes("opensearch")
        self.process.start(
            [
                *(tools.path("java"), f"-Xms{HEAP}", f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true", f"-Djava.io.tmpdir={self.folder}"),
                *(f"-XX:SharedArchiveFile={archive.name}", f"-Daura.security={self._secrets}", "-cp", "lib/*"),
                *(_RUNNER, "-disableESLogger", "-printOnFailure"),
                *("-basePath", self.folder, "-confPath", settings, "-numOfNode", "1"),
                *("-baseHttpPort", str(self.port - 1)),  # to which it adds the number of the node
                *(("-pluginTypes", PLUGIN) if self.security else ()),
            ],
            cwd=archive.parent,
            listens=[(self.address, self.port), (self.address, self.transport_port)],
        )

    def admit(self) -> None:
        """Makes the node take the login that `security` has now."""
        if self.security:
            self.security.prepare(self._secrets, self.address)

    def ready(self) -> bool:
        """Whether it answers and every primary shard is there."""
        try:
            health: Any = self._get("/_cluster/health")
        except (OSError, http.client.HTTPException, ValueError):
            return False
        return health.get("status") in {"yellow", "green"}

    def stop(self) -> None:
        """Data is kept."""
        self.process.stop()

    def delete(self) -> None:
        self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _secrets(self) -> Path:
        return self.folder / "security"

    def _settings(self) -> dict[str, object]:
        return {
            "network.host": self.address,
            "transport.port": self.transport_port,
            "discovery.type": "single-node",
            "cluster.routing.allocation.disk.threshold_enabled": False,  # of a disk that others fill, too
            **({"http.type": _SECURE, "transport.type": _SECURE} if self.security else {}),
        }

    def _get(self, path: str) -> Any:
        connection = self._connection()
        try:
            connection.request("GET", path, headers=self._headers())
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.security is None:
            return http.client.HTTPConnection(self.address, self.port, timeout=2)
        trusted = ssl.create_default_context(cafile=str(self.security.authority.certificate))
        return http.client.HTTPSConnection(self.address, self.port, timeout=2, context=trusted)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": self.security.login.header} if self.security else {}
