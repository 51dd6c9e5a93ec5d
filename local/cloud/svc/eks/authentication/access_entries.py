"""Access entries: the Kubernetes identities of IAM principals."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from local.cloud.svc.eks.authentication.policies import CLUSTER_ADMIN
from local.cloud.svc.eks.model import AccessEntry, Cluster

ADMIN_POLICY = CLUSTER_ADMIN
PRINCIPAL = "eks.local/principal"
"""Key among a user's extra attributes: the ARN of the principal, by which its policies are found."""
_SESSION = "{{SessionName}}"


def create_entry(cluster: Cluster, inputs: dict[str, Any]) -> AccessEntry:
    """Adds an entry for inputs["principalArn"]."""
    principal = inputs["principalArn"]
    now = datetime.now(UTC)
    kind, _, name = principal.rsplit(":", 1)[-1].partition("/")
    arn = cluster.arn.replace(":cluster/", ":access-entry/") + f"/{kind}/{name}/{secrets.token_hex(16)}"
    defaults = {"kubernetesGroups": [], "username": default_username(principal), "type": "STANDARD", "tags": {}}
    cluster.access[principal] = AccessEntry(arn, {**defaults, **inputs, "clusterName": cluster.name}, now, now)
    return cluster.access[principal]


def default_username(principal: str) -> str:
    """That of a user is its ARN, that of a role one with the session's name (UG, Create access entries)."""
    prefix, role, name = principal.partition(":role/")
    if not role:
        return principal
    return f"{prefix.replace(':iam:', ':sts:')}:assumed-role/{name.rsplit('/', 1)[-1]}/{_SESSION}"


def username(entry: AccessEntry, session: str) -> str:
    """The name by which Kubernetes knows the principal in this session."""
    return entry.inputs["username"].replace(_SESSION, session)


def associate_policy(entry: AccessEntry, policy: str, scope: dict[str, Any]) -> dict[str, Any]:
    """Associates a policy; returns the association."""
    now = datetime.now(UTC)
    known = entry.policies.get(policy, {})
    added = known.get("associatedAt", now)
    entry.policies[policy] = {
        "policyArn": policy,
        "accessScope": {"namespaces": [], **scope},
        "associatedAt": added,
        "modifiedAt": now,
    }
    return entry.policies[policy]


def associations_of(entry: AccessEntry | None) -> Iterable[dict[str, Any]]:
    """The entry's associated policies; none for no entry."""
    return entry.policies.values() if entry is not None else ()
