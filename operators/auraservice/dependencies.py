"""What the objects of a service depend on besides its spec: gathered by the wiring, read by the pure modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.auraservice import AuraServiceSpec
from contracts.platform import KAFKA_BOOTSTRAP, REDIS_URL
from operators.kubernetes.conditions import Finding, good, waiting

CONFIGURED = {"kafka": KAFKA_BOOTSTRAP, "redis": REDIS_URL}
"""Needs that the ConfigMap of the platform answers, with the variable that must be in it."""
TIMESERIES = "timeseries"
TIMESERIES_SECRET = "timeseries-app"
TIMESERIES_URL = "TIMESERIES_URL"

NEEDS = "NeedsMet"


@dataclass(frozen=True)
class Address:
    """Where a Service of the cluster is."""

    host: str
    port: int


@dataclass(frozen=True)
class Surroundings:
    """`config` is the platform's ConfigMap; `timeseries` names the version of its Secret, None where there is none."""

    config: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Address] = field(default_factory=dict)
    timeseries: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Variable -> value, DATABASE_URL included: what goes into the service's Secret."""
    served: frozenset[tuple[str, str]] = frozenset()
    """(apiVersion, kind) that the cluster has."""
    passive: bool = False
    """This region is the one that waits."""


def needs_met(spec: AuraServiceSpec, around: Surroundings) -> Finding:
    """Whether everything in `needs` can be reached, so that the Pods' variables are complete."""
    missing = [need for need in spec.needs if not _met(need, around)]
    if not missing:
        return good(NEEDS, "Found", "everything needed can be reached" if spec.needs else "nothing is needed")
    need = missing[0]
    if variable := CONFIGURED.get(need):
        return waiting(NEEDS, "NotConfigured", f"needs {need}, but ConfigMap aura-platform has no {variable} yet")
    if need == TIMESERIES:
        return waiting(NEEDS, "DatabaseMissing", f"needs {need}, but there is no Secret {TIMESERIES_SECRET} yet")
    return waiting(NEEDS, "ServiceMissing", f"needs {need}, but there is no Service of that name yet")


def _met(need: str, around: Surroundings) -> bool:
    if variable := CONFIGURED.get(need):
        return bool(around.config.get(variable))
    return around.timeseries is not None if need == TIMESERIES else need in around.services
