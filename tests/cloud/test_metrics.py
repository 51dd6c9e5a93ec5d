"""Data points of our own services in CloudWatch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends

from local.cloud.context import ACCOUNT
from local.cloud.metrics import put
from local.cloud.metrics.publishing import KEPT

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = NOW.replace(hour=0, tzinfo=None)  # moto has none
REGION = "eu-north-1"


@pytest.fixture
def backend() -> Iterator[CloudWatchBackend]:
    made = cloudwatch_backends[ACCOUNT][REGION]
    yield made
    made.reset()


def values(backend: CloudWatchBackend, **dimensions: str) -> list[float]:
    named = [{"Name": key, "Value": dimensions[key]} for key in sorted(dimensions)]
    period = {"start_time": DAY, "end_time": DAY + timedelta(days=1), "period": 60}
    found = backend.get_metric_statistics("AWS/Test", "Lag", **period, stats=["Average"], unit=None, dimensions=named)
    return [float(one.average) for one in found if one.average is not None]


def test_a_point_is_returned_by_its_dimensions(backend: CloudWatchBackend) -> None:
    put(REGION, "AWS/Test", "Lag", {"Group": "a", "Cluster": "x"}, 0.25, NOW)
    put(REGION, "AWS/Test", "Lag", {"Group": "b", "Cluster": "x"}, 4.0, NOW)
    assert values(backend, Cluster="x", Group="a") == [0.25]


def test_points_older_than_three_hours_are_forgotten_and_those_of_others_kept(backend: CloudWatchBackend) -> None:
    put(REGION, "AWS/Test", "Lag", {"Group": "a"}, 1.0, NOW - KEPT - timedelta(minutes=1))
    put(REGION, "Mine", "Count", {}, 1.0, NOW - KEPT - timedelta(minutes=1))
    put(REGION, "AWS/Test", "Lag", {"Group": "a"}, 2.0, NOW)
    points: list[Any] = backend.metric_data
    assert [(point.namespace, point.value) for point in points] == [("Mine", 1.0), ("AWS/Test", 2.0)]
