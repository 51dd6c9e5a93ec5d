"""`spec.replica` of the store's Cluster, from the role of its region. Pure.

A manifest could not carry it: what `kubectl apply` says today would undo a promotion of last night. So the overlays
name the members (`externalClusters`), and the operators say which of them is the primary. Nothing that they do makes a
second one: without a token, or a person who says that there is none, a replica stays one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.platform import RegionRole
from contracts.store_topology import PROMOTION_TOKEN, WITHOUT_TOKEN


@dataclass(frozen=True)
class Change:
    """A merge patch of the Cluster, and what an Event says about it."""

    patch: dict[str, Any]
    reason: str
    message: str


def other_member(cluster: Mapping[str, Any], region: str) -> str | None:
    """The other region that has this store; None for a store of one region."""
    names = {one["name"] for one in cluster["spec"].get("externalClusters") or []}
    others = sorted(names - {region})
    return others[0] if region in names and len(others) == 1 else None


def change(cluster: Mapping[str, Any], region: str, role: RegionRole) -> Change | None:
    """What makes the Cluster what its region is; None if nothing is to be done, or it waits for a token."""
    other = other_member(cluster, region)
    if other is None:
        return None
    replica: Mapping[str, Any] = cluster["spec"].get("replica") or {}
    primary = not replica or replica.get("primary") == region
    if role is RegionRole.PASSIVE:
        if primary:
            message = f"{region} is passive: the store becomes a replica of {other}; status.demotionToken follows"
            return _change(region, other, other, "Demoted", message, token=None, forget=True)
        if replica.get("primary") != other:
            return _change(region, other, other, "Following", f"the store is a replica of {other}")
        return None
    if primary:
        return None if replica else _change(region, region, other, "Leading", f"{other} may follow the store")
    token = _token(cluster)
    if not token:
        return None
    if token == WITHOUT_TOKEN:
        message = f"{region} is active: the store is promoted with what it has; that of {other} has to be made anew"
        return _change(region, region, other, "Promoted", message, token=None)
    message = f"{region} is active: the store is promoted once it has all that {other} had"
    return _change(region, region, other, "Promoted", message, token=token)


def awaited(cluster: Mapping[str, Any] | None, region: str) -> str:
    """Why a store is a replica in an active region, and what to do."""
    other = other_member(cluster, region) if cluster else None
    if cluster is None or other is None:
        return "it is no member of a distributed topology that the operators know: look at its Cluster"
    if cluster["spec"].get("replica", {}).get("primary") == region:
        status = cluster.get("status") or {}
        return (
            f"it is being promoted: {status.get('phaseReason') or status.get('phase') or 'CloudNativePG has not begun'}"
        )
    return (
        f"annotate Cluster {cluster['metadata']['name']} with {PROMOTION_TOKEN}=TOKEN, which is status.demotionToken of"
        f" the one in {other}, or with {WITHOUT_TOKEN} if that region is lost with what it had not replicated"
    )


def _token(cluster: Mapping[str, Any]) -> str:
    return cluster["metadata"].get("annotations", {}).get(PROMOTION_TOKEN, "")


def _change(
    region: str,
    primary: str,
    other: str,
    reason: str,
    message: str,
    *,
    token: str | bool | None = False,
    forget: bool = False,
) -> Change:
    """A promotion token is given, taken away (None) or left alone (False)."""
    replica: dict[str, Any] = {"self": region, "primary": primary, "source": other}
    if token is not False:
        replica["promotionToken"] = token
    patch: dict[str, Any] = {"spec": {"replica": replica}}
    if forget:  # the token of the promotion that ends here would be taken for that of the next one
        patch["metadata"] = {"annotations": {PROMOTION_TOKEN: None}}
    return Change(patch, reason, message)
