"""Kubernetes objects: identity, declared part, readiness."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from local.plugins.kubernetes import objects
from local.plugins.kubernetes.readiness import not_ready_reason
from local.plugins.provider.base import ProviderError
from local.plugins.provider.values import UNKNOWN, Secret


def deployment(**status: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}


def test_string_data_of_a_secret_is_sent_as_data_and_marked() -> None:
    done = objects.completed({"kind": "Secret", "stringData": {"a": "hush", "b": UNKNOWN}}, "s", "aura")
    assert "stringData" not in done
    assert done["data"] == {"a": base64.b64encode(b"hush").decode(), "b": UNKNOWN}
    assert isinstance(objects.with_secret_data(done)["data"], Secret)


def test_defaults_of_the_api_server_are_no_drift_but_changes_are() -> None:
    declared = {"spec": {"replicas": 2, "template": {"containers": [{"image": "a"}]}}}
    live = {"spec": {"replicas": 2, "strategy": {}, "template": {"containers": [{"image": "a", "pull": "x"}]}}}
    assert objects.declared_part(live, declared) == declared
    live["spec"]["replicas"] = 3
    assert objects.declared_part(live, declared)["spec"]["replicas"] == 3


def test_state_does_not_change_with_every_write_of_a_controller() -> None:
    metadata = {"name": "a", "resourceVersion": "1", "managedFields": []}
    assert objects.state({"metadata": metadata, "status": {"x": 1}}) == {"metadata": {"name": "a"}}


@pytest.mark.parametrize(
    ("kind", "path", "forced"),
    [
        ("Deployment", "spec.replicas", False),
        ("Deployment", "spec.selector.matchLabels.app", True),
        ("ConfigMap", "metadata.name", True),
        ("ConfigMap", "data.a", False),
        ("Job", "spec.template.spec.containers", True),
    ],
)
def test_only_what_the_api_server_refuses_to_change_is_replaced(kind: str, path: str, forced: bool) -> None:
    assert objects.forces_replacement(kind, path, {}) is forced


def test_data_of_an_immutable_config_map_is_replaced() -> None:
    assert objects.forces_replacement("ConfigMap", "data.a", {"immutable": True})


def test_a_deployment_is_ready_when_its_controller_has_seen_it_and_all_replicas_serve() -> None:
    assert not_ready_reason(deployment(observedGeneration=1, updatedReplicas=2, availableReplicas=2))
    assert (
        not_ready_reason(deployment(observedGeneration=2, updatedReplicas=2, availableReplicas=1))
        == "availableReplicas: 1 of 2"
    )
    assert not_ready_reason(deployment(observedGeneration=2, updatedReplicas=2, availableReplicas=2)) is None


def test_a_rollout_that_stalls_is_an_error_not_a_wait() -> None:
    stalled = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "no image"}
    with pytest.raises(ProviderError, match="no image"):
        not_ready_reason(deployment(conditions=[stalled]))


def test_a_job_that_failed_is_an_error() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    with pytest.raises(ProviderError, match="BackoffLimitExceeded"):
        not_ready_reason({"kind": "Job", "metadata": {}, "status": {"conditions": [failed]}})


def test_kinds_without_a_readiness_check_are_ready_at_once() -> None:
    assert not_ready_reason({"kind": "ConfigMap", "metadata": {}}) is None
