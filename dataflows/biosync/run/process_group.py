"""Several worker processes on one state: started and stopped together, with one status for all.

Each reads, computes and writes some of the partitions; bytewax assigns them and keeps the workers in step. The next
start resumes the state of every process, with this number of workers or another. So when one dies all are stopped at
once, and the supervisor of this process restarts it. Processes, not threads: Python computes in one thread at a time.
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
_TIMEOUT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


def run(settings: Settings) -> int:
    """Run the workers until a signal or until one exits by itself; returns the exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    ports = [settings.status_port(number) for number in range(settings.workers)]
    with tempfile.TemporaryDirectory(prefix="biosync-metrics-") as folder:
        status.serve(settings.host, settings.port, GroupStatus(settings.host, ports, Path(folder)))
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder}
        workers = [_start(number, environment) for number in range(settings.workers)]
        _log.info("started", workers=[worker.pid for worker in workers])
        try:
            return _supervise(workers)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()


def _start(number: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker. It exits when its standard input is closed, so none outlives this process."""
    command = [sys.executable, "-m", "dataflows.biosync"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment | {"WORKER": str(number)})


def _supervise(workers: Sequence[subprocess.Popen[bytes]]) -> int:
    while signal.sigwait(_SIGNALS) == signal.SIGCHLD:
        for number, worker in enumerate(workers):
            if (code := worker.poll()) is not None:
                _log.error("worker_exited", worker=number, code=code, action="all are stopped; the next start resumes")
                return 1
    for worker in workers:
        worker.terminate()
    while any(worker.poll() is None for worker in workers):
        # they exit within the grace period; another signal changes nothing
        if signal.sigtimedwait(_SIGNALS, 1.5 * GRACE_SECONDS) is None:
            _log.warning("stop_forced", action="the next start computes what is missing")
            break
    return 0


class WorkerMetrics(Collector):
    """The metrics of the workers, from the files of `folder`. A file that is just being created is empty: skipped."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._folder.glob("*.db") if file.stat().st_size]
        return MultiProcessCollector.merge(files)


class GroupStatus:
    """The status of all workers, which serve theirs at `ports`: that of the first with an error."""

    def __init__(self, host: str, ports: Sequence[int], metrics_folder: Path) -> None:
        self._host = host
        self._ports = ports
        self._metrics_folder = metrics_folder

    def liveness_error(self) -> str:
        return self._first_error("/healthz")

    def readiness_error(self) -> str:
        return self._first_error("/readyz")

    def stalled(self) -> str:
        return self._first_error("/readyz", "stalled")

    def metrics(self) -> bytes:
        registry = CollectorRegistry()
        registry.register(WorkerMetrics(self._metrics_folder))
        return generate_latest(registry)

    def _first_error(self, path: str, kind: str = "") -> str:
        """The error of the first worker that has one, of that kind if given, or an empty string."""
        for number, port in enumerate(self._ports):
            connection = HTTPConnection(self._host, port, timeout=_TIMEOUT_SECONDS)
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                if response.status != 200:
                    body = json.loads(response.read())
                    if kind in ("", body.get("status")):
                        return f"worker {number}: {body.get('why') or body.get('error')}"
            except (OSError, HTTPException) as error:
                if not kind:
                    return f"worker {number} does not answer: {error}"
            finally:
                connection.close()
        return ""
