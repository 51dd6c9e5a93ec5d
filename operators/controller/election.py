"""Leader election: which of several operators is the leader, by the rules of client-go's leaderelection. Pure.

How long the Lease has not changed is measured on our own clock. The times written in the Lease are never compared with
it, so clocks may differ. The leader stops before another operator may take over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LEASE_DURATION_SECONDS = 15
RETRY_PERIOD_SECONDS = 2.0
RENEW_DEADLINE_SECONDS = 10.0
"""A leader that could not renew for so long stops: well before LEASE_DURATION_SECONDS, when another may take over."""


@dataclass(frozen=True)
class ObservedLease:
    """A Lease's resourceVersion and when it was first observed, in seconds of our monotonic clock."""

    version: str
    at: float


def may_acquire(lease: Mapping[str, Any], identity: str, observed: ObservedLease, now: float) -> bool:
    """Whether the Lease is ours, has no holder, or was not renewed within its own leaseDurationSeconds."""
    spec = lease.get("spec") or {}
    holder = spec.get("holderIdentity") or ""
    return holder in ("", identity) or now - observed.at > spec.get("leaseDurationSeconds", LEASE_DURATION_SECONDS)


def claimed(lease: Mapping[str, Any], identity: str, now: datetime) -> dict[str, Any]:
    """The Lease as `identity` holds it from `now` on; "" releases it."""
    spec = dict(lease.get("spec") or {})
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if identity and spec.get("holderIdentity") != identity:
        spec |= {"acquireTime": moment, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
    spec |= {"holderIdentity": identity, "renewTime": moment, "leaseDurationSeconds": LEASE_DURATION_SECONDS}
    return {**lease, "spec": spec}
