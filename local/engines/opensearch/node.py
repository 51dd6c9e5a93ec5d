"""One OpenSearch node, with its data, settings and log in a folder."""

from __future__ import annotations

import http.client
import json
import shutil
from pathlib import Path
from typing import Any

from local.engines.runtime.files import write
from local.engines.runtime.process import Process
from local.toolchain import tools

HEAP = "256m"
"""Of the JVM, for an index of thousands of items; the process has about 100 MiB more."""
_RUNNER = "org.codelibs.opensearch.runner.OpenSearchRunner"


class OpenSearch:
    """A node at `address`, a cluster of its own. A write is on disk before it is answered, so SIGKILL loses none.

    It compiles little (C1): it starts with half the processor time.
    """

    def __init__(self, folder: Path, address: str, port: int = 9200) -> None:
        self.folder = folder
        self.address = address
        self.port = port
        self.process = Process(folder, "opensearch")

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

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
        self.process.start(
            [
                *(tools.path("java"), f"-Xms{HEAP}", f"-Xmx{HEAP}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true", f"-Djava.io.tmpdir={self.folder}"),
                *("-cp", f"{tools.jars('opensearch')}/*", _RUNNER, "-disableESLogger", "-printOnFailure"),
                *("-basePath", self.folder, "-confPath", settings, "-numOfNode", "1"),
                *("-baseHttpPort", str(self.port - 1)),  # to which it adds the number of the node
            ],
            listens=[(self.address, self.port), (self.address, self.transport_port)],
        )

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

    def _settings(self) -> dict[str, object]:
        return {
            "network.host": self.address,
            "transport.port": self.transport_port,
            "discovery.type": "single-node",
            "cluster.routing.allocation.disk.threshold_enabled": False,  # of a disk that others fill, too
        }

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self.address, self.port, timeout=2)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
