"""Which objects make which resources be reconciled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from operators.controller.health import Liveness
from operators.controller.workqueue import Key, WorkQueue
from operators.handlers import declaration, is_shared_dependency, registry


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
        "ownerReferences": [
            {"apiVersion": "platform.aurawellness.com/v1alpha1", "kind": "AuraService", "name": "users"}
        ],
    },
    "spec": {"minReplicas": 1, "maxReplicas": 4, "metrics": [{"type": "Resource"}]},
    "status": {"currentReplicas": 1, "currentMetrics": []},
}


MEASURED: dict[str, Any] = {
    **AUTOSCALER,
    "metadata": {**AUTOSCALER["metadata"], "resourceVersion": "11", "managedFields": [{"manager": "kcm"}]},
    "status": {"currentReplicas": 2, "currentMetrics": [{"type": "Resource"}]},
}
CHANGED: dict[str, Any] = {**AUTOSCALER, "spec": {**AUTOSCALER["spec"], "maxReplicas": 1}}
CUSTOM: dict[str, Any] = {
    "kind": "AuraService",
    "metadata": {"namespace": "aura", "name": "users", "uid": "1", "generation": 1},
}
REDECLARED: dict[str, Any] = {**CUSTOM, "metadata": {**CUSTOM["metadata"], "generation": 2}}
USERS = Key("AuraService", "aura", "users")


class RecordedQueue(WorkQueue):
    """Keeps the keys, and reconciles nothing."""

    def __init__(self) -> None:
        self.added: list[Key] = []

    def add(self, key: Key) -> None:
        self.added.append(key)


def handler(queue: WorkQueue, id: str) -> Callable[..., Awaitable[None]]:
    (found,) = (one for one in registry(queue, Liveness())._watching.get_all_handlers() if one.id == id)
    return found.fn  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize(
    ("id", "declared", "measured", "changed"),
    [
        ("owned-horizontalpodautoscalers", AUTOSCALER, MEASURED, CHANGED),
        ("custom-auraservices", CUSTOM, {**CUSTOM, "status": {"phase": "Ready"}}, REDECLARED),
    ],
)
async def test_a_service_is_reconciled_at_declarations_and_deletions_but_not_at_a_status(
    id: str, declared: dict[str, Any], measured: dict[str, Any], changed: dict[str, Any]
) -> None:
    queue = RecordedQueue()
    on_event = handler(queue, id)
    counts: list[int] = []
    for type, body in [
        (None, declared),  # kopf's listing at the start
        ("MODIFIED", measured),
        ("MODIFIED", changed),
        ("MODIFIED", declared),
        ("DELETED", declared),
        ("ADDED", declared),
    ]:
        await on_event(event={"type": type, "object": body}, body=body, name=body["metadata"]["name"])
        counts.append(len(queue.added))
    assert counts == [1, 1, 2, 3, 4, 5]
    assert set(queue.added) == {USERS}


def test_a_measurement_of_an_autoscaler_is_no_change_of_its_declaration() -> None:
    assert declaration(MEASURED) == declaration(AUTOSCALER)


@pytest.mark.parametrize(
    "changed",
    [
        CHANGED,
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "labels": {}}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "ownerReferences": []}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "uid": "2"}},
        {**AUTOSCALER, "metadata": {**AUTOSCALER["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ],
    ids=["spec", "labels", "owner", "another of its name", "being deleted"],
)
def test_what_is_declared_in_an_autoscaler_makes_its_owner_be_reconciled(changed: dict[str, Any]) -> None:
    assert declaration(changed) != declaration(AUTOSCALER)
