"""Acquires, renews and releases the Lease of the leader."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

from operators.controller.election import (
    RENEW_DEADLINE_SECONDS,
    RETRY_PERIOD_SECONDS,
    ObservedLease,
    claimed,
    may_acquire,
)
from operators.kubernetes.client import ApiError, Client, Unreachable
from operators.kubernetes.kinds import LEASE
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_log = logging.getLogger(__name__)


class LeaderElector:
    """Competes for the Lease `aura-operators` of a namespace as `identity`."""

    def __init__(self, client: Client, namespace: str, identity: str) -> None:
        self._client, self._namespace, self._identity = client, namespace, identity
        self._observed = ObservedLease("", 0.0)
        self.renewed = 0.0
        """When, on the monotonic clock, the Lease was last renewed."""

    async def acquire(self) -> None:
        """Returns once the Lease is ours."""
        while not await self._try_acquire_or_renew():  # noqa: ASYNC110 - it changes in another process
            await asyncio.sleep(RETRY_PERIOD_SECONDS)
        _log.info("%s became leader", self._identity)

    async def renew(self) -> None:
        """Renews the Lease; returns when it is lost, or was not renewed within RENEW_DEADLINE_SECONDS."""
        while time.monotonic() - self.renewed < RENEW_DEADLINE_SECONDS:
            await asyncio.sleep(RETRY_PERIOD_SECONDS)
            try:
                async with asyncio.timeout(RENEW_DEADLINE_SECONDS / 2):
                    if not await self._try_acquire_or_renew():
                        break
            except TimeoutError:
                continue
        _log.error("%s stopped leading: the Lease is lost", self._identity)

    async def release(self) -> None:
        """Gives the Lease up, so that another operator can acquire it at once."""
        try:
            lease = await self._client.get(LEASE, self._namespace, FIELD_MANAGER)
            if lease and lease["spec"].get("holderIdentity") == self._identity:
                await self._client.replace(LEASE, claimed(lease, "", datetime.now(UTC)))
        except (ApiError, Unreachable) as error:
            _log.warning("the Lease was not released, others wait until it expires: %s", error)

    async def _try_acquire_or_renew(self) -> bool:
        started = time.monotonic()
        try:
            lease = await self._client.get(LEASE, self._namespace, FIELD_MANAGER)
            if lease is None:
                await self._create()
            else:
                version = lease["metadata"]["resourceVersion"]
                if version != self._observed.version:
                    self._observed = ObservedLease(version, started)
                if not may_acquire(lease, self._identity, self._observed, started):
                    return False
                await self._client.replace(LEASE, claimed(lease, self._identity, datetime.now(UTC)))
        except ApiError as error:
            if error.status == 409:  # another operator was quicker
                return False
            raise
        except Unreachable as error:
            _log.warning("the Lease could not be renewed: %s", error)
            return time.monotonic() - self.renewed < RENEW_DEADLINE_SECONDS
        self.renewed = started
        return True

    async def _create(self) -> None:
        """Creates the Lease as ours; does without in a terminating namespace, where nothing can be created any more.

        The operator that runs there then finalizes its resources.
        """
        meta = {"name": FIELD_MANAGER, "namespace": self._namespace}
        fresh: Manifest = {"apiVersion": LEASE.api_version, "kind": LEASE.name, "metadata": meta}
        try:
            await self._client.create(LEASE, self._namespace, claimed(fresh, self._identity, datetime.now(UTC)))
        except ApiError as error:
            if error.status != 403 or not await self._client.namespace_is_terminating(self._namespace):
                raise
