"""A broken custom resource is refused at `kubectl apply`, with an error that names the field."""

from __future__ import annotations

import pytest
import yaml

from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def applied(platform: Platform, kind: str, name: str, change: dict) -> str:
    """kubectl's output for the running resource with `change` merged into its spec, under another name."""
    resource = platform.get(kind, "-n", "aura", name)
    spec = resource["spec"]
    for path, value in change.items():
        *parents, last = path.split(".")
        place = spec
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    manifest = {
        "apiVersion": resource["apiVersion"],
        "kind": resource["kind"],
        "metadata": {"name": f"{name}-broken", "namespace": "aura"},
        "spec": spec,
    }
    return platform.kubectl("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(manifest), check=False)


@pytest.mark.parametrize(
    ("kind", "name", "field", "value"),
    [
        ("biostream", "bio-sync", "source.partitions", -1),
        ("biostream", "bio-sync", "source.retention", "soon"),
        ("biostream", "bio-sync", "hrv.window", 60),
        ("biostream", "bio-sync", "stress.hrvDrop", "perhaps"),
        ("biostream", "bio-sync", "hrv.every", "7s"),
        ("biostream", "bio-sync", "cleanse.minRR", "3s"),
        ("biostream", "bio-sync", "deadLetter.topic", "bio-sensor-raw"),
        ("biostream", "bio-sync", "events.topic", "bio-sensor-raw"),
        ("biostream", "bio-sync", "sink.chunk", "91d"),
        ("auraservice", "ingest", "replicas.min", "two"),
        ("auraservice", "ingest", "ports", 8080),
        ("auraservice", "ingest", "replica", {"min": 1}),
    ],
)
def test_a_bad_field_is_named(platform: Platform, kind: str, name: str, field: str, value: object) -> None:
    output = applied(platform, kind, name, {field: value})
    assert "created (server dry run)" not in output
    assert field.split(".")[-1] in output, output


def test_the_unbroken_resource_is_accepted(platform: Platform) -> None:
    assert "created (server dry run)" in applied(platform, "biostream", "bio-sync", {})
