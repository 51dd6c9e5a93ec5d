"""Gets, keeps and gives up the Lease that lets one operator of several act."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import UTC, datetime

from operators.controller.election import GIVE_UP_SECONDS, RENEW_SECONDS, Seen, may_take, taken
from operators.kubernetes.client import ApiError, Cluster, Unreachable
from operators.kubernetes.kinds import LEASE
from operators.kubernetes.manifest import FIELD_MANAGER, Manifest

_log = logging.getLogger(__name__)


class Leadership:
    """The Lease `aura-operators` of a namespace, held under the name `me`."""

    def __init__(self, cluster: Cluster, namespace: str, me: str) -> None:
        self._cluster, self._namespace, self._me = cluster, namespace, me
        self._seen = Seen("", 0.0)
        self.renewed = 0.0
        """When, on the monotonic clock, the Lease was last ours."""

    async def acquire(self) -> None:
        """Returns once the Lease is ours."""
        while not await self._try():  # noqa: ASYNC110 - what is awaited happens in another process
            await asyncio.sleep(RENEW_SECONDS)
        _log.info("%s acts now", self._me)

    async def keep(self) -> None:
        """Returns when the Lease is lost, or could not be renewed for so long that it may be soon."""
        while time.monotonic() - self.renewed < GIVE_UP_SECONDS:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if not await asyncio.wait_for(self._try(), GIVE_UP_SECONDS / 2):
                    break
            except TimeoutError:
                continue
        _log.error("%s acts no longer: the Lease is lost", self._me)

    async def release(self) -> None:
        """Lets another begin at once."""
        try:
            lease = await self._cluster.get(LEASE, self._namespace, FIELD_MANAGER)
            if lease and lease["spec"].get("holderIdentity") == self._me:
                await self._cluster.replace(LEASE, taken(lease, "", datetime.now(UTC)))
        except (ApiError, Unreachable) as error:
            _log.warning("the Lease was not given up, another waits for its end: %s", error)

    async def _try(self) -> bool:
        started = time.monotonic()
        try:
            lease = await self._cluster.get(LEASE, self._namespace, FIELD_MANAGER)
            if lease is None:
                await self._make()
            else:
                version = lease["metadata"]["resourceVersion"]
                if version != self._seen.version:
                    self._seen = Seen(version, started)
                if not may_take(lease, self._me, self._seen, started):
                    return False
                await self._cluster.replace(LEASE, taken(lease, self._me, datetime.now(UTC)))
        except ApiError as error:
            if error.status == 409:  # another was quicker
                return False
            raise
        except Unreachable as error:
            _log.warning("the Lease could not be renewed: %s", error)
            return time.monotonic() - self.renewed < GIVE_UP_SECONDS
        self.renewed = started
        return True

    async def _make(self) -> None:
        """A Lease that is ours; none in a namespace that ends, where nobody can make one any more.

        Whoever is there then lets its resources go.
        """
        meta = {"name": FIELD_MANAGER, "namespace": self._namespace}
        fresh: Manifest = {"apiVersion": LEASE.api_version, "kind": LEASE.name, "metadata": meta}
        try:
            await self._cluster.create(LEASE, self._namespace, taken(fresh, self._me, datetime.now(UTC)))
        except ApiError as error:
            if error.status != 403 or not await self._cluster.namespace_is_going(self._namespace):
                raise
