"""Metrics that this cloud measures itself, among those that moto's CloudWatch answers with.

They are kept in memory for as long as CloudWatch keeps data points of less than a minute, and are gone when the
endpoint ends.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import MetricDatum
from moto.core.common_models import CloudWatchMetricProvider

KEPT = timedelta(hours=3)
_DIMENSIONS = {"AWS/RDS": "DBInstanceIdentifier"}
"""Namespace -> the dimension that names the resource."""


@dataclass(frozen=True)
class Measure:
    namespace: str
    metric: str
    resource: str
    """Value of the namespace's dimension."""
    value: float
    unit: str


_points: dict[str, deque[tuple[datetime, Measure]]] = {}
"""By region, the oldest first."""
_lock = threading.Lock()


def record(region: str, measure: Measure, at: datetime) -> None:
    with _lock:
        points = _points.setdefault(region, deque())
        points.append((at, measure))
        while points[0][0] < at - KEPT:
            points.popleft()


class Measured(CloudWatchMetricProvider):
    """moto asks every subclass of its provider."""

    @staticmethod
    def get_cloudwatch_metrics(account_id: str, region: str) -> Any:
        with _lock:
            points = list(_points.get(region, ()))
        return [_datum(at, measure) for at, measure in points]


def _datum(at: datetime, measure: Measure) -> Any:
    dimension = {"Name": _DIMENSIONS[measure.namespace], "Value": measure.resource}
    moment = at.astimezone(UTC).replace(tzinfo=None)  # as moto has those that it is given
    return MetricDatum(measure.namespace, measure.metric, measure.value, [dimension], moment, measure.unit)
