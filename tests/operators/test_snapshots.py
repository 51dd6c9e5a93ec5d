"""What the operator says about the snapshots of a stream's state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from dataflows.biosync import metrics
from operators.adapters.dataflow.snapshots import ORIGIN, TIME, SnapshotSample, parse_snapshots
from operators.biostream.desired import desired
from operators.biostream.snapshots import LATE, snapshot_finding
from operators.kubernetes.conditions import State
from operators.kubernetes.manifest import Owner
from tests.operators.samples import stream, stream_dependencies

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWNER = Owner("BioStream", "aura", "bio-sync", "11111111-2222-3333-4444-555555555555")


def sample(*ages: float, up: float = 3600, **origins: int) -> SnapshotSample:
    """Of a Pod that started `up` seconds ago."""
    taken = {str(i): NOW - timedelta(seconds=age) for i, age in enumerate(ages)}
    return SnapshotSample(taken, origins, NOW - timedelta(seconds=up))


@pytest.mark.parametrize(
    ("found", "state", "reason", "says"),
    [
        (None, State.WAITING, "Unknown", "nobody has said"),
        (sample(1, 2, up=3, topic=2), State.GOOD, "Moving", "1 of 3 partitions are on their way"),
        (sample(1, 2, up=9000, topic=2), State.GOOD, "Moving", "1 of 3 partitions are on their way"),
        (sample(1, 400, up=9000, topic=2), State.BROKEN, "SnapshotLate", "partition 1 since 2025-12-31T23:53:20Z"),
        (sample(1, 9000, 7000, up=300, snapshot=3), State.GOOD, "Due", "due by 2026-01-01T00:00:00Z"),
        (sample(1, 9000, 7000, up=301, snapshot=3), State.BROKEN, "SnapshotLate", "partition 1 since 2025-12-31T21:30"),
        (
            sample(1, 2, 300, local=2, topic=1),
            State.GOOD,
            "Snapshotted",
            "of 2 from the local disk, of 1 from the records",
        ),
        (sample(1, 301, 400, snapshot=3), State.BROKEN, "SnapshotLate", "partition 2 since 2025-12-31T23:53:20Z"),
    ],
)
def test_a_partition_without_a_snapshot_of_the_last_five_minutes_degrades_the_stream(
    found: SnapshotSample | None, state: State, reason: str, says: str
) -> None:
    finding = snapshot_finding("s3://states/aura/bio-sync/", found, 3, NOW)
    assert (finding.type, finding.state, finding.reason) == ("StateSnapshotted", state, reason)
    assert says in finding.message and "s3://states/aura/bio-sync/" in finding.message
    assert timedelta(minutes=5) == LATE


def test_the_sample_is_read_from_the_metrics_of_the_dataflow() -> None:
    class Exposed:
        def collect(self) -> list[GaugeMetricFamily]:
            taken = GaugeMetricFamily(TIME, "", labels=["partition"])
            taken.add_metric(["0"], NOW.timestamp())
            taken.add_metric(["1"], NOW.timestamp() - 40)
            origin = GaugeMetricFamily(ORIGIN, "", labels=["partition", "origin"])
            for partition, name in [("0", "local"), ("1", "snapshot"), ("2", "local")]:
                origin.add_metric([partition, name], 1)
            return [taken, origin]

    registry = CollectorRegistry()
    registry.register(Exposed())  # pyright: ignore[reportArgumentType]
    found = parse_snapshots([generate_latest(registry).decode()], NOW)
    assert found.oldest == NOW - timedelta(seconds=40)
    assert found.origins == {"local": 2, "snapshot": 1}
    assert {TIME, ORIGIN} == {metrics.STATE_TIME._name, metrics.STATE_ORIGIN._name}
    assert parse_snapshots([""], NOW).oldest is None


@pytest.mark.parametrize("port", [None, 443, 4566])
def test_a_dataflow_with_a_bucket_reaches_it_and_has_keys_of_its_own(port: int | None) -> None:
    objects = {one["kind"]: one for one in desired(OWNER, stream(), stream_dependencies(aws=port))}
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "STATE_PREFIX", "value": "aura/bio-sync"} in container["env"]
    ports = [rule["ports"][0]["port"] for rule in objects["NetworkPolicy"]["spec"]["egress"] if "ports" in rule]
    assert (port in ports) == (80 in ports) == (port is not None)
