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
    backend = cloudwatch_backends[ACCOUNT][region]
    backend.metric_data[:] = [point for point in backend.metric_data if _is_kept(point, namespace, time)]
    named = [{"Name": key, "Value": dimensions[key]} for key in sorted(dimensions)]
    backend.put_metric_data(
        namespace, [{"MetricName": name, "Dimensions": named, "Value": value, "Timestamp": time, "Unit": "None"}]
    )


def _is_kept(point: Any, namespace: str, now: datetime) -> bool:
    """Points of other namespaces are those of their callers."""
    if point.namespace != namespace:
        return True
    at: datetime = point.timestamp  # moto's of a request may have no zone
    return now - at.replace(tzinfo=at.tzinfo or UTC) <= KEPT
