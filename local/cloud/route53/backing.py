"""Keeps the DNS server running, and its file equal to the hosted zones and the health checks."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from local.cloud.context import CloudContext
from local.cloud.moto_backends import hosted_zones
from local.dns import model
from local.dns.model import CONFIGURATION, HEALTH, Configuration, Observations
from local.engines.runtime.process import Process
from local.site import CHECKOUT

PORT = 5353
"""Of UDP and TCP; 53 is for root alone."""


@dataclass(frozen=True)
class NameServer:
    """The only backing; the server ends with the last zone and the last health check."""

    context: CloudContext

    @property
    def key(self) -> str:
        return "arn:aws:route53:::nameserver"

    @property
    def folder(self) -> Path:
        return self.context.folder("global", "route53", "dns")

    @property
    def process(self) -> Process:
        return Process(self.folder, "dns")

    def backings(self) -> list[NameServer]:
        """Called under the lock."""
        return [self] if hosted_zones.zones() or hosted_zones.checks() or self.process.pid() is not None else []

    def reconcile(self) -> None:
        host = self.context.site.endpoint_host
        with self.context.lock:
            wanted = Configuration(host, PORT, hosted_zones.zones(), hosted_zones.checks())
        if not wanted.zones and not wanted.checks:
            self.process.stop()
            return
        file = self.folder / CONFIGURATION
        self.folder.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_bytes() != model.encoded(wanted):
            model.write(file, wanted)
        self.process.start([sys.executable, "-m", "local.dns", str(self.folder)], cwd=CHECKOUT, listens=[(host, PORT)])

    def observed(self) -> Observations:
        """By id of the health check; what was never probed is not there."""
        return model.observations(self.folder / HEALTH)
