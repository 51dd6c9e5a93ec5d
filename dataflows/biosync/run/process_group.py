"""Several worker processes on one state: started together, ended together, seen from outside as one.

Each reads, computes and writes some of the partitions; bytewax keeps them in step and says who has which. Whatever a
process held is found by the next start, with this number of workers or another: so when one dies all are ended at once,
and whoever runs this process starts it again. Processes, not threads: Python computes in one thread at a time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from dataflows.biosync.run import status
from dataflows.biosync.run.settings import GRACE_SECONDS, Settings

_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
_ASK_SECONDS = 1.0
_log = structlog.get_logger(__name__)


def run(settings: Settings) -> int:
    """Run the workers until they were told to stop or one ends by itself; the exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    ports = [settings.status_port(number) for number in range(settings.workers)]
    with tempfile.TemporaryDirectory(prefix="biosync-metrics-") as counts:
        status.serve(settings.host, settings.port, GroupStatus(settings.host, ports, Path(counts)))
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": counts}
        workers = [_start(number, environment) for number in range(settings.workers)]
        _log.info("started", workers=[worker.pid for worker in workers])
        try:
            return _watch(workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def _start(number: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """A worker; it ends when the pipe to it does, so that none outlives this process however that ends."""
    command = [sys.executable, "-m", "dataflows.biosync"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment | {"WORKER": str(number)})


def _watch(workers: Sequence[subprocess.Popen[bytes]]) -> int:
    while signal.sigwait(_SIGNALS) == signal.SIGCHLD:
        for number, worker in enumerate(workers):
            if (code := worker.poll()) is not None:
                _log.error("worker_ended", worker=number, code=code, then="all end, and the next start goes on")
                return 1
    for worker in workers:
        worker.terminate()
    while any(worker.poll() is None for worker in workers):
        # they end within the grace; another signal changes nothing
        if signal.sigtimedwait(_SIGNALS, 1.5 * GRACE_SECONDS) is None:
            _log.warning("stop_forced", then="the next start computes what is missing")
            break
    return 0


class WorkerMetrics(Collector):
    """What the workers count in the files of `folder`. One that a worker makes just now is empty, and left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
        return MultiProcessCollector.merge(files)


class GroupStatus:
    """Status of all workers together, which tell theirs at `ports`: as well as the worst of them."""

    def __init__(self, host: str, ports: Sequence[int], counts: Path) -> None:
        self._host = host
        self._ports = ports
        self._counts = counts

    def ill(self) -> str:
        return self._worst("/healthz")

    def unready(self) -> str:
        return self._worst("/readyz")

    def metrics(self) -> bytes:
        registry = CollectorRegistry()
        registry.register(WorkerMetrics(self._counts))
        return generate_latest(registry)

    def _worst(self, path: str) -> str:
        """What the first worker that is not well says, or an empty string."""
        for number, port in enumerate(self._ports):
            connection = HTTPConnection(self._host, port, timeout=_ASK_SECONDS)
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                if answer.status != 200:
                    told = json.loads(answer.read())
                    return f"worker {number}: {told.get('why') or told.get('error')}"
            except (OSError, HTTPException) as error:
                return f"worker {number} does not answer: {error}"
            finally:
                connection.close()
        return ""
