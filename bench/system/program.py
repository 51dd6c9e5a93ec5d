"""A program under test."""

from __future__ import annotations

import os
import sys
import urllib.request
from pathlib import Path

from local.engines.runtime.process import Process
from local.site import CHECKOUT


class Program:
    """`python -m <module>` at `address`:`port`, with the environment of its Pod."""

    def __init__(self, folder: Path, name: str, module: str, place: tuple[str, int], env: dict[str, str]) -> None:
        self.name = name
        self.module = module
        self.address = place
        self.env = env
        self.process = Process(folder, name)

    def start(self, seconds: float = 60) -> None:
        """Starts the process and waits until it is ready; raises EngineFailed."""
        host, port = self.address
        own = {"HOST": host, "PORT": str(port), "PYTHONPATH": str(CHECKOUT), "PATH": os.environ["PATH"]}
        self.process.start([sys.executable, "-m", self.module], env={**own, **self.env}, cwd=CHECKOUT)
        self.process.wait_until(lambda: bool(self.get("/readyz")), seconds)

    def get(self, path: str) -> str:
        """The response body; empty without a response or with an error status."""
        host, port = self.address
        try:
            with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            return ""

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels; 0 without a response."""
        lines = self.get("/metrics").splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)
