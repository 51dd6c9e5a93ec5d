"""What must never happen, as pure functions: a promotion without a fence, or with a loss that nobody accepted."""

from __future__ import annotations

from contracts.lease import Lease, expired, expires_at
from contracts.recovery_point import Loss, exceeds, phrase


def fence_missing(lease: Lease | None, now: float, execution: str, stopped: bool = False) -> str | None:
    """Why another writer may still exist; None once there is none.

    `now` is the witness's clock in Unix seconds. `stopped`: every writer of the lease's region was seen to have
    stopped under this fence; otherwise its term must have passed.
    """
    if lease is None:
        return "there is no lease at the witness"
    if lease.fenced_by != execution:
        return f"the lease (epoch {lease.epoch}) is {_holder(lease)}"
    if stopped or expired(lease, now):
        return None
    return f"{expires_at(lease) - now:.0f} s until the term of {lease.region} has passed"


def promotion_refused(fence: str | None, proof_missing: str | None, loss: Loss, accepted: Loss | None) -> str | None:
    """Why a store must not be promoted now; None when it may.

    `loss` is what would be lost as measured now, `accepted` what a person typed to accept.
    """
    if fence:
        return f"not fenced: {fence}"
    if proof_missing is None:
        return None
    if accepted is None:
        return f"no proof that nothing is lost ({proof_missing}), and nobody accepted to {phrase(loss)}"
    if more := exceeds(loss, accepted):
        return f"what would be lost has grown beyond what was accepted: {more}"
    return None


def _holder(lease: Lease) -> str:
    return f"fenced by {lease.fenced_by}" if lease.fenced_by else f"held by {lease.holder} of {lease.region}"
