"""Makes live objects what is declared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from operators.kubernetes.client import Cluster
from operators.kubernetes.kinds import KINDS, OWNED, Kind
from operators.kubernetes.manifest import FIELD_MANAGER, MANAGED_BY, NAME, Manifest, Owner, by_identity
from operators.kubernetes.plan import Apply, Delete, Replace, plan

_log = logging.getLogger(__name__)
_UNOWNED = {"PersistentVolumeClaim"}
"""Holds data: made for a resource, but never deleted because a resource is."""


class Taken(Exception):
    """An object that is declared has a name that another of its kind has; the text says whose it is."""


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


def whose(manifest: Manifest, owner: Owner) -> str:
    """Who else has this object, in words; empty when `owner` may take it, as one of its name or nobody has it."""
    controller = next((one for one in manifest["metadata"].get("ownerReferences", []) if one.get("controller")), None)
    if controller is not None:
        same = (controller["kind"], controller["name"]) == (owner.kind, owner.name)
        return "" if same else f"{controller['kind']} {controller['name']}"
    ours = manifest["metadata"].get("labels", {}).get(MANAGED_BY) == FIELD_MANAGER
    return "" if ours else "somebody who said nothing of an owner"


async def _ask_whose(cluster: Cluster, owner: Owner, missing: Sequence[Manifest]) -> None:
    """Asks for objects that are to be made; raises Taken."""
    kinds = [KINDS[one["apiVersion"], one["kind"]] for one in missing]
    found = await asyncio.gather(
        *(cluster.get(kind, owner.namespace, one["metadata"]["name"]) for kind, one in zip(kinds, missing, strict=True))
    )
    for one, kind in zip(found, kinds, strict=True):
        if one is not None and (other := whose(one, owner)):
            raise Taken(
                f"there is a {kind.name} {one['metadata']['name']} already, made for {other}; it is left as it is, and"
                f" nothing more is made for this {owner.kind}: give one of them another name"
            )


async def execute(cluster: Cluster, owner: Owner, declared: list[Manifest], live: list[Manifest]) -> int:
    """Does what `plan` says, in its order; gives how many things were done.

    Raises ApiError, and Taken, before anything is done, when an object of a declared name is somebody else's.
    """
    actions = plan(declared, live)
    there = by_identity(live)
    await _ask_whose(cluster, owner, [one for identity, one in by_identity(declared).items() if identity not in there])
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
