"""Starts, stops and queries the AWS endpoint of a site from another process."""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from local.cloud.paths import ENGINES, HEALTH
from local.cloud.stopping import stop_engines
from local.engines.runtime.process import EngineFailed, Process
from local.site import CHECKOUT, Site

_SETTLED = {"Active", "available", "primary-only", "ACTIVE", "RUNNING", "stopped"}


def process(site: Site) -> Process:
    """The endpoint's process; its log is <home>/cloud/endpoint.log."""
    return Process(site.home / "cloud", "endpoint")


def start(site: Site, seconds: float = 60.0) -> int:
    """Starts the endpoint unless it runs and waits until it answers; returns its pid. Raises EngineFailed."""
    endpoint = process(site)
    address = urlsplit(site.endpoint_url)
    assert address.hostname and address.port
    pid = endpoint.start(
        [sys.executable, "-m", "local.cloud"],
        env=_environment(site),
        cwd=CHECKOUT,
        listens=[(address.hostname, address.port)],
    )
    endpoint.wait_until(lambda: running(site), seconds)
    return pid


def stop(site: Site, engines: bool = False) -> None:
    """Stops the endpoint; with `engines` also every engine, in order and with its data kept, even if no endpoint ran.

    Raises EngineFailed when an engine does not stop.
    """
    process(site).stop(grace=30)
    if engines:
        stop_engines(site)


def trouble(site: Site) -> str:
    """What the running endpoint lost when it started; empty when nothing."""
    return _get(site, HEALTH)["trouble"]


def running(site: Site) -> bool:
    """Whether the endpoint answers."""
    try:
        return _get(site, HEALTH)["home"] == str(site.home)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def wait_for_engines(site: Site, seconds: float = 120.0) -> None:
    """Waits until every engine is as its resource declares; raises EngineFailed with those that are not."""
    deadline = time.monotonic() + seconds
    while unsettled := _unsettled(site):
        if time.monotonic() > deadline:
            raise EngineFailed(f"After {seconds:.0f} s these are not up: {'; '.join(unsettled)}")
        time.sleep(0.2)


def _unsettled(site: Site) -> list[str]:
    """Resources in transition, and those whose process died and which are not reconciled yet."""
    return [
        f"{arn} is {engine['status']}" + (f" ({engine['trouble']})" if engine["trouble"] else "")
        for arn, engine in _get(site, ENGINES).items()
        if engine["status"] not in _SETTLED or not engine["running"]
    ]


def _get(site: Site, path: str) -> dict:
    with urllib.request.urlopen(site.endpoint_url + path, timeout=5) as answer:
        return json.load(answer)


def _environment(site: Site) -> dict[str, str]:
    return {**os.environ, "AURA_HOME": str(site.home), "AURA_SITE": str(site.index)}
