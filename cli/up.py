"""`aura up`: starts the platform, from nothing or from any intermediate state."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from cli.deploy import cluster, readiness, regions, stack
from cli.environment import exports
from cli.progress.steps import Progress, Step, StepFailed, results_table, run_steps
from cli.progress.subprocesses import run
from cli.wearables import first_calm
from local import page
from local.cloud import endpoint
from local.engines.runtime.process import Process
from local.site import CHECKOUT, Site


def up() -> None:
    site, console = Site.current(), Console()
    site.home.mkdir(parents=True, exist_ok=True)
    try:
        regions.choose(site)
        done = run_steps(steps(site), console)
    except StepFailed as failed:
        console.print(str(failed), style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    console.print(results_table(done))
    console.print(
        f"live page        http://{site.page_host}:{page.PORT}\n"
        f"AWS endpoint     {site.endpoint_url}\n"
        f"kubeconfig       {' '.join(str(site.kubeconfig(region)) for region in regions.serving(site))}\n"
        'plain tools      eval "$(bin/aura env)", then pulumi, kubectl, aws\n'
        "stop             make down",
        highlight=False,
        markup=False,
    )


def steps(site: Site) -> list[Step]:
    logs = site.logs()

    def step(title: str, name: str, action: Callable[[Path, Progress], str]) -> Step:
        log = logs / f"{name}.log"
        return Step(title, lambda progress: action(log, progress), log)

    serving = regions.serving(site)
    return [
        step("tools", "tools", lambda log, show: _tools(log, show)),
        step("local cloud", "cloud", lambda _, show: _cloud(site, show)),
        step(
            "account",
            "account",
            lambda log, show: stack.up(site, exports(site), log, show, stack.BOOTSTRAP),
        ),
        step("pulumi up", "pulumi", lambda log, show: stack.up(site, exports(site), log, show)),
        step(
            "manifests",
            "manifests",
            lambda log, show: _apply(site, serving, log, show),
        ),
        step(
            "custom resources",
            "ready",
            lambda log, show: _wait(site, serving, log, show),
        ),
        step("live page", "page", lambda _, show: _page(site)),
        step("heart beats", "wearables", lambda _, show: first_calm(site, show)),
    ]


def _tools(log: Path, progress: Progress) -> str:
    run([sys.executable, "-m", "local.toolchain"], {"PYTHONPATH": str(CHECKOUT)}, log, progress)
    return "built, found or cached"


def _cloud(site: Site, progress: Progress) -> str:
    progress(f"starting the AWS endpoint at {site.endpoint_url}")
    pid = endpoint.start(site)
    trouble = endpoint.trouble(site)
    return f"pid {pid} at {site.endpoint_url}" + (f"; {trouble}" if trouble else "")


def _overlay(region: str) -> Path:
    return CHECKOUT / "manifests" / "overlays" / stack.STACK / region


def _apply(site: Site, serving: Sequence[str], log: Path, progress: Progress) -> str:
    def of(region: str) -> str:
        return f"{region}: {cluster.apply(site, region, log, progress, '-k', str(_overlay(region)))}"

    with ThreadPoolExecutor(len(serving)) as pool:
        return "; ".join(pool.map(of, serving))


def _wait(site: Site, serving: Sequence[str], log: Path, progress: Progress) -> str:
    def of(region: str) -> str:
        ready = readiness.wait_until_ready(
            site, region, log, lambda text: progress(f"{region}: {text}"), _overlay(region)
        )
        return f"{region}: {ready}"

    return "; ".join(map(of, serving))


def _page(site: Site) -> str:
    address = f"http://{site.page_host}:{page.PORT}"
    process = Process(site.home / "page", "page")
    process.start([sys.executable, "-m", "local.page"], env=exports(site), cwd=CHECKOUT)

    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    process.wait_until(answers, seconds=30)
    return address
