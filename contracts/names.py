"""Names of custom resources: their form, and those that the platform keeps to itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

NAME_PATTERN = r"^[a-z]([-a-z0-9]*[a-z0-9])?$"
"""A label of RFC 1035, which the name of a Service has to be."""
LONGEST_NAME = 40
"""Names of Pods, and of objects derived from the resource, stay below the 63 characters of a label."""

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=50)]
"""The name of another object."""

_NEED = "needs has this name for what the platform provides"
_PLATFORM = "the platform runs a Deployment of that name"
_DATABASE = "CloudNativePG names a Service of the database timeseries so"
RESERVED_NAMES = {
    "kafka": _NEED,
    "redis": _NEED,
    "opensearch": _NEED,
    "timeseries": _NEED,
    "aws": _NEED,
    "internet": _NEED,
    "operators": _PLATFORM,
    "gateway": _PLATFORM,
    "cloudnativepg": _PLATFORM,
    "timeseries-rw": _DATABASE,
    "timeseries-ro": _DATABASE,
    "timeseries-r": _DATABASE,
    "kubernetes": "KUBERNETES_SERVICE_HOST is the address of the API server in every Pod",
    "migrate": "the container that runs database.migrate has it",
}
"""Names that no AuraService and no BioStream may have, and why."""


def reserved(name: str) -> str | None:
    """Why a resource cannot have this name, or None."""
    reason = RESERVED_NAMES.get(name)
    return f"the name {name} is reserved: {reason}; choose another one" if reason else None
