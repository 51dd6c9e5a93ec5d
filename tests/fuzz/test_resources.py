"""Custom resources against the API server and running operators: what is accepted gets conditions, what belongs to
someone else stays as it is, and the operators survive."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from contracts.resource import API_VERSION
from local.plugins.kubernetes.cluster import Cluster as Api
from local.plugins.kubernetes.cluster import KubernetesError
from local.plugins.provider.base import ProviderError
from tests.fuzz.campaign import WHOLE, Campaign
from tests.fuzz.values import HOSTILE, mutated
from tests.operators.conftest import NAMESPACE, SIGNING_KEY, Installation

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(7200)]

CONDITIONS_SECONDS = 10.0
"""Until an accepted resource has conditions."""
BATCH = 6
NAMES = ["fuzz-a", "fuzz-b", "fuzz-c", "fuzz-d", "fuzz-taken", "redis", "default", "x" * 63]
SERVICE: dict[str, Any] = {
    "image": "aura/none:1",
    "ports": {"http": 8080},
    "replicas": {"min": 1, "max": 2},
    "placement": "spot",
    "resources": {"cpu": "10m", "memory": "16Mi"},
    "env": {"GREETING": "hello"},
    "needs": ["kafka", "redis"],
    "routes": [{"host": "fuzz.aurawellness.com", "path": "/v1/fuzz", "auth": "jwt", "rateLimit": {"perMinute": 60}}],
    "secrets": {"SIGNING_KEY": "fuzz-a/signing-key"},
    "database": {"instance": "operators", "name": "fuzz"},
    "objectives": {"latencyP99": "250ms", "availability": 99.9},
}
STREAM: dict[str, Any] = {
    "source": {"topic": "fuzz-raw", "partitions": 1, "retention": "24h"},
    "deadLetter": {"topic": "fuzz-dead", "retention": "7d"},
    "events": {"topic": "fuzz-events", "partitions": 1, "retention": "7d"},
    "dataflow": {"image": "aura/none:1", "replicas": {"min": 1, "max": 1}},
    "hrv": {"window": "60s", "every": "10s"},
    "sink": {"database": "timeseries"},
    "response": {"service": "recommend", "path": "/v1/stress-events"},
}


@dataclass(frozen=True)
class Foreign:
    """Objects that no operator made, under names that custom resources may take."""

    api: Api
    before: dict[str, Any]

    def changes(self) -> list[str]:
        return [key for key, object in self.before.items() if _essence(self.api.get(object)) != _essence(object)]


@pytest.fixture
def api(installation: Installation) -> Api:
    """The administrator's."""
    return Api(installation.cluster.kubeconfig.read_text())


@pytest.fixture
def foreign(api: Api, installation: Installation) -> Iterator[Foreign]:
    labels = {"app": "foreign"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "aura/none:1"}]}}
    made = [
        _object("v1", "ConfigMap", "fuzz-taken", data={"whose": "mine"}),
        _object("v1", "Secret", "fuzz-taken", data={"whose": "bWluZQ=="}),
        _object("v1", "Service", "fuzz-taken", spec={"selector": labels, "ports": [{"port": 80}]}),
        _object("v1", "ServiceAccount", "fuzz-taken"),
        _object(
            "apps/v1",
            "Deployment",
            "fuzz-taken",
            spec={"replicas": 0, "selector": {"matchLabels": labels}, "template": pod},
        ),
        _object("v1", "ConfigMap", "foreign-settings", data={"whose": "mine"}),
    ]
    live = {f"{one['kind']} {one['metadata']['name']}": api.apply(one) for one in made}
    yield Foreign(api, live)
    for one in made:
        api.delete(one)


def test_custom_resources(installation: Installation, api: Api, foreign: Foreign) -> None:
    campaign = Campaign.of_environment("resources")
    installation.create_secret("fuzz-a/signing-key", SIGNING_KEY, *NAMES[1:-1])
    operators = installation.running["first"]
    waiting: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
    try:
        for case, chance in campaign.cases():
            _act(campaign, case, chance, api, waiting)
            if len(waiting) >= BATCH or campaign.only is not None:
                _wait_for_conditions(campaign, api, waiting)
                for changed in foreign.changes():
                    campaign.found(case, f"{changed} of another owner was changed or deleted")
            if operators.poll() is not None:
                campaign.found(case, f"the operators ended with {operators.returncode}", installation.log()[-1500:])
                break
        _wait_for_conditions(campaign, api, waiting)
    finally:
        installation.kubectl("delete", "auraservices,biostreams", "--all", "--timeout=60s", check=False)
    for changed in foreign.changes():
        campaign.found(WHOLE, f"{changed} of another owner was changed or deleted with the custom resources")
    if operators.poll() is not None:
        campaign.found(WHOLE, f"the operators ended with {operators.returncode}", installation.log()[-1500:])
    campaign.report()


def _act(
    campaign: Campaign,
    case: int,
    chance: random.Random,
    api: Api,
    waiting: dict[tuple[str, str], tuple[int, dict[str, Any]]],
) -> None:
    kind, valid = chance.choice([("AuraService", SERVICE), ("BioStream", STREAM)])
    name = chance.choice(NAMES if chance.random() < 0.9 else HOSTILE)
    manifest = _object(API_VERSION, kind, name, spec=_spec(chance, kind, valid))
    try:
        if chance.random() < 0.15:
            if api.get(manifest) is not None:
                api.delete(manifest)
            waiting.pop((kind, name), None)
            return
        api.apply(manifest)
        waiting[kind, name] = (case, manifest)
    except (KubernetesError, ProviderError, UnicodeError, ValueError):
        return  # refused, which a server-side apply also says by 500; or no client could send it


def _spec(chance: random.Random, kind: str, valid: dict[str, Any]) -> dict[str, Any]:
    """Valid, or mutated in one to four places; without some of the optional members, as people have it."""
    optional = {"resources", "env", "needs", "routes", "secrets", "database", "objectives", "events", "hrv", "response"}
    spec = {key: item for key, item in valid.items() if key not in optional or chance.random() < 0.5}
    return mutated(chance, spec, chance.choice([0, 1, 1, 2, 4]))


def _wait_for_conditions(
    campaign: Campaign, api: Api, waiting: dict[tuple[str, str], tuple[int, dict[str, Any]]]
) -> None:
    began = time.monotonic()
    while waiting:
        for key, (case, manifest) in list(waiting.items()):
            live, seconds = api.get(manifest), time.monotonic() - began
            if live is None or "deletionTimestamp" in live["metadata"] or _judged(live):
                del waiting[key]
            elif seconds > CONDITIONS_SECONDS:
                detail = f"{_json(manifest)}\n{_json(live.get('status'))}"
                campaign.found(case, f"{key[0]} without conditions for its generation", detail)
                del waiting[key]
        time.sleep(0.2)


def _judged(live: dict[str, Any]) -> bool:
    conditions = live.get("status", {}).get("conditions", [])
    return any(one.get("observedGeneration") == live["metadata"]["generation"] for one in conditions)


def _essence(live: dict[str, Any] | None) -> Any:
    if live is None:
        return None
    return live["metadata"]["uid"], live["metadata"].get("ownerReferences"), live.get("spec"), live.get("data")


def _object(version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **content}


def _json(value: Any) -> str:
    return json.dumps(value)
