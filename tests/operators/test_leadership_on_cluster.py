"""One of two operators is the leader; the other takes over when it is killed."""

from __future__ import annotations

import urllib.request

import pytest

from contracts.resource import API_VERSION
from tests.fixtures.cluster import REGION, Cluster
from tests.operators.conftest import PORT, SECRETS_PREFIX, Installation, operators_manifests
from tests.operators.test_auraservice_on_cluster import SPEC

pytestmark = pytest.mark.integration


def holder(installation: Installation) -> str:
    return installation.get("lease", "aura-operators").get("spec", {}).get("holderIdentity", "")


@pytest.mark.kill
def test_the_second_takes_over_from_a_killed_leader(installation: Installation) -> None:
    assert installation.cluster.until(lambda: holder(installation), 30) == "first"
    second = installation.start("second", installation.addresses[1])

    def healthy() -> bool:
        try:
            return urllib.request.urlopen(f"http://{installation.addresses[1]}:{PORT}/healthz", timeout=2).status == 200
        except OSError:
            return False

    installation.cluster.until(healthy, 30)
    assert holder(installation) == "first"
    installation.running["first"].kill()
    installation.apply("AuraService", "inherited", SPEC)
    installation.cluster.until(lambda: holder(installation) == "second", 60)
    installation.cluster.until(lambda: installation.get("deployment", "inherited"), 60)

    installation.start("first", installation.addresses[0])
    second.terminate()
    assert second.wait(timeout=30) == 0
    installation.cluster.until(lambda: holder(installation) == "first", 10)


def test_they_run_as_declared_in_manifests(definitions: Cluster) -> None:
    namespace = definitions.namespace("operators-pods")
    about = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aura-platform"}}
    data = {"AWS_REGION": REGION, "SECRETS_PREFIX": SECRETS_PREFIX}
    definitions.apply({**about, "data": data}, *operators_manifests(namespace), namespace=namespace)
    try:
        wait = ["rollout", "status", "deployment/operators", "--timeout=120s"]
        definitions.kubectl("-n", namespace, *wait, seconds=150)
        pods = definitions.get("pods", "-n", namespace)["items"]
        lease = definitions.get("lease", "aura-operators", "-n", namespace)
        assert lease["spec"]["holderIdentity"] in [one["metadata"]["name"] for one in pods]
        service = SPEC | {"secrets": {}, "image": "aura/operators:1"}
        resource = {
            "apiVersion": API_VERSION,
            "kind": "AuraService",
            "metadata": {"name": "managed"},
            "spec": service,
        }
        definitions.apply(resource, namespace=namespace)
        definitions.until(
            lambda: (
                "deployment"
                in definitions.kubectl("get", "deploy", "managed", "-n", namespace, "--ignore-not-found", "-o", "name")
            ),
            60,
        )
    finally:
        definitions.kubectl("delete", "namespace", namespace, "--wait=false")
