"""Which of several operators acts: the holder of a Lease, by the rules of client-go's leader election. Pure.

A clock of ours measures how long the Lease has not changed; the times written in it are never compared with it, so
that clocks may differ. The holder stops itself before anybody else may begin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LEASE_SECONDS = 15
RENEW_SECONDS = 2.0
GIVE_UP_SECONDS = 10.0
"""A holder that could not renew for so long ends: well before LEASE_SECONDS, when another may take over."""


@dataclass(frozen=True)
class Seen:
    """A Lease's version and when, on our monotonic clock in seconds, it was first seen."""

    version: str
    at: float


def may_take(lease: Mapping[str, Any], me: str, seen: Seen, now: float) -> bool:
    """Whether the Lease is ours, nobody's, or its holder has been silent for longer than it promised to be."""
    spec = lease.get("spec") or {}
    holder = spec.get("holderIdentity") or ""
    return holder in ("", me) or now - seen.at > spec.get("leaseDurationSeconds", LEASE_SECONDS)


def taken(lease: Mapping[str, Any], me: str, now: datetime) -> dict[str, Any]:
    """The Lease as `me` holds it from `now` on; one given up has no holder."""
    spec = dict(lease.get("spec") or {})
    moment = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if me and spec.get("holderIdentity") != me:
        spec |= {"acquireTime": moment, "leaseTransitions": spec.get("leaseTransitions", 0) + 1}
    spec |= {"holderIdentity": me, "renewTime": moment, "leaseDurationSeconds": LEASE_SECONDS}
    return {**lease, "spec": spec}
