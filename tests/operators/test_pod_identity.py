"""Pods without AWS credentials where there is no Pod Identity: on a real API server, as the operators' account may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes import client, config

from contracts.variables import CREDENTIALS_URI
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_identity import credentials_finding, replaceable, without_credentials
from tests.operators.conftest import NAMESPACE, Installation

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GIVEN = {CREDENTIALS_URI: "http://169.254.170.23/v1/credentials"}


def pod(name: str, env: dict[str, str], age: float = 60, ready: bool = True, **metadata: Any) -> Manifest:
    created = (NOW - timedelta(seconds=age)).isoformat()
    return {
        "metadata": {"name": name, "creationTimestamp": created, **metadata},
        "spec": {"containers": [{"env": [{"name": key, "value": value} for key, value in env.items()]}]},
        "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
    }


def test_pods_that_end_and_pods_with_credentials_are_left_out_and_the_oldest_comes_first() -> None:
    younger, older = pod("younger", {}, 60), pod("older", {}, 90)
    ending = pod("ending", {}, deletionTimestamp="2026-01-03T00:00:00Z")
    assert without_credentials([younger, older, ending, pod("given", GIVEN)]) == [older, younger]


@pytest.mark.parametrize(
    ("pods", "replaced"),
    [
        ([pod("a", {}, 90), pod("b", {}, 60)], "a"),
        ([pod("a", {}, 90), pod("b", GIVEN, 2, ready=False)], None),
        ([pod("a", {}, 90), pod("b", GIVEN, deletionTimestamp="2026-01-03T00:00:00Z")], None),
        ([pod("a", {}, 90), pod("b", {}, 60, ready=False)], "b"),
        ([pod("a", {}, 9)], None),
        ([pod("a", {}, 9, ready=False)], None),
        ([pod("a", GIVEN)], None),
    ],
)
def test_one_that_serves_is_replaced_only_while_all_are_ready(pods: list[Manifest], replaced: str | None) -> None:
    found = replaceable(pods, NOW)
    assert (found["metadata"]["name"] if found else None) == replaced


@pytest.fixture
async def api(installation: Installation) -> AsyncIterator[Client]:
    """With the rights of the operators' ServiceAccount."""
    configuration = client.Configuration()
    config.load_kube_config(installation.env["KUBECONFIG"], client_configuration=configuration)
    api = Client(configuration)
    yield api
    await api.close()


@pytest.mark.integration
async def test_pods_stay_where_another_would_get_no_credentials_either(installation: Installation, api: Client) -> None:
    owner = Owner("AuraService", NAMESPACE, "without-role", "uid")
    container = {"name": "one", "image": "aura/auth:1"}
    for name in ("without-role-1", "without-role-2"):
        about = {"name": name, "labels": owner.labels}
        spec = {"containers": [container], "nodeSelector": {"no": "node"}}
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec}
        installation.cluster.apply(manifest, namespace=NAMESPACE)
    found = await credentials_finding(api, owner, datetime.now(UTC))
    assert (found.state, found.reason) == (State.GOOD, "NoRole")
    names = installation.kubectl("get", "pods", "-l", "app.kubernetes.io/name=without-role", "-o", "name").split()
    assert names == ["pod/without-role-1", "pod/without-role-2"]
