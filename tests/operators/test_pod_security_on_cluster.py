"""The API server's Pod Security admission takes all Pods of ours into a namespace of the level `restricted`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
import yaml

from operators.auraservice.desired import desired
from operators.biostream.desired import desired as desired_stream
from operators.kubernetes.manifest import Manifest
from tests.fixtures.cluster import Cluster
from tests.operators.conftest import MANIFESTS
from tests.operators.samples import OWNER, dependencies, service, stream, stream_dependencies

pytestmark = pytest.mark.integration
NAMESPACE = "restricted"
LEVEL = "pod-security.kubernetes.io/enforce"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
EVERYTHING = {
    "needs": ["kafka", "redis", "timeseries", "auth"],
    "database": {"instance": "auth", "name": "auth", "migrate": ["migrate"]},
    "secrets": {"KEY": "ingest/key"},
}


def templates() -> dict[str, Manifest]:
    """The Pod template of every workload: what the operators make, and what manifests/ has."""
    objects = {
        "plain": desired(OWNER, service(), dependencies()),
        "full": desired(OWNER, service(**EVERYTHING, placement="on-demand"), dependencies()),
        "stream": desired_stream(OWNER, stream(), stream_dependencies()),
    }
    made = {
        name: one["spec"]["template"] for name, found in objects.items() for one in found if one["kind"] == "Deployment"
    }
    written = [one for file in (MANIFESTS / "base").glob("*.yaml") for one in yaml.safe_load_all(file.read_text())]
    return made | {one["metadata"]["name"]: one["spec"]["template"] for one in written if one["kind"] in WORKLOADS}


@pytest.fixture(scope="module")
def refusal(cluster: Cluster) -> Callable[[Manifest], str]:
    """What the API server has against a Pod of this template; "" if it admits it."""
    labels = {LEVEL: "restricted", f"{LEVEL}-version": "latest"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})

    def refusal(template: Manifest) -> str:
        spec = {
            key: value for key, value in template["spec"].items() if key != "serviceAccountName"
        }  # none exists here
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": spec}
        said = cluster.kubectl(
            "create", "--dry-run=server", "-n", NAMESPACE, "-f", "-", stdin=yaml.safe_dump(pod), check=False
        )
        return "" if said == "pod/one created (server dry run)\n" else said

    return refusal


@pytest.mark.parametrize("name", templates())
def test_a_restricted_namespace_admits_every_pod(refusal: Callable[[Manifest], str], name: str) -> None:
    assert refusal(templates()[name]) == ""


@pytest.mark.parametrize("field", ["runAsNonRoot", "seccompProfile", "allowPrivilegeEscalation", "capabilities"])
def test_a_restricted_namespace_refuses_a_pod_without_one_of_the_fields(
    refusal: Callable[[Manifest], str], field: str
) -> None:
    template = deepcopy(templates()["full"])
    for context in contexts(template["spec"]):
        context.pop(field, None)
    assert 'violates PodSecurity "restricted:latest"' in refusal(template)
    assert field in refusal(template)


@pytest.mark.parametrize("name", ["plain", "full", "stream", "operators"])
def test_only_volumes_can_be_written_and_they_are_the_users(name: str) -> None:
    pod = templates()[name]["spec"]
    asked = {"runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001, "fsGroupChangePolicy": "OnRootMismatch"}
    assert asked.items() <= pod["securityContext"].items()
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
    assert "emptyDir" in next(one for one in pod["volumes"] if one["name"] == "tmp")


def contexts(pod: Manifest) -> list[dict[str, Any]]:
    containers = [*pod["containers"], *pod.get("initContainers", [])]
    return [pod["securityContext"], *(one["securityContext"] for one in containers)]
