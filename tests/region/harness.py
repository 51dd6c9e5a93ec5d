"""The real region service as a process, with a short term."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from contracts.platform import RegionRole
from contracts.region_state import RegionReport, decode
from local.site import CHECKOUT
from tests.fixtures.cloud import KEY

TERM_SECONDS = 3.0
WEST, EAST = "us-west-2", "us-east-1"
WITNESS = WEST
"""Any region of this endpoint does."""


def eventually(holds: Callable[[], bool], what: str, seconds: float = 100.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass
class RegionService:
    """Of a region, at `host`; `endpoint` is where it finds S3."""

    region: str
    role: RegionRole
    bucket: str
    host: str
    endpoint: str
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        env = {
            **os.environ,
            "HOST": self.host,
            "POD_NAME": f"region-{self.host}",
            "AWS_REGION": self.region,
            "REGION_ROLE": self.role.value,
            "WITNESS_BUCKET": self.bucket,
            "WITNESS_REGION": WITNESS,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
            "TERM_SECONDS": str(TERM_SECONDS),
        }
        with (self.folder / f"region-{self.host}.log").open("ab") as log:
            argv = [sys.executable, "-m", "services.region"]
            self.process = subprocess.Popen(argv, env=env, cwd=CHECKOUT, stdout=log, stderr=log)
        eventually(self._answers, "the region service does not listen")

    def _answers(self) -> bool:
        assert self.process and self.process.poll() is None
        return self.active_status() != 0

    def active_status(self) -> int:
        """Of /active; 0 while nobody answers."""
        try:
            return httpx.get(f"http://{self.host}:8080/active", trust_env=False, timeout=5).status_code
        except httpx.TransportError:
            return 0

    def serves(self) -> bool:
        return self.active_status() == 200

    def report(self) -> RegionReport:
        return decode(httpx.get(f"http://{self.host}:8080/v1/region", trust_env=False, timeout=5).content)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Watch:
    """Asks two regions all the time, and notes when both served at once."""

    def __init__(self, one: RegionService, other: RegionService) -> None:
        self._pair = one, other
        self.both = 0
        self.rounds = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            one, other = self._pair
            self.both += one.serves() and other.serves() and one.serves()
            self.rounds += 1
