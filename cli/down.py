"""`aura down` and `aura clean`."""

from __future__ import annotations

import shutil

from rich.console import Console

from cli.progress.steps import Say, Step, StepFailed, run_steps
from local.cloud import endpoint
from local.engines.process import Process
from local.site import Site


def down() -> None:
    """Stops the page, the endpoint and every engine; data stays."""
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
        Step("stop the cloud and its engines", lambda say: _stop_cloud(site, say), log),
        Step("look for what is left", lambda say: _sweep(site, say), log),
    ]


def _stop(process: Process) -> str:
    process.stop(grace=3)
    return ""


def _stop_cloud(site: Site, say: Say) -> str:
    say("nodes, control plane, brokers and databases, in this order")
    endpoint.stop(site, engines=True)
    return ""


def _sweep(site: Site, say: Say) -> str:
    """Ends what lost its owner, such as an engine whose endpoint was killed while creating it."""
    left = [Process(record.parent, record.stem) for record in site.home.rglob("*.process")]
    alive = [process for process in left if process.pid() is not None]
    for process in alive:
        say(process.name)
        process.stop(grace=5)
    return f"ended {', '.join(p.name for p in alive)}" if alive else "nothing"


def _delete(site: Site) -> str:
    if site.home.exists():
        shutil.rmtree(site.home)
    return f"{site.home} is gone; the tool cache stays"
