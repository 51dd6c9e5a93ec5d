"""Timestamps in the formats of Kubernetes."""

from __future__ import annotations

import datetime


def timestamp(unix: float) -> str:
    """RFC 3339 with whole seconds, as in "2025-05-01T12:00:00Z"."""
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(unix: float) -> str:
    """RFC 3339 with microseconds, the MicroTime of Leases."""
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
