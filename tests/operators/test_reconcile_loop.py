"""No reconcile ends without a condition, on a real API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from kubernetes import client as kubernetes_client
from kubernetes import config

from contracts.resource import API_VERSION
from operators.controller.reconciler import ReconcileLoop, Result
from operators.controller.workqueue import Key
from operators.kubernetes import kinds
from operators.kubernetes.client import ApiError, Client, Unreachable
from operators.kubernetes.conditions import broken, good
from operators.kubernetes.kinds import AURA_SERVICE, DEPLOYMENT
from operators.kubernetes.manifest import Manifest
from tests.fixtures.cluster import Cluster
from tests.operators.samples import SERVICE

pytestmark = pytest.mark.integration
NAMESPACE = "reconcile-loop"
"""No operators watch it."""


@dataclass
class Scripted:
    """A reconciler whose outcome a test sets."""

    outcome: Exception | Result = field(default_factory=lambda: Result([good("A", "Fine", "fine")], {}))
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def reconcile(self, body: Manifest) -> Result:
        await self.go_on.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def finalize(self, body: Manifest) -> None:
        if isinstance(self.outcome, Exception):
            raise self.outcome


@pytest.fixture
async def api(definitions: Cluster) -> AsyncIterator[Client]:
    definitions.namespace(NAMESPACE)
    configuration = kubernetes_client.Configuration()
    config.load_kube_config(str(definitions.kubeconfig), client_configuration=configuration)
    api = Client(configuration)
    yield api
    await api.close()


def create(cluster: Cluster, name: str) -> Key:
    about = {"apiVersion": API_VERSION, "kind": "AuraService", "metadata": {"name": name}}
    cluster.apply({**about, "spec": SERVICE}, namespace=NAMESPACE)
    return Key("AuraService", NAMESPACE, name)


def conditions(cluster: Cluster, name: str) -> dict[str, dict[str, str]]:
    found = cluster.get("auraservice", name, "-n", NAMESPACE).get("status", {}).get("conditions", [])
    return {one["type"]: one for one in found}


@pytest.mark.parametrize(
    ("error", "reason", "said"),
    [
        (KeyError("host"), "ReconcileError", "KeyError: 'host'"),
        (OverflowError("date value out of range"), "ReconcileError", "OverflowError: date value out of range"),
        (TimeoutError(), "ReconcileError", "no answer in time"),
        (ValueError("half \ud83d a character"), "ReconcileError", "half ? a character"),
        (RuntimeError("x" * 100_000), "ReconcileError", "RuntimeError: xxx"),
        (Unreachable("GET /apis failed 6 times: 503"), "APIServerUnavailable", "503"),
        (ApiError(500, "duplicate entries for key"), "Refused", "duplicate entries for key"),
        (ApiError(403, "forbidden: exceeded quota"), "Refused", "exceeded quota"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_an_exception_becomes_a_condition_and_ends_with_its_cause(
    definitions: Cluster, api: Client, error: Exception, reason: str, said: str
) -> None:
    name = f"fails-{type(error).__name__.lower()}-{getattr(error, 'status', 0)}"
    key, scripted = create(definitions, name), Scripted(error)
    scripted.go_on.set()
    loop = ReconcileLoop(AURA_SERVICE, api, scripted, 60)
    if isinstance(error, ApiError):
        await loop.reconcile(key)
    else:
        with pytest.raises(type(error)):
            await loop.reconcile(key)
    found = conditions(definitions, name)
    assert (found["Ready"]["status"], found["Ready"]["reason"]) == ("False", reason)
    assert (found["Degraded"]["status"], found["Degraded"]["observedGeneration"]) == ("True", 1)
    assert said in found["Degraded"]["message"]
    scripted.outcome = Result([good("A", "Fine", "fine")], {})
    await loop.reconcile(key)
    found = conditions(definitions, name)
    assert found["Ready"]["status"] == "True"
    assert "Reconciled" not in found


async def test_a_reason_of_another_controller_that_the_schema_refuses_is_made_a_word(
    definitions: Cluster, api: Client
) -> None:
    scripted = Scripted(Result([broken("A", "2 words, with-dash", "")], {}))
    scripted.go_on.set()
    await ReconcileLoop(AURA_SERVICE, api, scripted, 60).reconcile(create(definitions, "reason"))
    assert conditions(definitions, "reason")["Ready"]["reason"] == "wordswithdash"


async def test_a_reconcile_that_takes_long_says_so_meanwhile(definitions: Cluster, api: Client) -> None:
    key, scripted = create(definitions, "slow"), Scripted()
    running = asyncio.create_task(ReconcileLoop(AURA_SERVICE, api, scripted, 60).reconcile(key))
    found = await asyncio.to_thread(
        definitions.until, lambda: conditions(definitions, "slow").get("Ready", {}).get("reason"), 60
    )
    assert found == "Reconciling"
    assert not running.done()
    scripted.go_on.set()
    await running
    assert conditions(definitions, "slow")["Ready"]["status"] == "True"


async def test_an_object_that_is_gone_at_every_attempt_is_told(definitions: Cluster, api: Client) -> None:
    key, scripted = create(definitions, "gone"), Scripted(ApiError(404, "namespaces x not found"))
    scripted.go_on.set()
    loop = ReconcileLoop(AURA_SERVICE, api, scripted, 60)
    for _ in range(4):
        await loop.reconcile(key)
    assert conditions(definitions, "gone") == {}
    await loop.reconcile(key)
    assert conditions(definitions, "gone")["Ready"]["reason"] == "Refused"


async def test_what_keeps_a_resource_from_being_deleted_is_told(definitions: Cluster, api: Client) -> None:
    key, scripted = create(definitions, "leaving"), Scripted(RuntimeError("Kafka is away"))
    patch = '{"metadata": {"finalizers": ["aura.test/kept"]}}'
    definitions.kubectl("patch", "auraservice", "leaving", "-n", NAMESPACE, "--type=merge", "-p", patch)
    definitions.kubectl("delete", "auraservice", "leaving", "-n", NAMESPACE, "--wait=false")
    loop = ReconcileLoop(AURA_SERVICE, api, scripted, 60)
    with pytest.raises(RuntimeError):
        await loop.reconcile(key)
    found = conditions(definitions, "leaving")["Finalized"]
    assert (found["status"], "Kafka is away" in found["message"]) == ("False", True)
    patch = '{"metadata": {"finalizers": null}}'
    definitions.kubectl("patch", "auraservice", "leaving", "-n", NAMESPACE, "--type=merge", "-p", patch)


async def test_an_apply_that_the_api_server_answers_with_500_is_a_refusal(definitions: Cluster, api: Client) -> None:
    twice = [{"name": "HOST", "value": "one"}, {"name": "HOST", "value": "two"}]
    template = {
        "metadata": {"labels": {"app": "twice"}},
        "spec": {"containers": [{"name": "main", "image": "aura-local/sh:1", "env": twice}]},
    }
    manifest = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "twice", "namespace": NAMESPACE},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "twice"}}, "template": template},
    }
    with pytest.raises(ApiError, match="duplicate entries for key"):
        await api.apply(DEPLOYMENT, manifest)


async def test_text_of_any_kind_is_applied_as_it_is_and_a_lone_surrogate_refused(
    definitions: Cluster, api: Client
) -> None:
    odd = "😀 é \t\n \x7f \x85 \x9f \u2028 \u2029 \ufeff \uffff \\ud83d"
    manifest = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "odd", "namespace": NAMESPACE, "annotations": {"example.com/odd": odd}},
        "spec": {"ports": [{"port": 80}]},
    }
    applied = await api.apply(kinds.SERVICE, manifest)
    assert applied["metadata"]["annotations"]["example.com/odd"] == odd
    manifest["metadata"]["annotations"]["example.com/odd"] = "half \ud83d"
    with pytest.raises(ApiError, match=r"metadata\.annotations\.example\.com/odd holds a lone surrogate"):
        await api.apply(kinds.SERVICE, manifest)
