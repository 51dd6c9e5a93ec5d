"""Pods without AWS credentials where there is no Pod Identity: on a real API server, as the operators' account may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from kubernetes import client, config

from contracts.variables import CREDENTIALS_URI
from operators.kubernetes.client import Client
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Manifest, Owner
from operators.kubernetes.pod_identity import credentials_finding, without_credentials
from tests.operators.conftest import NAMESPACE, Installation

GIVEN = {CREDENTIALS_URI: "http://169.254.170.23/v1/credentials"}


def pod(name: str, *envs: dict[str, str], created: str = "2026-01-01T00:00:00Z", **metadata: Any) -> Manifest:
    """With a container for each environment."""
    containers = [{"env": [{"name": key, "value": value} for key, value in env.items()]} for env in envs]
    about = {"name": name, "creationTimestamp": created, **metadata}
    return {"metadata": about, "spec": {"containers": containers}}


def test_a_pod_is_without_credentials_if_one_of_its_containers_is_and_the_oldest_comes_first() -> None:
    younger = pod("younger", {}, created="2026-01-02T00:00:00Z")
    half = pod("half", GIVEN, {})
    ending = pod("ending", {}, deletionTimestamp="2026-01-03T00:00:00Z")
    assert without_credentials([younger, half, ending, pod("given", GIVEN, GIVEN)]) == [half, younger]


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
    found = await credentials_finding(api, owner)
    assert (found.state, found.reason) == (State.GOOD, "NoRole")
    names = installation.kubectl("get", "pods", "-l", "app.kubernetes.io/name=without-role", "-o", "name").split()
    assert names == ["pod/without-role-1", "pod/without-role-2"]
