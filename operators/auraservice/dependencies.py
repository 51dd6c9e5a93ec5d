"""Resolved dependencies of a service: what its objects depend on besides its spec. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.auraservice import AuraServiceSpec
from contracts.region_state import REGION_SERVICE
from contracts.store_topology import STORE
from contracts.variables import INTERNET, PLATFORM_NEEDS, TIMESERIES
from operators.kubernetes.conditions import Finding, broken, good, waiting
from operators.kubernetes.pods import authority_secret
from operators.kubernetes.services import Address

TIMESERIES_CLUSTER = STORE
"""Of CloudNativePG, with its Secrets."""
TIMESERIES_SECRET = f"{TIMESERIES_CLUSTER}-app"

NEEDS_MET = "NeedsMet"


@dataclass(frozen=True)
class Dependencies:
    """`config` is the region's configuration; `services` has None for one that cannot be addressed; `timeseries` is a
    digest of the database's Secret, None without that or without the one of its authority."""

    config: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Address | None] = field(default_factory=dict)
    timeseries: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Variable -> value, DATABASE_URL included: the content of the service's Secret."""
    served: frozenset[tuple[str, str]] = frozenset()
    """(apiVersion, kind) that the cluster serves."""
    passive: bool = False
    """Whether this region is the passive one."""
    aws: int = 443
    """The port of the AWS endpoint."""
    leased: bool = False
    """Whether the Pods have to ask for their region's state: there is a lease, and they are not those who answer."""
    opensearch: int = 443
    """The port of the region's domain."""

    @property
    def region(self) -> Address | None:
        """Where they ask."""
        return self.services.get(REGION_SERVICE) if self.leased else None


def all_needs(spec: AuraServiceSpec, leased: bool) -> list[str]:
    """Those that it declares and, in a stack with a passive region, the service that knows the region's state."""
    return list(dict.fromkeys([*spec.needs, *([REGION_SERVICE] if leased else [])]))


def needs_met(spec: AuraServiceSpec, dependencies: Dependencies) -> Finding:
    """Whether everything in `needs` is resolved, so that the Pods' variables are complete."""
    missing = [need for need in all_needs(spec, dependencies.leased) if not _is_met(need, dependencies)]
    if not missing:
        return good(NEEDS_MET, "Found", "everything needed can be reached" if spec.needs else "nothing is needed")
    need = missing[0]
    if variable := PLATFORM_NEEDS.get(need):
        return waiting(
            NEEDS_MET,
            "NotConfigured",
            f"needs {need}, but neither ConfigMap nor Secret aura-platform has {variable} yet",
        )
    if need == TIMESERIES:
        message = (
            f"needs {need}, but Secret {TIMESERIES_SECRET} or {authority_secret(TIMESERIES_CLUSTER)} does not exist"
        )
        return waiting(NEEDS_MET, "DatabaseMissing", f"{message} yet")
    if need in dependencies.services:
        message = f"needs {need}, but the Service of that name has no cluster IP or no port: it is headless or an"
        return broken(NEEDS_MET, "ServiceUnusable", f"{message} ExternalName; give it both, or leave the need out")
    return waiting(NEEDS_MET, "ServiceMissing", f"needs {need}, but no Service of that name exists yet")


def _is_met(need: str, dependencies: Dependencies) -> bool:
    if variable := PLATFORM_NEEDS.get(need):
        return bool(dependencies.config.get(variable))
    if need == INTERNET:
        return True
    return dependencies.timeseries is not None if need == TIMESERIES else dependencies.services.get(need) is not None
