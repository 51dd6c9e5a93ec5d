"""Whether an object that exists may be taken by a resource that declares one of its name."""

from __future__ import annotations

from typing import Any

import pytest

from operators.kubernetes.apply import conflicting_owner
from operators.kubernetes.manifest import MANAGED_BY, Owner

ME = Owner("BioStream", "aura", "flow", "uid-2")


def found(labels: dict[str, str], *owners: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": "flow", "labels": labels, "ownerReferences": list(owners)}}


def reference(kind: str, name: str, uid: str) -> dict[str, Any]:
    return {"kind": kind, "name": name, "uid": uid, "controller": True}


@pytest.mark.parametrize(
    ("there", "other"),
    [
        (found({}, reference("BioStream", "flow", "uid-2")), ""),
        (found({}, reference("BioStream", "flow", "uid-1")), ""),
        (found({MANAGED_BY: "aura-operators"}), ""),
        (found({}, reference("AuraService", "flow", "uid-3")), "AuraService flow"),
        (found({MANAGED_BY: "aura-operators"}, reference("BioStream", "other", "uid-3")), "BioStream other"),
        (found({MANAGED_BY: "Helm"}), "somebody who said nothing of an owner"),
        ({"kind": "Service", "metadata": {"name": "flow"}}, "somebody who said nothing of an owner"),
    ],
    ids=["mine", "made before me", "let go by its owner", "a service's", "a namesake's", "another tool's", "by hand"],
)
def test_an_object_is_taken_from_nobody_else(there: dict[str, Any], other: str) -> None:
    assert conflicting_owner(there, ME) == other
