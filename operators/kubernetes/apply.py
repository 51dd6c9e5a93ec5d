"""Applies desired objects: creates, updates and deletes live ones as `plan` says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from operators.kubernetes.client import Client
from operators.kubernetes.kinds import KINDS, OWNED, Kind
from operators.kubernetes.manifest import FIELD_MANAGER, MANAGED_BY, NAME, Manifest, Owner, by_identity, is_owned_by
from operators.kubernetes.plan import Apply, Delete, Replace, plan

_log = logging.getLogger(__name__)
_WITHOUT_OWNER = {"PersistentVolumeClaim"}
"""Kinds that hold data: created without ownerReferences, so that deletion never cascades to them."""


class NameConflict(Exception):
    """A desired object has the name of an existing one that belongs to another owner; the text names the owner."""


async def served_kinds(client: Client) -> frozenset[tuple[str, str]]:
    """(apiVersion, kind) of those owned kinds that the cluster serves."""
    served = await asyncio.gather(*(client.serves(kind) for kind in OWNED))
    return frozenset((kind.api_version, kind.name) for kind, serves in zip(OWNED, served, strict=True) if serves)


async def live_objects(client: Client, owner: Owner, kinds: Iterable[Kind]) -> list[Manifest]:
    """Objects of these kinds that belong to `owner`."""
    labels = {MANAGED_BY: FIELD_MANAGER, NAME: owner.name}
    lists = await asyncio.gather(*(client.list(kind, owner.namespace, labels) for kind in kinds))
    return [one for found in lists for one in found if is_owned_by(one, owner) or one["kind"] in _WITHOUT_OWNER]


def conflicting_owner(manifest: Manifest, owner: Owner) -> str:
    """The other owner of this object, in words; "" if `owner` may adopt it: it has no owner, or one of its name."""
    controller = next((one for one in manifest["metadata"].get("ownerReferences", []) if one.get("controller")), None)
    if controller is not None:
        same = (controller["kind"], controller["name"]) == (owner.kind, owner.name)
        return "" if same else f"{controller['kind']} {controller['name']}"
    ours = manifest["metadata"].get("labels", {}).get(MANAGED_BY) == FIELD_MANAGER
    return "" if ours else "an unknown owner"


async def _check_name_conflicts(client: Client, owner: Owner, missing: Sequence[Manifest]) -> None:
    """Gets the objects that are to be created; raises NameConflict if one exists and belongs to another owner."""
    kinds = [KINDS[one["apiVersion"], one["kind"]] for one in missing]
    found = await asyncio.gather(
        *(client.get(kind, owner.namespace, one["metadata"]["name"]) for kind, one in zip(kinds, missing, strict=True))
    )
    for one, kind in zip(found, kinds, strict=True):
        if one is not None and (other := conflicting_owner(one, owner)):
            raise NameConflict(
                f"{kind.name} {one['metadata']['name']} already exists and belongs to {other}; it is left unchanged,"
                f" and nothing more is created for this {owner.kind}: rename one of them"
            )


async def apply(client: Client, owner: Owner, desired: list[Manifest], live: list[Manifest]) -> int:
    """Carries out the plan in its order; returns the number of what it has done.

    Raises ApiError, and NameConflict before any change if an existing object of a desired name has another owner.
    """
    actions = plan(desired, live)
    existing = by_identity(live)
    await _check_name_conflicts(
        client, owner, [one for identity, one in by_identity(desired).items() if identity not in existing]
    )
    done = len(actions)
    for action in actions:
        match action:
            case Apply(manifest, reason):
                _log.info("%s %s: applied (%s)", manifest["kind"], manifest["metadata"]["name"], reason)
                await client.apply(KINDS[manifest["apiVersion"], manifest["kind"]], manifest)
            case Replace(manifest, reason):
                _log.info("%s %s: replaced (%s)", manifest["kind"], manifest["metadata"]["name"], reason)
                await client.replace(KINDS[manifest["apiVersion"], manifest["kind"]], manifest)
            case Delete(manifest) if is_owned_by(manifest, owner):
                _log.info("%s %s: deleted, no longer desired", manifest["kind"], manifest["metadata"]["name"])
                await client.delete(KINDS[manifest["apiVersion"], manifest["kind"]], manifest)
            case Delete():
                done -= 1
    return done
