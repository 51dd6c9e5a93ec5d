"""Which objects make which resources be reconciled."""

from __future__ import annotations

from typing import Any

import pytest

from operators.handlers import declaration, is_shared_dependency


@pytest.mark.parametrize(
    ("kind", "name", "shared"),
    [
        ("ConfigMap", "aura-platform", True),
        ("Secret", "aura-platform", True),  # a rotated password of brokers or caches
        ("Secret", "timeseries-app", True),
        ("Secret", "timeseries-ca", True),
        ("Service", "auth", True),
        ("Secret", "auth-environment", False),
        ("ConfigMap", "kube-root-ca.crt", False),
    ],
)
def test_every_resource_is_reconciled_when_the_configuration_of_the_region_changes(
    kind: str, name: str, shared: bool
) -> None:
    assert is_shared_dependency({"kind": kind, "metadata": {"name": name}}) is shared


AUTOSCALER: dict[str, Any] = {
    "kind": "HorizontalPodAutoscaler",
    "metadata": {
        "namespace": "aura",
        "name": "users",
        "uid": "1",
        "resourceVersion": "10",
        "labels": {"app.kubernetes.io/name": "users"},
        "ownerReferences": [{"kind": "AuraService", "name": "users"}],
    },
    "spec": {"minReplicas": 1, "maxReplicas": 4, "metrics": [{"type": "Resource"}]},
    "status": {"currentReplicas": 1, "currentMetrics": []},
}


def test_a_measurement_of_an_autoscaler_is_no_change_of_its_declaration() -> None:
    measured = {
        **AUTOSCALER,
        "metadata": {**AUTOSCALER["metadata"], "resourceVersion": "11", "managedFields": [{"manager": "kcm"}]},
        "status": {"currentReplicas": 2, "currentMetrics": [{"type": "Resource"}]},
    }
    assert declaration(measured) == declaration(AUTOSCALER)


@pytest.mark.parametrize(
    "changed",
    [
        {**AUTOSCALER, "spec": {**AUTOSCALER["spec"], "maxReplicas": 1}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "labels": {}}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "ownerReferences": []}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "uid": "2"}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
    ids=["spec", "labels", "owner", "another of its name", "being deleted"],
)
def test_what_is_declared_in_an_autoscaler_makes_its_owner_be_reconciled(changed: dict[str, Any]) -> None:
    assert declaration(changed) != declaration(AUTOSCALER)
