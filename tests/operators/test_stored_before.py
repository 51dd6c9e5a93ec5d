"""Resources that were stored before a rule of the schema existed: their status says so, and it can be written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from contracts import crd
from contracts.resource import API_VERSION, PAUSED
from tests.operators.conftest import MANIFESTS, Installation
from tests.operators.samples import SERVICE, STREAM
from tests.operators.test_auraservice_on_cluster import SPEC
from tests.operators.test_refusals import changed, submit

pytestmark = pytest.mark.integration
_RULES = ("x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys", "pattern", "maxLength")
RESOURCES: dict[tuple[str, str], dict[str, Any]] = {
    ("AuraService", "stored"): SPEC | {"env": {"HOST": "0.0.0.0"}, "needs": ["redis"]},
    ("AuraService", "redis"): SPEC | {"secrets": {}},
    ("BioStream", "stored"): changed(STREAM, "sink.retention", "999999d"),
}


def without_rules(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: without_rules(value) for key, value in node.items() if key not in _RULES}
    return [without_rules(item) for item in node] if isinstance(node, list) else node


def created(installation: Installation, kind: str, name: str, spec: dict[str, Any]) -> bool:
    """Whether the API server, which learns of a changed definition with delay, took the resource."""
    resource = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
    return "created" in installation.kubectl("create", "-f", "-", stdin=yaml.safe_dump(resource), check=False)


@pytest.fixture(scope="module")
def stored(installation: Installation) -> Iterator[Installation]:
    """The resources, created under a schema without rules that was then replaced by that of today."""
    cluster = installation.cluster
    permissive = [without_rules(crd.definition(kind)) for kind in crd.KINDS]
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(permissive))
    try:
        for (kind, name), declared in RESOURCES.items():
            spec = installation.with_own_secrets(name, declared)
            cluster.until(lambda kind=kind, name=name, spec=spec: created(installation, kind, name, spec))
    finally:
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(MANIFESTS / "crds"))
    cluster.until(lambda: "HOST" in submit(cluster, "AuraService", SERVICE | {"env": {"HOST": "x"}}))
    cluster.until(lambda: "3650d" in submit(cluster, "BioStream", RESOURCES["BioStream", "stored"]))
    yield installation
    for kind, name in RESOURCES:
        installation.kubectl("delete", kind.lower(), name, "--wait=false")


def status_written_now(installation: Installation, kind: str, name: str) -> dict[str, dict[str, Any]]:
    """The conditions after a change of the status under today's schema."""
    installation.kubectl("annotate", kind, name, f"{PAUSED}=true")
    installation.until_reason(kind, name, "Paused", "PausedByAnnotation")
    installation.kubectl("annotate", kind, name, f"{PAUSED}-")
    installation.cluster.until(lambda: "Paused" not in installation.conditions(kind, name), 30)
    return installation.conditions(kind, name)


@pytest.mark.parametrize(
    ("kind", "words"), [("auraservice", "env sets a variable that the platform sets: HOST"), ("biostream", "3650d")]
)
def test_the_status_names_what_is_no_longer_accepted(stored: Installation, kind: str, words: str) -> None:
    found = status_written_now(stored, kind, "stored")
    assert (found["Ready"]["status"], found["Ready"]["reason"]) == ("False", "InvalidSpec")
    assert words in found["SpecValid"]["message"]


def test_a_service_with_a_reserved_name_is_reconciled_and_says_so(stored: Installation) -> None:
    found = status_written_now(stored, "auraservice", "redis")
    assert found["NameFree"]["reason"] == "NameReserved"
    assert found["Ready"]["status"] == "False"
    stored.cluster.until(lambda: stored.get("deployment", "redis"), 30)


def test_the_corrected_resource_is_accepted(stored: Installation) -> None:
    stored.kubectl("patch", "auraservice", "stored", "--type=merge", "--patch", '{"spec": {"env": null}}')
    stored.cluster.until(lambda: "SpecValid" not in stored.conditions("auraservice", "stored"), 30)
