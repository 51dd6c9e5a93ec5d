"""The real auth service as a process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import ECKey
from prometheus_client.parser import text_string_to_metric_families

from local.site import CHECKOUT
from services.kit.settings import JWKS_PATH
from tests.fixtures.engines import ScratchEnvironment


@dataclass
class AuthService:
    host: str
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def base(self) -> str:
        return f"http://{self.host}:8080"

    @property
    def url(self) -> str:
        return self.base + JWKS_PATH

    def start(self, key: ECKey, previous: ECKey | None = None) -> None:
        def pem(some: ECKey | None) -> str:
            return some.as_pem(private=True).decode() if some else ""

        env = {**os.environ, "HOST": self.host, "SIGNING_KEY": pem(key), "PREVIOUS_SIGNING_KEY": pem(previous)}
        with self.log.open("ab") as log:
            argv = [sys.executable, "-m", "services.auth"]
            self.process = subprocess.Popen(argv, env=env, cwd=CHECKOUT, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"{self.base}/readyz", trust_env=False)
                return
            except httpx.TransportError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, "the auth service does not listen"
                time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def restart(self, key: ECKey, previous: ECKey | None = None) -> None:
        self.stop()
        self.start(key, previous)

    def fetches(self) -> float:
        """Requests for the keys so far."""
        text = httpx.get(f"{self.base}/metrics", trust_env=False).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        matching = [s for s in samples if s.name == "aura_http_requests_total" and s.labels["route"] == JWKS_PATH]
        return sum(sample.value for sample in matching)


@pytest.fixture
def auth_service(scratch: ScratchEnvironment, tmp_path: Path) -> Iterator[Callable[..., AuthService]]:
    """`auth_service(key, previous)` starts one."""
    service = AuthService(scratch.addresses[3], tmp_path / "auth.log")

    def start(key: ECKey, previous: ECKey | None = None) -> AuthService:
        service.start(key, previous)
        return service

    yield start
    service.stop()
