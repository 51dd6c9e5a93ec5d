"""Makes live objects what is declared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from operators.adapters.kubernetes import Cluster
from operators.kinds import KINDS, OWNED, Kind
from operators.manifest import FIELD_MANAGER, MANAGED_BY, NAME, Manifest, Owner
from operators.plan import Apply, Delete, Replace, plan

_log = logging.getLogger(__name__)
_UNOWNED = {"PersistentVolumeClaim"}
"""Holds data: made for a resource, but never deleted because a resource is."""


async def served(cluster: Cluster) -> frozenset[tuple[str, str]]:
    """(apiVersion, kind) of what we may have to make and the cluster has."""
    there = await asyncio.gather(*(cluster.serves(kind) for kind in OWNED))
    return frozenset((kind.api_version, kind.name) for kind, serves in zip(OWNED, there, strict=True) if serves)


async def live_objects(cluster: Cluster, owner: Owner, kinds: Iterable[Kind]) -> list[Manifest]:
    """Objects of these kinds that were made for `owner`."""
    labels = {MANAGED_BY: FIELD_MANAGER, NAME: owner.name}
    lists = await asyncio.gather(*(cluster.list(kind, owner.namespace, labels) for kind in kinds))
    return [one for found in lists for one in found if owned_by(one, owner) or one["kind"] in _UNOWNED]


def owned_by(manifest: Manifest, owner: Owner) -> bool:
    return any(one.get("uid") == owner.uid for one in manifest["metadata"].get("ownerReferences", []))


async def execute(cluster: Cluster, owner: Owner, declared: list[Manifest], live: list[Manifest]) -> int:
    """Does what `plan` says, in its order; gives how many things were done. Raises ApiError."""
    actions = plan(declared, live)
    for action in actions:
        match action:
            case Apply(manifest, why):
                _log.info("%s %s: applied (%s)", manifest["kind"], manifest["metadata"]["name"], why)
                await cluster.apply(KINDS[manifest["apiVersion"], manifest["kind"]], manifest)
            case Replace(manifest, why):
                _log.info("%s %s: replaced (%s)", manifest["kind"], manifest["metadata"]["name"], why)
                await cluster.replace(KINDS[manifest["apiVersion"], manifest["kind"]], manifest)
            case Delete(manifest) if owned_by(manifest, owner):
                _log.info("%s %s: deleted, no longer declared", manifest["kind"], manifest["metadata"]["name"])
                await cluster.delete(KINDS[manifest["apiVersion"], manifest["kind"]], manifest)
            case Delete():
                pass
    return len(actions)
