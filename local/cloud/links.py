"""Keeps the process of each link between regions running, once something is to be reached over it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from local.cloud.context import CloudContext
from local.engines.runtime.process import Process
from local.links.routes import Link
from local.site import CHECKOUT, REGIONS


@dataclass(frozen=True)
class Links:
    context: CloudContext

    def backings(self) -> Sequence[LinkBacking]:
        """Called under the lock."""
        links = [self.context.link(region) for region in REGIONS]
        return [LinkBacking(link) for link in links if link.known()]


@dataclass(frozen=True)
class LinkBacking:
    link: Link

    @property
    def key(self) -> str:
        """AWS has no name for it."""
        return f"arn:aws:ec2:{self.link.region}::link"

    def reconcile(self) -> None:
        site = self.link.site
        env = {**os.environ, "AURA_HOME": str(site.home), "AURA_SITE": str(site.index)}
        process = Process(self.link.folder, "link")
        process.start([sys.executable, "-m", "local.links", self.link.region], env=env, cwd=CHECKOUT)
