"""AuraServices on a real cluster: made, kept, left alone, deleted."""

from __future__ import annotations

import base64
import json
from typing import Any

import psycopg
import pytest

from contracts.resource import PAUSED
from tests.operators.conftest import NAMESPACE, World

pytestmark = pytest.mark.integration
OWNED = (
    "deployments,services,secrets,networkpolicies,poddisruptionbudgets,horizontalpodautoscalers,httproutes,kongplugins"
)
SPEC: dict[str, Any] = {
    "image": "aura/auth:1",
    "ports": {"http": 8080},
    "replicas": {"min": 2, "max": 4},
    "placement": "spot",
    "resources": {"cpu": "10m", "memory": "64Mi"},
    "secrets": {"SIGNING_KEY": "operators/signing-key"},
}
ROUTE = {"host": "api.aurawellness.com", "path": "/v1/first", "auth": "jwt", "rateLimit": {"perMinute": 5}}


def objects(world: World, name: str) -> dict[str, str]:
    """Kind/name -> resourceVersion of what belongs to a service."""
    found = world.cluster.get(OWNED, "-n", NAMESPACE, "-l", f"app.kubernetes.io/name={name}")["items"]
    return {f"{one['kind']}/{one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in found}


def template(world: World, name: str) -> dict[str, Any]:
    return world.get("deployment", name).get("spec", {}).get("template", {})


def container(world: World, name: str) -> dict[str, Any]:
    return (template(world, name) or {"spec": {"containers": [{}]}})["spec"]["containers"][0]


def test_a_service_is_made_with_all_it_needs_and_runs(world: World) -> None:
    database = {"instance": "operators", "name": "first"}
    world.apply("AuraService", "first", SPEC | {"routes": [ROUTE], "database": database, "needs": ["redis"]})
    world.until_says("auraservice", "first", "Available", "Available", seconds=120)
    names = set(objects(world, "first"))
    assert {
        "Deployment/first",
        "Service/first",
        "Secret/first-environment",
        "NetworkPolicy/first",
        "PodDisruptionBudget/first",
        "HorizontalPodAutoscaler/first",
        "HTTPRoute/first-api-v1-first",
        "KongPlugin/first-jwt",
        "KongPlugin/first-subject",
        "KongPlugin/first-limit-5-user",
    } <= names
    found = world.get("auraservice", "first")
    assert found["status"]["pods"] == "2/2"
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert "finalizers" not in found["metadata"]
    secret = world.get("secret", "first-environment")
    url = base64.b64decode(secret["data"]["DATABASE_URL"]).decode()
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_user, current_database()").fetchone()
    assert row == ("first", "first")
    assert "first" in world.kubectl("get", "auraservices")
    assert "Events" in world.kubectl("describe", "auraservice", "first")


def test_what_is_deleted_or_edited_by_hand_comes_back(world: World) -> None:
    world.apply("AuraService", "drift", SPEC)
    before = world.cluster.until(lambda: world.get("deployment", "drift").get("metadata", {}).get("uid"), 60)
    world.kubectl("delete", "deployment", "drift", "--wait=false")
    world.cluster.until(lambda: world.get("deployment", "drift").get("metadata", {}).get("uid", before) != before, 20)

    world.kubectl("set", "image", "deployment/drift", "drift=aura/other:9")
    world.kubectl("set", "env", "deployment/drift", "ADDED=by-hand")
    side_car = {"spec": {"template": {"spec": {"containers": [{"name": "added", "image": "aura-local/sh:1"}]}}}}
    world.kubectl("patch", "deployment", "drift", "--patch", json.dumps(side_car))

    def as_declared() -> bool:
        containers = template(world, "drift").get("spec", {}).get("containers", [])
        names = [one["name"] for one in containers[0].get("env", [])] if containers else []
        return [one["image"] for one in containers] == ["aura/auth:1"] and "ADDED" not in names

    world.cluster.until(as_declared, 20)
    world.kubectl("delete", "service", "drift")
    world.cluster.until(lambda: world.get("service", "drift"), 20)


def test_nothing_is_written_when_nothing_changed(world: World) -> None:
    world.apply("AuraService", "quiet", SPEC | {"routes": [ROUTE | {"path": "/v1/quiet"}]})
    world.until_says("auraservice", "quiet", "Available", "Available", seconds=120)
    steady = {"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"}  # others write their status

    def versions() -> dict[str, str]:
        return {name: at for name, at in objects(world, "quiet").items() if name.partition("/")[0] not in steady}

    before = versions()
    generation = world.get("deployment", "quiet")["metadata"]["generation"]
    for number in range(5):
        looks = world.metric("aura_operator_looks_total")
        world.kubectl("annotate", "auraservice", "quiet", f"touched={number}", "--overwrite")
        world.cluster.until(lambda looks=looks: world.metric("aura_operator_looks_total") > looks, 20)
    assert versions() == before
    assert world.get("deployment", "quiet")["metadata"]["generation"] == generation
    assert "Deployment quiet: applied (drifted)" not in world.log()


def test_a_route_said_no_more_goes(world: World) -> None:
    routes = [ROUTE | {"path": "/v1/one"}, ROUTE | {"path": "/v1/two", "rateLimit": {"perMinute": 7}}]
    world.apply("AuraService", "routes", SPEC | {"routes": routes})
    world.cluster.until(lambda: world.get("httproute", "routes-api-v1-two"), 60)
    world.apply("AuraService", "routes", SPEC | {"routes": routes[:1]})
    world.cluster.until(lambda: not world.get("httproute", "routes-api-v1-two"), 20)
    assert world.get("httproute", "routes-api-v1-one")
    world.cluster.until(lambda: not world.get("kongplugin", "routes-limit-7-user"), 20)


def test_paused_is_left_alone_until_resumed(world: World) -> None:
    world.apply("AuraService", "paused", SPEC)
    world.cluster.until(lambda: world.get("poddisruptionbudget", "paused"), 60)
    world.kubectl("annotate", "auraservice", "paused", f"{PAUSED}=true")
    world.until_says("auraservice", "paused", "Paused", "PausedByAnnotation")
    world.kubectl("delete", "service", "paused")
    looks = world.metric("aura_operator_looks_total")
    world.cluster.until(lambda: world.metric("aura_operator_looks_total") > looks + 2, 60)
    assert not world.get("service", "paused")
    world.kubectl("annotate", "auraservice", "paused", f"{PAUSED}-")
    world.cluster.until(lambda: world.get("service", "paused"), 20)
    world.cluster.until(lambda: "Paused" not in world.conditions("auraservice", "paused"), 20)


def test_what_cannot_be_done_is_said_and_changes_nothing(world: World) -> None:
    world.apply("AuraService", "stuck", SPEC)
    world.cluster.until(lambda: world.get("deployment", "stuck"), 60)
    secrets = {"SIGNING_KEY": "operators/signing-key", "MISSING": "operators/nowhere"}
    world.apply("AuraService", "stuck", SPEC | {"secrets": secrets, "image": "aura/auth:2"})
    said = world.until_says("auraservice", "stuck", "Degraded", "SecretUnavailable")
    assert "operators/nowhere" in said["message"]
    assert container(world, "stuck")["image"] == "aura/auth:1"
    assert "SecretUnavailable" in world.kubectl("get", "events", "--field-selector", "involvedObject.name=stuck")


def test_a_rotated_secret_rolls_the_pods(world: World) -> None:
    world.secrets.create_secret(Name="operators/rotating", SecretString="old")
    secrets = SPEC["secrets"] | {"ROTATING": "operators/rotating"}
    world.apply("AuraService", "rotating", SPEC | {"secrets": secrets})
    before = world.cluster.until(lambda: template(world, "rotating").get("metadata", {}).get("annotations"), 60)
    world.secrets.put_secret_value(SecretId="operators/rotating", SecretString="new")
    world.cluster.until(lambda: template(world, "rotating")["metadata"]["annotations"] != before, 60)
    secret = world.get("secret", "rotating-environment")
    assert base64.b64decode(secret["data"]["ROTATING"]).decode() == "new"


def test_what_is_needed_is_awaited_and_then_in_the_environment(world: World) -> None:
    world.apply("AuraService", "needy", SPEC | {"needs": ["needed-one"]})
    world.until_says("auraservice", "needy", "Ready", "ServiceMissing")
    assert not world.get("deployment", "needy")
    world.apply("AuraService", "needed-one", SPEC)
    world.cluster.until(lambda: world.get("deployment", "needy"), 30)
    service = world.get("service", "needed-one")
    variables = {one["name"]: one.get("value") for one in container(world, "needy")["env"]}
    assert variables["NEEDED_ONE_SERVICE_HOST"] == service["spec"]["clusterIP"]


def test_deleting_takes_what_it_owned_and_keeps_the_database(world: World) -> None:
    database = {"instance": "operators", "name": "leaving"}
    world.apply("AuraService", "leaving", SPEC | {"database": database})
    secret = world.cluster.until(lambda: world.get("secret", "leaving-environment"), 60)
    world.kubectl("delete", "auraservice", "leaving", "--timeout=20s")
    world.cluster.until(lambda: not objects(world, "leaving"), 60)
    url = base64.b64decode(secret["data"]["DATABASE_URL"]).decode()
    psycopg.connect(url).close()
