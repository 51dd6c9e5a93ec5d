"""AuraServices on a real cluster: created, reconciled, paused, deleted."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import psycopg
import pytest
from joserfc.jwk import ECKey

from contracts import signing_keys
from contracts.resource import PAUSED
from tests.operators.conftest import NAMESPACE, SECRETS_PREFIX, Installation

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
    "secrets": {"SIGNING_KEY": "own/signing-key"},
}
ROUTE = {"host": "api.aurawellness.com", "path": "/v1/first", "auth": "jwt", "rateLimit": {"perMinute": 5}}


def objects(installation: Installation, name: str) -> dict[str, str]:
    """Kind/name -> resourceVersion of the objects of a service."""
    found = installation.cluster.get(OWNED, "-n", NAMESPACE, "-l", f"app.kubernetes.io/name={name}")["items"]
    return {f"{one['kind']}/{one['metadata']['name']}": one["metadata"]["resourceVersion"] for one in found}


def template(installation: Installation, name: str) -> dict[str, Any]:
    return installation.get("deployment", name).get("spec", {}).get("template", {})


def container(installation: Installation, name: str) -> dict[str, Any]:
    return (template(installation, name) or {"spec": {"containers": [{}]}})["spec"]["containers"][0]


def test_a_service_is_created_with_all_objects_and_becomes_available(installation: Installation) -> None:
    database = {"instance": "operators", "name": "first"}
    installation.apply("AuraService", "first", SPEC | {"routes": [ROUTE], "database": database, "needs": ["redis"]})
    installation.until_reason("auraservice", "first", "Available", "Available", seconds=120)
    names = set(objects(installation, "first"))
    assert {
        "Deployment/first",
        "Service/first",
        "Secret/first-environment",
        "NetworkPolicy/first",
        "PodDisruptionBudget/first",
        "HorizontalPodAutoscaler/first",
        "KongPlugin/first-jwt",
        "KongPlugin/first-subject",
        "KongPlugin/first-limit-5-user",
    } <= names
    assert [name for name in names if name.startswith("HTTPRoute/first-api-v1-first-")]
    found = installation.get("auraservice", "first")
    assert found["status"]["pods"] == "2/2"
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert "finalizers" not in found["metadata"]
    secret = installation.get("secret", "first-environment")
    url = base64.b64decode(secret["data"]["DATABASE_URL"]).decode()
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_user, current_database()").fetchone()
    assert row == ("first", "first")
    assert "first" in installation.kubectl("get", "auraservices")
    assert "Events" in installation.kubectl("describe", "auraservice", "first")


def test_deletions_and_edits_by_hand_are_reverted(installation: Installation) -> None:
    installation.apply("AuraService", "drift", SPEC)
    before = installation.cluster.until(
        lambda: installation.get("deployment", "drift").get("metadata", {}).get("uid"), 60
    )
    installation.kubectl("delete", "deployment", "drift", "--wait=false")
    installation.cluster.until(
        lambda: installation.get("deployment", "drift").get("metadata", {}).get("uid", before) != before, 20
    )

    installation.kubectl("set", "image", "deployment/drift", "drift=aura/other:9")
    installation.kubectl("set", "env", "deployment/drift", "ADDED=by-hand")
    side_car = {"spec": {"template": {"spec": {"containers": [{"name": "added", "image": "aura-local/sh:1"}]}}}}
    installation.kubectl("patch", "deployment", "drift", "--patch", json.dumps(side_car))

    def as_declared() -> bool:
        containers = template(installation, "drift").get("spec", {}).get("containers", [])
        names = [one["name"] for one in containers[0].get("env", [])] if containers else []
        return [one["image"] for one in containers] == ["aura/auth:1"] and "ADDED" not in names

    installation.cluster.until(as_declared, 20)
    installation.kubectl("delete", "service", "drift")
    installation.cluster.until(lambda: installation.get("service", "drift"), 20)


def test_a_reconcile_without_changes_writes_nothing(installation: Installation) -> None:
    installation.apply("AuraService", "quiet", SPEC | {"routes": [ROUTE | {"path": "/v1/quiet"}]})
    installation.until_reason("auraservice", "quiet", "Available", "Available", seconds=120)
    steady = {"Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget"}  # other controllers write their status

    def versions() -> dict[str, str]:
        return {name: at for name, at in objects(installation, "quiet").items() if name.partition("/")[0] not in steady}

    before = versions()
    generation = installation.get("deployment", "quiet")["metadata"]["generation"]
    for number in range(5):
        reconciles = installation.metric("aura_operator_looks_total")
        installation.kubectl("annotate", "auraservice", "quiet", f"touched={number}", "--overwrite")
        installation.cluster.until(
            lambda reconciles=reconciles: installation.metric("aura_operator_looks_total") > reconciles, 20
        )
    assert versions() == before
    assert installation.get("deployment", "quiet")["metadata"]["generation"] == generation
    assert "Deployment quiet: applied (drifted)" not in installation.log()


def paths(installation: Installation, name: str) -> set[str]:
    """Paths of the HTTPRoutes of a service."""
    found = installation.cluster.get("httproutes", "-n", NAMESPACE, "-l", f"app.kubernetes.io/name={name}")["items"]
    return {one["spec"]["rules"][0]["matches"][0]["path"]["value"] for one in found}


def test_a_route_that_is_no_longer_declared_is_deleted(installation: Installation) -> None:
    routes = [ROUTE | {"path": "/v1/one"}, ROUTE | {"path": "/v1/two", "rateLimit": {"perMinute": 7}}]
    installation.apply("AuraService", "routes", SPEC | {"routes": routes})
    installation.cluster.until(lambda: paths(installation, "routes") == {"/v1/one", "/v1/two"}, 60)
    installation.apply("AuraService", "routes", SPEC | {"routes": routes[:1]})
    installation.cluster.until(lambda: paths(installation, "routes") == {"/v1/one"}, 20)
    installation.cluster.until(lambda: not installation.get("kongplugin", "routes-limit-7-user"), 20)


def test_a_service_whose_host_and_path_are_taken_says_by_whom(installation: Installation) -> None:
    taken = ROUTE | {"path": "/v1/taken"}
    installation.apply("AuraService", "older", SPEC | {"routes": [taken]})
    installation.cluster.until(lambda: paths(installation, "older"), 60)
    time.sleep(1)  # the age of objects is in whole seconds
    installation.apply(
        "AuraService", "a-newer", SPEC | {"routes": [{key: taken[key] for key in ("host", "path")} | {"auth": "none"}]}
    )
    condition = installation.until_reason("auraservice", "a-newer", "Routed", "Shadowed")
    assert "api.aurawellness.com/v1/taken is served by AuraService older" in condition["message"]
    assert installation.conditions("auraservice", "older")["Routed"]["reason"] != "Shadowed"
    installation.kubectl("delete", "auraservice", "older", "--timeout=20s")
    installation.cluster.until(
        lambda: installation.conditions("auraservice", "a-newer")["Routed"]["reason"] != "Shadowed", 30
    )


def test_a_paused_resource_is_not_reconciled_until_resumed(installation: Installation) -> None:
    installation.apply("AuraService", "paused", SPEC)
    installation.cluster.until(lambda: installation.get("poddisruptionbudget", "paused"), 60)
    installation.kubectl("annotate", "auraservice", "paused", f"{PAUSED}=true")
    installation.until_reason("auraservice", "paused", "Paused", "PausedByAnnotation")
    installation.kubectl("delete", "service", "paused")
    reconciles = installation.metric("aura_operator_looks_total")
    installation.cluster.until(lambda: installation.metric("aura_operator_looks_total") > reconciles + 2, 60)
    assert not installation.get("service", "paused")
    installation.kubectl("annotate", "auraservice", "paused", f"{PAUSED}-")
    installation.cluster.until(lambda: installation.get("service", "paused"), 20)
    installation.cluster.until(lambda: "Paused" not in installation.conditions("auraservice", "paused"), 20)


def test_an_unavailable_secret_is_reported_and_changes_nothing(installation: Installation) -> None:
    installation.apply("AuraService", "stuck", SPEC)
    installation.cluster.until(lambda: installation.get("deployment", "stuck"), 60)
    secrets = SPEC["secrets"] | {"MISSING": "stuck/nowhere"}
    installation.apply("AuraService", "stuck", SPEC | {"secrets": secrets, "image": "aura/auth:2"})
    condition = installation.until_reason("auraservice", "stuck", "Degraded", "SecretUnavailable")
    assert "stuck/nowhere" in condition["message"]
    assert container(installation, "stuck")["image"] == "aura/auth:1"
    assert "SecretUnavailable" in installation.kubectl("get", "events", "--field-selector", "involvedObject.name=stuck")


def test_a_rotated_secret_restarts_the_pods(installation: Installation) -> None:
    installation.create_secret("rotating/key", "old")
    secrets = SPEC["secrets"] | {"ROTATING": "rotating/key"}
    installation.apply("AuraService", "rotating", SPEC | {"secrets": secrets})
    before = installation.cluster.until(
        lambda: template(installation, "rotating").get("metadata", {}).get("annotations"), 60
    )
    installation.secrets.put_secret_value(SecretId=f"{SECRETS_PREFIX}rotating/key", SecretString="new")
    installation.cluster.until(lambda: template(installation, "rotating")["metadata"]["annotations"] != before, 60)
    secret = installation.get("secret", "rotating-environment")
    assert base64.b64decode(secret["data"]["ROTATING"]).decode() == "new"


def test_the_value_before_a_rotation_is_there_together_with_the_new_one(installation: Installation) -> None:
    installation.create_secret("signing/key", "first")
    secrets = SPEC["secrets"] | {"KEY": "signing/key", "BEFORE": "signing/key:AWSPREVIOUS"}
    installation.apply("AuraService", "signing", SPEC | {"secrets": secrets})

    def values() -> tuple[str, ...]:
        data = installation.get("secret", "signing-environment").get("data", {})
        return tuple(base64.b64decode(data.get(name, "")).decode() for name in ("KEY", "BEFORE"))

    seen = {installation.cluster.until(lambda: values() if values()[0] else None, 60)}
    for value in ("second", "third"):
        installation.secrets.put_secret_value(SecretId=f"{SECRETS_PREFIX}signing/key", SecretString=value)
        installation.cluster.until(lambda value=value: seen.add(values()) or values()[0] == value, 60)
        seen.add(values())
    assert seen == {("first", ""), ("second", "first"), ("third", "second")}


def test_the_gateway_has_a_credential_of_each_token_key_also_after_a_rotation(installation: Installation) -> None:
    pems = [ECKey.generate_key("P-256").as_pem(private=True).decode() for _ in range(3)]
    kids = [signing_keys.load(pem).kid for pem in pems]
    stored = f"{SECRETS_PREFIX}issuing/token-key"
    installation.create_secret("issuing/token-key", pems[0])
    secrets = {"KEY": "issuing/token-key", "BEFORE": "issuing/token-key:AWSPREVIOUS"}
    installation.apply("AuraService", "issuing", SPEC | {"secrets": secrets, "tokenKeys": ["KEY", "BEFORE"]})

    def credentials() -> dict[str, str]:
        """Key id -> Secret of those that the KongConsumer names, once nothing else is left."""
        named = installation.get("kongconsumer", "issuing").get("credentials", [])
        labels = "konghq.com/credential=jwt,app.kubernetes.io/name=issuing"
        found = installation.cluster.get("secrets", "-n", NAMESPACE, "-l", labels)["items"]
        if sorted(one["metadata"]["name"] for one in found) != sorted(named):
            return {}
        return {base64.b64decode(one["data"]["key"]).decode(): one["metadata"]["name"] for one in found}

    installation.cluster.until(lambda: credentials().keys() == {kids[0]}, 60)
    installation.secrets.put_secret_value(SecretId=stored, SecretString=pems[1])
    installation.cluster.until(lambda: credentials().keys() == {kids[0], kids[1]}, 60)
    installation.kubectl("delete", "secret", credentials()[str(kids[0])])
    installation.cluster.until(lambda: credentials().keys() == {kids[0], kids[1]}, 60)
    installation.secrets.put_secret_value(SecretId=stored, SecretString=pems[2])
    installation.cluster.until(lambda: credentials().keys() == {kids[1], kids[2]}, 60)
    installation.secrets.put_secret_value(SecretId=stored, SecretString="no key")
    said = installation.until_reason("auraservice", "issuing", "TokenKeys", "KeyInvalid")["message"]
    assert "issuing/token-key" in said
    assert credentials().keys() == {kids[1], kids[2]}


def test_a_missing_need_is_awaited_and_then_in_the_environment(installation: Installation) -> None:
    installation.apply("AuraService", "needy", SPEC | {"needs": ["needed-one"]})
    installation.until_reason("auraservice", "needy", "Ready", "ServiceMissing")
    assert not installation.get("deployment", "needy")
    installation.apply("AuraService", "needed-one", SPEC)
    installation.cluster.until(lambda: installation.get("deployment", "needy"), 30)
    service = installation.get("service", "needed-one")
    variables = {one["name"]: one.get("value") for one in container(installation, "needy")["env"]}
    assert variables["NEEDED_ONE_SERVICE_HOST"] == service["spec"]["clusterIP"]


def test_deletion_removes_owned_objects_and_keeps_the_database(installation: Installation) -> None:
    database = {"instance": "operators", "name": "leaving"}
    installation.apply("AuraService", "leaving", SPEC | {"database": database})
    secret = installation.cluster.until(lambda: installation.get("secret", "leaving-environment"), 60)
    installation.kubectl("delete", "auraservice", "leaving", "--timeout=20s")
    installation.cluster.until(lambda: not objects(installation, "leaving"), 60)
    url = base64.b64decode(secret["data"]["DATABASE_URL"]).decode()
    psycopg.connect(url).close()
