"""Of two operators one acts; the other takes over when it is killed."""

from __future__ import annotations

import urllib.request

import pytest

from contracts.resource import API_VERSION
from tests.fixtures.cluster import REGION, Cluster
from tests.operators.conftest import PORT, World, operators_manifests
from tests.operators.test_auraservice_on_cluster import SPEC

pytestmark = pytest.mark.integration


def holder(world: World) -> str:
    return world.get("lease", "aura-operators").get("spec", {}).get("holderIdentity", "")


@pytest.mark.kill
def test_the_second_takes_over_from_a_killed_one(world: World) -> None:
    assert world.cluster.until(lambda: holder(world), 30) == "first"
    second = world.start("second", world.addresses[1])

    def healthy() -> bool:
        try:
            return urllib.request.urlopen(f"http://{world.addresses[1]}:{PORT}/healthz", timeout=2).status == 200
        except OSError:
            return False

    world.cluster.until(healthy, 30)
    assert holder(world) == "first"
    world.running["first"].kill()
    world.apply("AuraService", "inherited", SPEC)
    world.cluster.until(lambda: holder(world) == "second", 60)
    world.cluster.until(lambda: world.get("deployment", "inherited"), 60)

    world.start("first", world.addresses[0])
    second.terminate()
    assert second.wait(timeout=30) == 0
    world.cluster.until(lambda: holder(world) == "first", 10)


def test_they_run_as_declared_in_manifests(definitions: Cluster) -> None:
    namespace = definitions.namespace("operators-pods")
    about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aura-platform"}}
    definitions.apply({**about, "data": {"AWS_REGION": REGION}}, *operators_manifests(namespace), namespace=namespace)
    try:
        wait = ["rollout", "status", "deployment/operators", "--timeout=120s"]
        definitions.kubectl("-n", namespace, *wait, seconds=150)
        pods = definitions.get("pods", "-n", namespace)["items"]
        lease = definitions.get("lease", "aura-operators", "-n", namespace)
        assert lease["spec"]["holderIdentity"] in [one["metadata"]["name"] for one in pods]
        service = SPEC | {"secrets": {}, "image": "aura/operators:1"}
        resource = {"apiVersion": API_VERSION, "kind": "AuraService", "metadata": {"name": "seen"}, "spec": service}
        definitions.apply(resource, namespace=namespace)
        definitions.until(
            lambda: (
                "deployment"
                in definitions.kubectl("get", "deploy", "seen", "-n", namespace, "--ignore-not-found", "-o", "name")
            ),
            60,
        )
    finally:
        definitions.kubectl("delete", "namespace", namespace, "--wait=false")
