"""Access entries: the Kubernetes identities of IAM principals."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from local.cloud.svc.eks.model import AccessEntry, Cluster

ADMIN_POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
POLICY_GROUPS = {ADMIN_POLICY: "system:masters"}
"""Supported access policies -> the equivalent Kubernetes group."""


def create_entry(cluster: Cluster, inputs: dict[str, Any]) -> AccessEntry:
    """Adds an entry for inputs["principalArn"]."""
    principal = inputs["principalArn"]
    now = datetime.now(UTC)
    kind, _, name = principal.rsplit(":", 1)[-1].partition("/")
    arn = cluster.arn.replace(":cluster/", ":access-entry/") + f"/{kind}/{name}/{secrets.token_hex(16)}"
    defaults = {"kubernetesGroups": [], "username": principal, "type": "STANDARD", "tags": {}}
    cluster.access[principal] = AccessEntry(arn, {**defaults, **inputs, "clusterName": cluster.name}, now, now)
    return cluster.access[principal]


def associate_policy(entry: AccessEntry, policy: str, scope: dict[str, Any]) -> dict[str, Any]:
    """Associates a policy; returns the association."""
    now = datetime.now(UTC)
    entry.policies[policy] = {"policyArn": policy, "accessScope": scope, "associatedAt": now, "modifiedAt": now}
    return entry.policies[policy]


def groups_of(entry: AccessEntry) -> list[str]:
    """The Kubernetes groups that the entry's principal is in."""
    return [*entry.inputs["kubernetesGroups"], *(POLICY_GROUPS[policy] for policy in entry.policies)]
