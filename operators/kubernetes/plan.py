"""From what is declared and what is there to what has to be done. Pure.

Nothing is done for an object that is as declared: the API server would write nothing either, but it would be asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from operators.kubernetes.manifest import APPLIED, Manifest, by_identity, stamped
from operators.kubernetes.ownership import pruned


@dataclass(frozen=True)
class Apply:
    """Declare the object's fields as ours; `why` is for the log."""

    manifest: Manifest
    why: str


@dataclass(frozen=True)
class Replace:
    """Put the object in the place of the one with the same resourceVersion: a person added what is not declared."""

    manifest: Manifest
    why: str = "edited by hand"


@dataclass(frozen=True)
class Delete:
    """The object is no longer declared."""

    manifest: Manifest


Action = Apply | Replace | Delete


def plan(declared: Iterable[Manifest], live: Iterable[Manifest]) -> list[Action]:
    """What makes `live` (the objects that this owner has) what is `declared`, in the order of declaration."""
    wanted, found = by_identity(map(stamped, declared)), by_identity(live)
    actions: list[Action] = []
    for identity, manifest in wanted.items():
        there = found.get(identity)
        if there is None:
            actions.append(Apply(manifest, "missing"))
            continue
        if (without := pruned(there, manifest)) is not None:
            actions.append(Replace(without))
        if there["metadata"].get("annotations", {}).get(APPLIED) != manifest["metadata"]["annotations"][APPLIED]:
            actions.append(Apply(manifest, "declared anew"))
        elif not covers(there, manifest):
            actions.append(Apply(manifest, "drifted"))
    return actions + [
        Delete(there)
        for identity, there in found.items()
        if identity not in wanted and not there["metadata"].get("deletionTimestamp")
    ]


def covers(live: Any, declared: Any) -> bool:
    """Whether everything declared is there; what others added is not looked at.

    May be wrong in one direction only: False for equal quantities written differently, which costs an apply.
    """
    if isinstance(declared, Mapping):
        return isinstance(live, Mapping) and all(
            covers(live.get(key), value) if key in live else value in ({}, [], None) for key, value in declared.items()
        )
    if isinstance(declared, list):
        return (
            isinstance(live, list)
            and len(live) == len(declared)
            and all(covers(one, other) for one, other in zip(live, declared, strict=True))
        )
    return bool(live == declared)
