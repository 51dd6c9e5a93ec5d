"""kubectl on a region's cluster, and the platform's manifests."""

from __future__ import annotations

from pathlib import Path

from cli.progress.steps import Progress
from cli.progress.subprocesses import run
from local.site import CHECKOUT, Site
from local.toolchain import tools


def kubectl(site: Site, region: str, log: Path, progress: Progress, *argv: str) -> str:
    config = site.kubeconfig(region)
    return run([tools.path("kubectl"), "--kubeconfig", config, *argv], {}, log, progress, cwd=CHECKOUT)


def apply(site: Site, region: str, log: Path, progress: Progress, *what: str) -> str:
    """Server-side apply; returns the number of objects."""
    printed = kubectl(
        site, region, log, progress, "apply", "--server-side", "--force-conflicts", "--field-manager=aura-up", *what
    )
    return f"{len(printed.splitlines())} objects"
