"""Support has one endpoint for all regions: its cases are in us-east-1, from wherever they are asked for."""

from __future__ import annotations

from typing import Any

from moto.support.models import support_backends
from moto.support.responses import SupportResponse

from local.cloud.context import ACCOUNT


def install() -> None:
    """Replaces a property of moto's class."""
    setattr(SupportResponse, "support_backend", property(_backend))  # noqa: B010


def _backend(_: Any) -> Any:
    return support_backends[ACCOUNT]["us-east-1"]
