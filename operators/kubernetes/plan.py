"""The actions that bring live objects to the desired state. Pure.

An object that is as desired needs no action: applying it would change nothing, but cost a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from operators.kubernetes.manifest import APPLIED_DIGEST, Manifest, by_identity, with_applied_digest
from operators.kubernetes.ownership import prune


@dataclass(frozen=True)
class Apply:
    """Server-side apply of the object; `reason` is for the log."""

    manifest: Manifest
    reason: str


@dataclass(frozen=True)
class Replace:
    """Replace the object of the same resourceVersion: a user added fields that are not desired."""

    manifest: Manifest
    reason: str = "edited by hand"


@dataclass(frozen=True)
class Delete:
    """The object is no longer desired."""

    manifest: Manifest


Action = Apply | Replace | Delete


def plan(desired: Iterable[Manifest], live: Iterable[Manifest]) -> list[Action]:
    """Actions that bring `live` (the objects of this owner) to `desired`, in the order of `desired`."""
    stamped, existing = by_identity(map(with_applied_digest, desired)), by_identity(live)
    actions: list[Action] = []
    for identity, manifest in stamped.items():
        current = existing.get(identity)
        if current is None:
            actions.append(Apply(manifest, "missing"))
            continue
        if (without := prune(current, manifest)) is not None:
            actions.append(Replace(without))
        if (
            current["metadata"].get("annotations", {}).get(APPLIED_DIGEST)
            != manifest["metadata"]["annotations"][APPLIED_DIGEST]
        ):
            actions.append(Apply(manifest, "changed"))
        elif not covers(current, manifest):
            actions.append(Apply(manifest, "drifted"))
    return actions + [
        Delete(current)
        for identity, current in existing.items()
        if identity not in stamped and not current["metadata"].get("deletionTimestamp")
    ]


def covers(live: Any, desired: Any) -> bool:
    """Whether `live` has everything that is desired; additional fields are ignored.

    Can be wrong in one direction only: False for equal quantities written differently, which costs an apply.
    """
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            covers(live.get(key), value) if key in live else value in ({}, [], None) for key, value in desired.items()
        )
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(live) == len(desired)
            and all(covers(one, other) for one, other in zip(live, desired, strict=True))
        )
    return bool(live == desired)
