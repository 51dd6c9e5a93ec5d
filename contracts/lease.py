"""The lease of the active region: an object of the witness bucket that S3's conditional writes protect. Pure.

One object, LEASE_KEY, says which region may write. Its regions renew it, runbooks hand it over, and every write depends
on what was read before (If-Match, or If-None-Match for the first one): of two writers who read the same, one writes.

Why never two regions hold it, whatever is delayed, repeated or lost:

- A process counts its region as the holder for `term_s` after it *sent* a renewal that was confirmed, by a clock that
  runs on without steps. Everybody else sees that renewal later than it was sent.
- Another region is given the lease when `expired`: SKEW_SECONDS more than `term_s` after `renewed_at`, which covers two
  clocks that are each within CLOCK_TOLERANCE_SECONDS of the witness's. `clock_error` tells a process that its own is
  not, and such a process neither renews nor hands over.
- A lease that was handed over has a new `epoch`, so that no content, and therefore no ETag, ever comes back: a renewal
  that was delayed for an hour fails then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec

from contracts.decoding import of_others
from contracts.platform import RegionRole

LEASE_KEY = "lease/active.json"
TERM_SECONDS = 30.0
"""For how long a confirmed renewal lets a region serve."""
RENEWALS_A_TERM = 3
"""Two in a row may fail: a region renews every 10 s."""
LOOKS_A_TERM = 15
"""Reads without a renewal: a region notices within 2 s that it was fenced, or given the lease."""
CLOCK_TOLERANCE_SECONDS = 2.0
"""Of a process's clock against the witness's; Amazon Time Sync and chrony stay within milliseconds."""
SKEW_SECONDS = 2 * CLOCK_TOLERANCE_SECONDS + 1
"""Between two clocks within that tolerance; the header Date, by which they are compared, has whole seconds."""


class Lease(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which region may write. Fields have the sizes of what writes them, so that an error of theirs shows."""

    region: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    holder: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    """Who wrote last: a process of the region, or the run of a runbook."""
    epoch: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    """Grows by one each time the lease is handed over."""
    renewed_at: Annotated[float, msgspec.Meta(ge=0)]
    """Unix seconds of the holder's clock, before it sent the renewal. Never goes back."""
    term_s: Annotated[float, msgspec.Meta(gt=0, le=3600)]
    fenced_by: Annotated[str, msgspec.Meta(max_length=256)] = ""
    """Who forbade the region to renew: the run of a runbook. Until it is handed over, nobody may write."""


encode = msgspec.json.Encoder().encode
"""A Lease as the bytes of its object."""
decode = of_others(msgspec.json.Decoder(Lease).decode)
"""The Lease of an object's bytes. Raises msgspec.DecodeError."""


class LeaseHeld(Exception):
    """Another region may still be writing; the text says which, until when, and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the witness has, and the ETag to write on with."""

    lease: Lease
    etag: str


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no lease. `deleted`: there was one, of which S3 still has versions (x-amz-delete-marker)."""

    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """To be written with If-Match `etag`; with If-None-Match * if that is None."""

    lease: Lease
    etag: str | None


@dataclass(frozen=True, slots=True)
class Refused:
    """This region may neither serve nor renew. `fenced`: it should serve, or did; otherwise it stands by."""

    fenced: bool
    reason: str


def next_write(
    region: str, role: RegionRole, seen: Found | Missing, holder: str, now: float, term: float = TERM_SECONDS
) -> Write | Refused:
    """What a process of `region` does with what it has read; `now` (Unix seconds) is later than that.

    Once there is a lease it alone decides: a region that it names renews it, also after a pause and whatever its role
    is; one that it does not name never takes it, not even an expired one. Roles decide who takes the first one.
    """
    if isinstance(seen, Missing):
        if seen.deleted:
            return Refused(True, f"the lease was deleted from the witness: restore the last version of {LEASE_KEY}")
        if role is RegionRole.ACTIVE:
            return Write(Lease(region, holder, 1, now, term), None)
        return Refused(False, "no region has taken the lease yet, and this one is the passive one")
    lease = seen.lease
    if lease.region != region:
        returned = "; this region's role is active: exchange the roles in the stack's configuration"
        said = f"{lease.region} has the lease, epoch {lease.epoch}"
        return Refused(role is RegionRole.ACTIVE, said + (returned if role is RegionRole.ACTIVE else ""))
    if lease.fenced_by:
        return Refused(True, f"fenced by {lease.fenced_by}; it hands the lease over, or back")
    return Write(renewed(lease, holder, now), seen.etag)


def renewed(lease: Lease, holder: str, now: float) -> Lease:
    """The term stays: a process may still count on the one that it was given."""
    return msgspec.structs.replace(lease, holder=holder, renewed_at=max(now, lease.renewed_at))


def expires_at(lease: Lease) -> float:
    """From when on no process of its region serves by this lease, in Unix seconds of whoever asks."""
    return lease.renewed_at + lease.term_s + SKEW_SECONDS


def expired(lease: Lease, now: float) -> bool:
    return now >= expires_at(lease)


def fenced(lease: Lease, by: str) -> Lease:
    """Its region stops: within seconds where it can read the witness, otherwise when the lease expires as before.

    A process of the region has stopped for good when it reports `fenced_by`: then it has read this, and waits for no
    answer to an older renewal.
    """
    return msgspec.structs.replace(lease, holder=by, fenced_by=by)


def handed_over(lease: Lease, to: str, by: str, now: float, *, fence_proven: bool = False) -> Lease:
    """The lease of region `to`, which may be the one that had it. Raises LeaseHeld while another may still write.

    `fence_proven`: `lease` is fenced, and every writer of its region was seen to have stopped. Only then need nobody
    wait until it has expired.
    """
    ended = lease.region == to or expired(lease, now) or (fence_proven and bool(lease.fenced_by))
    if not ended:
        raise LeaseHeld(
            f"{lease.region} may write for another {expires_at(lease) - now:.0f} s (epoch {lease.epoch}):"
            " wait until then, or fence it and see that it has stopped"
        )
    return Lease(to, by, lease.epoch + 1, max(now, lease.renewed_at) if lease.region == to else now, lease.term_s)


def clock_error(sent: float, witness: float, received: float) -> str:
    """Why a clock can't be trusted that read `sent` and `received` around an answer of the witness's `witness` (header
    Date), all in Unix seconds; "" if it can."""
    if witness + 1 < sent - CLOCK_TOLERANCE_SECONDS:
        return f"this clock is {sent - witness - 1:.1f} s ahead of the witness's"
    if witness > received + CLOCK_TOLERANCE_SECONDS:
        return f"this clock is {witness - received:.1f} s behind the witness's"
    return ""
