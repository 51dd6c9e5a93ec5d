"""Several workers of a stream, each a process as in a Pod of its own."""

from __future__ import annotations

import re
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.dataflows.harness import PARTITIONS
from tests.dataflows.stream import Stream
from tests.fixtures.waiting import until

_LAG = re.compile(r'^biosync_consumer_lag_records\{partition="(\d+)"\}', re.MULTILINE)


@dataclass
class Worker:
    """A process as in a Pod of its own: with a local disk that nobody else has."""

    process: subprocess.Popen[bytes]
    url: str
    disk: Path

    def get(self, path: str) -> httpx.Response | None:
        try:
            return httpx.get(f"{self.url}{path}", timeout=2, trust_env=False)
        except httpx.TransportError:
            return None

    def ready(self) -> bool:
        answer = self.get("/readyz")
        return answer is not None and answer.status_code == 200

    def partitions(self) -> set[str]:
        """Those that it reads, as its metrics say."""
        answer = self.get("/metrics")
        return set(_LAG.findall(answer.text)) if answer else set()

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(30)


@dataclass
class Workers:
    """Those of `stream`, whose disks are below `folder`."""

    stream: Stream
    folder: Path
    all: list[Worker] = field(default_factory=list[Worker])
    """In the order in which they came, those that ended included."""

    def add(self, disk: Path | None = None) -> Worker:
        """One with a disk of its own, or with that of one that ended."""
        number, port = len(self.all), self.stream.free_port()
        disk = disk or self.folder / f"disk-{number}"
        process = self.stream.spawn(
            POD_NAME=f"worker-{number}", STATE_DIR=str(disk), HOST=self.stream.host, PORT=str(port)
        )
        worker = Worker(process, f"http://{self.stream.host}:{port}", disk)
        self.all.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.all:
            worker.process.kill()
            worker.process.wait()

    def shared_by(self, *workers: Worker) -> None:
        """Wait until these workers read all partitions, each of them some, and none that another one reads."""

        def shared() -> bool:
            theirs = [worker.partitions() for worker in workers]
            return all(theirs) and sum(map(len, theirs)) == len(set[str]().union(*theirs)) == PARTITIONS

        until(f"the partitions shared by {len(workers)} workers", shared, 60)
