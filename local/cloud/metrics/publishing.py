"""Gives CloudWatch a data point, and forgets old ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from local.cloud.context import ACCOUNT

KEPT = timedelta(hours=3)
"""How long points are kept: as long as AWS keeps those of less than a minute; all are part of the state on disk."""


def put(region: str, namespace: str, name: str, dimensions: Mapping[str, str], value: float, time: datetime) -> None:
    """Adds a data point of the metric `name`; `time` has a zone. Call in a mutation of the context."""
    backend, at = cloudwatch_backends[ACCOUNT][region], time.astimezone(UTC).replace(tzinfo=None)  # as moto's are
    backend.metric_data[:] = [point for point in backend.metric_data if _is_kept(point, namespace, at)]
    named = [{"Name": key, "Value": dimensions[key]} for key in sorted(dimensions)]
    backend.put_metric_data(
        namespace, [{"MetricName": name, "Dimensions": named, "Value": value, "Timestamp": at, "Unit": "None"}]
    )


def _is_kept(point: Any, namespace: str, now: datetime) -> bool:
    """Points of other namespaces are those of their callers."""
    return point.namespace != namespace or now - point.timestamp <= KEPT
