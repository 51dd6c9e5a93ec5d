"""`aura up`: from nothing, or from anything in between, to a running platform."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from cli.deploy import cluster, stack
from cli.environment import PRIMARY, exports
from cli.progress.steps import Say, Step, StepFailed, run_steps, table_of
from cli.progress.subprocesses import run
from cli.wearables import first_calm
from local import page
from local.cloud import endpoint
from local.engines.process import Process
from local.site import CHECKOUT, Site


def up() -> None:
    site, console = Site.current(), Console()
    site.home.mkdir(parents=True, exist_ok=True)
    try:
        done = run_steps(steps(site), console)
    except StepFailed as failed:
        console.print(str(failed), style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    console.print(table_of(done))
    console.print(
        f"live page        http://{site.page_host}:{page.PORT}\n"
        f"AWS endpoint     {site.endpoint_url}\n"
        f"kubeconfig       {site.kubeconfig(PRIMARY)}\n"
        'plain tools      eval "$(bin/aura env)", then pulumi, kubectl, aws\n'
        "stop             make down",
        highlight=False,
        markup=False,
    )


def steps(site: Site) -> list[Step]:
    logs = site.logs()

    def step(title: str, name: str, action: Callable[[Path, Say], str]) -> Step:
        log = logs / f"{name}.log"
        return Step(title, lambda say: action(log, say), log)

    overlay = CHECKOUT / "manifests" / "overlays" / PRIMARY
    return [
        step("tools", "tools", lambda log, say: _tools(log, say)),
        step("local cloud", "cloud", lambda _, say: _cloud(site, say)),
        step("pulumi up", "pulumi", lambda log, say: stack.up(site, exports(site), log, say)),
        step("definitions", "definitions", lambda log, say: cluster.install_definitions(site, PRIMARY, log, say)),
        step("certificates", "certificates", lambda log, say: cluster.install_secrets(site, PRIMARY, log, say)),
        step(
            "local controllers",
            "controllers",
            lambda log, say: cluster.apply(site, PRIMARY, log, say, "-k", str(CHECKOUT / "local" / "manifests")),
        ),
        step("manifests", "manifests", lambda log, say: cluster.apply(site, PRIMARY, log, say, "-k", str(overlay))),
        step("custom resources", "ready", lambda _, say: cluster.wait_until_ready(site, PRIMARY, say)),
        step("live page", "page", lambda _, say: _page(site)),
        step("heart beats", "wearables", lambda _, say: first_calm(site, say)),
    ]


def _tools(log: Path, say: Say) -> str:
    run([sys.executable, "-m", "local.toolchain"], {"PYTHONPATH": str(CHECKOUT)}, log, say)
    return "built, found or cached"


def _cloud(site: Site, say: Say) -> str:
    say(f"starting the AWS endpoint at {site.endpoint_url}")
    return f"pid {endpoint.start(site)} at {site.endpoint_url}"


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
