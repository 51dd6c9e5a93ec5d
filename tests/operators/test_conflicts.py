"""Whether a resource may adopt an existing object of a desired name."""

from __future__ import annotations

from typing import Any

import pytest

from operators.kubernetes.apply import conflicting_owner
from operators.kubernetes.manifest import MANAGED_BY, Owner

OWNER = Owner("BioStream", "aura", "flow", "uid-2")


def existing(labels: dict[str, str], *owners: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": "flow", "labels": labels, "ownerReferences": list(owners)}}


def reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "uid": uid, "controller": True}


@pytest.mark.parametrize(
    ("manifest", "other"),
    [
        (existing({}, reference("BioStream", "flow", "uid-2")), ""),
        (existing({}, reference("BioStream", "flow", "uid-1")), ""),
        (existing({MANAGED_BY: "aura-operators"}), ""),
        (existing({}, reference("AuraService", "flow", "uid-3")), "AuraService flow"),
        (existing({MANAGED_BY: "aura-operators"}, reference("BioStream", "other", "uid-3")), "BioStream other"),
        (existing({MANAGED_BY: "Helm"}), "an unknown owner"),
        ({"kind": "Service", "metadata": {"name": "flow"}}, "an unknown owner"),
    ],
    ids=["own", "of an earlier uid", "orphaned", "of a service", "of another stream", "of another tool", "by hand"],
)
def test_an_object_of_another_owner_is_not_adopted(manifest: dict[str, Any], other: str) -> None:
    assert conflicting_owner(manifest, OWNER) == other
