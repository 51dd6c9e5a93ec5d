"""What all services share: the site, the state of every region, and the lock that protects it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.engines.certificates import Authority
from local.engines.runtime.addresses import AddressRegistry
from local.engines.runtime.process import EngineFailed
from local.links.routes import Link
from local.loss.file import LossFile
from local.loss.model import Loss, reaches
from local.site import REGIONS, Site

ACCOUNT = "123456789012"


class CloudContext:
    """`state` holds a picklable object per (service, region); hold `lock` to read or write it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.losses = LossFile(site)
        self.lock = threading.RLock()
        self.state: dict[tuple[str, str], Any] = {}
        self.changed = threading.Event()
        """Set when the state differs from the snapshot on disk."""
        self.caller = ""
        """Access key of the current request; valid under the lock."""

    @contextmanager
    def mutation(self) -> Iterator[None]:
        """A change by the control loop, which saves it on its next pass."""
        with self.lock:
            yield
            self.changed.set()

    def folder(self, region: str, service: str, name: str) -> Path:
        """The folder of an engine's data and logs."""
        return self.site.home / "engines" / region / service / name

    @property
    def authority(self) -> Authority:
        """Issues the certificates of databases, brokers and caches, as Amazon's authorities do."""
        return Authority(self.site.authority, "Aura local cloud")

    @property
    def loss(self) -> Loss:
        """What is lost at the moment. Raises Unreadable."""
        return self.losses.current()

    def reach(self, one: str, other: str) -> bool:
        """Whether two regions reach each other at the moment."""
        return reaches(self.loss, one, other)

    def need(self, one: str, other: str) -> None:
        """Raises EngineFailed unless the regions reach each other at the moment."""
        if not self.reach(one, other):
            raise EngineFailed(f"{one} and {other} do not reach each other")

    def link(self, region: str) -> Link:
        """What leads into the region from others."""
        return Link(self.site, region)

    def addresses(self, region: str) -> AddressRegistry:
        return AddressRegistry(self.site, region)

    @staticmethod
    def arn(service: str, region: str, resource: str) -> str:
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"

    @staticmethod
    def has_region(region: str) -> bool:
        """Whether engines can run in it: the site has a block of addresses for it."""
        return region in REGIONS
