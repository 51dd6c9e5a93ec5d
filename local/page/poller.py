"""Polls the platform, once for all viewers of the page."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any

import boto3
import msgspec
import psycopg
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from local.observe import execution, kube
from local.observe.errors import first_line
from local.observe.execution import ExecutionProgress
from local.observe.model import Platform, UserActivity
from local.observe.platform import observe
from local.observe.serving import serving_region
from local.observe.timeseries import recent_users, user_activity
from local.site import Site

PLATFORM_SECONDS = 2.0
PEOPLE_SECONDS = 1.0
STORE = ("aura", "timeseries-app")
"""Namespace and name of the Secret that holds the store's address."""


class View(msgspec.Struct):
    """What the page shows: the last snapshot, recent users, and the activity of the selected one."""

    platform: Platform | None = None
    people: list[str] = []
    person: UserActivity | None = None
    store: str = ""
    """Why there are no users to show; empty while the store answers."""
    execution: ExecutionProgress | None = None
    """Of a runbook that this machine carries out, or has lately."""


class PlatformPoller:
    """Keeps the last snapshot of the platform and one connection to the store."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local")
        self._connection: psycopg.Connection[Any] | None = None
        self._store_lock = asyncio.Lock()
        self._viewers = 0
        self._viewed = asyncio.Event()
        self.platform: Platform | None = None
        """None until somebody looks: a poll costs every API of the platform a tenth of a second."""

    async def run(self) -> None:
        """Polls while the page is viewed, until cancelled. APIs that do not answer are reported in the view."""
        while True:
            await self._viewed.wait()
            platform = await asyncio.to_thread(observe, self._site, self._session)
            self.platform = platform if self._viewers else None
            await asyncio.sleep(PLATFORM_SECONDS)

    async def view(self, user: str | None) -> View:
        """The current view; the first user is selected when `user` is None."""
        runbook = execution.latest(self._site.home / "runbooks", time.time())
        async with self._store_lock:
            try:
                users, selected = await asyncio.to_thread(self._read_store, user)
            except (psycopg.Error, ApiException, HTTPError, LookupError, OSError) as error:
                self._close_connection()
                return View(self.platform, store=first_line(error), execution=runbook)
        return View(self.platform, users, selected, execution=runbook)

    async def views(self, user: str | None) -> AsyncGenerator[View, None]:
        self._viewers += 1
        self._viewed.set()
        try:
            while True:
                yield await self.view(user)
                await asyncio.sleep(PEOPLE_SECONDS)
        finally:
            self._viewers -= 1
            if not self._viewers:
                self._viewed.clear()
                self.platform = None

    def _read_store(self, user: str | None) -> tuple[list[str], UserActivity | None]:
        if self._connection is None:
            self._connection = psycopg.connect(self._store_address(), autocommit=True, connect_timeout=3)
        known = recent_users(self._connection)
        if user is None and known:
            user = known[0]
        return known, user_activity(self._connection, user) if user else None

    def _store_address(self) -> str:
        region, (namespace, name) = serving_region(self._site), STORE
        if not self._site.kubeconfig(region).exists():
            raise LookupError(f"no cluster in {region} yet")
        api = kube.connect(self._site.kubeconfig(region))
        try:
            secret = kube.secret(api, namespace, name)
        finally:
            api.close()
        if secret is None:
            raise LookupError(f"no Secret {namespace}/{name} yet: the time-series database is not ready")
        return secret["uri"]

    def _close_connection(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None
