"""What all services share: the site, the state of every region, and the lock that guards it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.engines.runtime.addresses import AddressRegistry
from local.site import REGIONS, Site

ACCOUNT = "123456789012"


class World:
    """State is a picklable object per (service, region). Whoever reads or writes it holds `lock`."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lock = threading.RLock()
        self.state: dict[tuple[str, str], Any] = {}
        self.changed = threading.Event()
        """Set when the state differs from the snapshot on disk."""
        self.caller = ""
        """Access key of the request that is being answered; valid under the lock."""

    @contextmanager
    def changing(self) -> Iterator[None]:
        """For the control loop, whose changes no request writes to disk."""
        with self.lock:
            yield
            self.changed.set()

    def folder(self, region: str, service: str, name: str) -> Path:
        """Where an engine keeps its data and logs."""
        return self.site.home / "engines" / region / service / name

    def addresses(self, region: str) -> AddressRegistry:
        return AddressRegistry(self.site, region)

    def arn(self, service: str, region: str, resource: str) -> str:
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"

    @staticmethod
    def has(region: str) -> bool:
        """Whether engines can run there: the site has a block of addresses for it."""
        return region in REGIONS
