"""What the API server itself refuses, with messages that name the field."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml

from contracts.biostream import BioStreamSpec
from contracts.resource import API_VERSION
from dataflows.biosync.signal.spec import rules_from_spec
from tests.fixtures.cluster import Cluster
from tests.operators.conftest import MANIFESTS
from tests.operators.samples import SERVICE, STREAM

pytestmark = pytest.mark.integration
_ROUTE = {"host": "api.aurawellness.com", "path": "/v1/x", "auth": "none"}


def submit(cluster: Cluster, kind: str, spec: dict[str, Any], name: str = "refused") -> str:
    about = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name, "namespace": "default"}}
    return cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump({**about, "spec": spec}), check=False)


def accepts(cluster: Cluster, specs: dict[str, dict[str, Any]]) -> set[str]:
    """Names of the BioStreams that would be accepted."""
    streams = [
        {"apiVersion": API_VERSION, "kind": "BioStream", "metadata": {"name": f"dry-{name}"}, "spec": spec}
        for name, spec in specs.items()
    ]
    text = yaml.safe_dump_all(streams)
    output = cluster.kubectl("create", "--dry-run=server", "-n", "default", "-f", "-", stdin=text, check=False)
    return set(re.findall(r"/dry-(\S+) created \(server dry run\)", output))


def changed(spec: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(spec)
    *parents, last = path.split(".")
    node = result
    for parent in parents:
        node = node.setdefault(parent, {})
    node[last] = value
    return result


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("image", 7, "spec.image"),
        ("image", "Not An Image", "spec.image"),
        ("imagge", "x", "spec.imagge"),
        ("replicas.min", -1, "spec.replicas.min"),
        ("replicas.min", 9, "spec.replicas.min"),
        ("replicas.targetCPUPercent", 101, "spec.replicas.targetCPUPercent"),
        ("placement", "moon", "spec.placement"),
        ("ports", {"http": 80}, "spec.ports.http"),
        ("ports", {"grpc": 9090}, "spec.ports"),
        ("ports", {"http": 8080, "Bad_Name": 9000}, "spec.ports"),
        ("env", {"lower": "x"}, "spec.env"),
        ("objectives.latencyP99", "fast", "spec.objectives.latencyP99"),
        ("objectives.availability", 100, "spec.objectives.availability"),
        ("secrets", {"KEY": "has space"}, "spec.secrets.KEY"),
        ("database", {"instance": "users", "name": "drop table"}, "spec.database.name"),
        ("routes", [_ROUTE | {"path": "v1"}], "spec.routes[0].path"),
        ("routes", [_ROUTE | {"port": "grpc"}], "spec.routes"),
        ("routes", [_ROUTE | {"rateLimit": {"perMinute": 10, "by": "user"}}], "spec.routes[0].rateLimit"),
    ],
)
def test_broken_services_are_refused(definitions: Cluster, path: str, value: Any, field: str) -> None:
    output = submit(definitions, "AuraService", changed(SERVICE, path, value))
    assert field in output
    assert "created" not in output


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("source.partitions", -1, "spec.source.partitions"),
        ("source.partitions", "many", "spec.source.partitions"),
        ("source.retention", "24 hours", "spec.source.retention"),
        ("source.topic", "a b", "spec.source.topic"),
        ("hrv.window", "60", "spec.hrv.window"),
        ("hrv.windw", "60s", "spec.hrv.windw"),
        ("stress.hrvDrop", "maybe", "spec.stress.hrvDrop"),
        ("stress.sustain", "-30s", "spec.stress.sustain"),
        ("cleanse.maxStep", 1.5, "spec.cleanse.maxStep"),
        ("dataflow.replicas", {"min": 3, "max": 1}, "spec.dataflow.replicas.min"),
        ("deletionPolicy", "Perhaps", "spec.deletionPolicy"),
        ("response.path", "no-slash", "spec.response.path"),
        ("hrv.every", "2m", "spec.hrv.every"),
        ("hrv.window", "55s", "spec.hrv.every"),
        ("hrv", {"window": "1m", "every": "4999ms"}, "spec.hrv.every"),
        ("cleanse.minRR", "2s", "spec.cleanse.minRR"),
        ("cleanse", {"minRR": "1s", "maxRR": "300ms"}, "spec.cleanse.minRR"),
        ("deadLetter.topic", "raw", "spec.deadLetter.topic"),
        ("deadLetter.topic", "stress-events", "spec.events.topic"),
        ("events.topic", "raw", "spec.events.topic"),
        ("events.topic", "dead", "spec.events.topic"),
        ("sink.retention", "30m", "spec.sink.chunk"),
        ("sink.retention", "3650d", "spec.sink.chunk"),  # 87,600 tables
        ("sink", {"database": "timeseries", "chunk": "10m", "retention": "50001m"}, "spec.sink.chunk"),
        ("sink.chunk", "91d", "spec.sink.chunk"),
    ],
)
def test_broken_streams_are_refused(definitions: Cluster, path: str, value: Any, field: str) -> None:
    output = submit(definitions, "BioStream", changed(STREAM, path, value))
    assert field in output
    assert "created" not in output


def test_windows_are_refused_exactly_where_the_dataflow_refuses_them(definitions: Cluster) -> None:
    """In different units, and with one of the two left to its default."""
    written = ["5s", "5000ms", "4999ms", "7s", "10s", "25s", "1m", "60s", "90s", "120000ms", "1h", "24h", "1d", "2d"]
    pairs = [({"window": w} if w else {}) | ({"every": e} if e else {}) for w in ["", *written] for e in ["", *written]]
    specs = {f"n-{number}": changed(STREAM, "hrv", hrv) for number, hrv in enumerate(pairs)}
    accepted = accepts(definitions, specs)
    for name, spec in specs.items():
        try:
            rules_from_spec(BioStreamSpec.model_validate(spec))
        except ValueError:
            assert name not in accepted, spec["hrv"]
        else:
            assert name in accepted, spec["hrv"]


def test_a_malformed_duration_is_reported_once(definitions: Cluster) -> None:
    output = submit(definitions, "BioStream", changed(STREAM, "hrv.window", "an hour"))
    assert "spec.hrv.window" in output
    assert "spec.hrv:" not in output
    assert "spec.hrv.every" not in output


def test_streams_of_the_manifests_are_accepted(definitions: Cluster) -> None:
    written = [one for file in MANIFESTS.rglob("*.yaml") for one in yaml.safe_load_all(file.read_text())]
    specs = {one["metadata"]["name"]: one["spec"] for one in written if one.get("kind") == "BioStream"}
    assert specs
    assert accepts(definitions, specs) == specs.keys()


def test_changes_that_would_lose_data_are_refused(definitions: Cluster) -> None:
    service = SERVICE | {"database": {"instance": "users", "name": "users"}}
    assert "created" in submit(definitions, "AuraService", service, "kept")
    assert "created" in submit(definitions, "BioStream", STREAM, "kept")
    try:
        renamed = submit(definitions, "AuraService", changed(service, "database.name", "others"), "kept")
        assert "spec.database.name" in renamed
        for path, value in [
            ("source.partitions", 3),
            ("source.topic", "other"),
            ("deadLetter.topic", "other"),
            ("sink.database", "other"),
            ("sink.chunk", "2h"),
        ]:
            assert f"spec.{path}" in submit(definitions, "BioStream", changed(STREAM, path, value), "kept")
        assert "configured" in submit(definitions, "BioStream", changed(STREAM, "source.partitions", 5), "kept")
    finally:
        definitions.kubectl("delete", "auraservice/kept", "biostream/kept", "-n", "default")


def test_kubectl_explain_shows_descriptions(definitions: Cluster) -> None:
    output = definitions.kubectl("explain", "biostream.spec.source.partitions")
    assert "may grow, never shrink" in output
