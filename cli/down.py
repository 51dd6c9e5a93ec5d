"""`aura down` and `aura clean`."""

from __future__ import annotations

import shutil

from rich.console import Console

from cli.progress.steps import Progress, Step, StepFailed, run_steps
from local.cloud import endpoint
from local.engines.runtime.process import Process
from local.site import Site


def down() -> None:
    """Stops the page, the endpoint and every engine; data is kept."""
    _run(_stopping(Site.current()))


def clean() -> None:
    """Stops everything and deletes the site's folder."""
    site = Site.current()
    _run([*_stopping(site), Step("delete data", lambda _: _delete(site), site.logs() / "clean.log")])


def _run(steps: list[Step]) -> None:
    console = Console()
    try:
        run_steps(steps, console)
    except StepFailed as failed:
        console.print(str(failed), style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None


def _stopping(site: Site) -> list[Step]:
    log = site.logs() / "down.log"
    return [
        Step("stop the page", lambda _: _stop(Process(site.home / "page", "page")), log),
        Step("stop the cloud and its engines", lambda progress: _stop_cloud(site, progress), log),
        Step("stop leftover processes", lambda progress: _stop_leftovers(site, progress), log),
    ]


def _stop(process: Process) -> str:
    process.stop(grace=3)
    return ""


def _stop_cloud(site: Site, progress: Progress) -> str:
    progress("nodes, control plane, brokers and databases, in this order")
    endpoint.stop(site, engines=True)
    return ""


def _stop_leftovers(site: Site, progress: Progress) -> str:
    """Stops orphans, such as an engine whose endpoint was killed while creating it."""
    leftovers = [Process(record.parent, record.stem) for record in site.home.rglob("*.process")]
    alive = [process for process in leftovers if process.pid() is not None]
    for process in alive:
        progress(process.name)
        process.stop(grace=5)
    return f"stopped {', '.join(p.name for p in alive)}" if alive else "nothing"


def _delete(site: Site) -> str:
    if site.home.exists():
        shutil.rmtree(site.home)
    return f"{site.home} is deleted; the tool cache stays"
