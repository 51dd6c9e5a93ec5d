"""Another image of a stream's dataflow: whether it takes over, computes beside the running one first, or is refused.

Pure. With `dataflow.upgrade` the declared image is a candidate until it has shown for `compare` that it computes the
rows and events of the running one. A refusal stands on the candidate's Deployment, so that it outlives the operators.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.biostream import Dataflow
from contracts.comparison import Comparison
from contracts.durations import delta
from operators.kubernetes.conditions import Finding, broken, good, waiting

IMAGE_COMPARED = "ImageCompared"


@dataclass(frozen=True)
class Running:
    """The image of the workers, whose Pods have been available."""

    image: str
    computes: bool
    """Whether the workers compute the declared spec."""
    complete: bool
    """Whether none of them is missing."""
    failing: str = ""
    """Why none of them is available; empty unless that stays so until somebody acts."""
    replaced: str = ""
    """The image that it took over from, for an hour after that."""
    stopped: bool = False
    """Whether the region is passive or fenced: no workers are to run."""
    elsewhere: str = ""
    """The image that has taken the newest snapshots, if the region is stopped."""


@dataclass(frozen=True)
class Candidate:
    """The candidate's Deployment. `key` stands for what it computes and how it compares; `refused` says why the image
    does not take over."""

    key: str
    refused: str = ""


@dataclass(frozen=True)
class Upgrade:
    """The image that the workers run, the candidate that there is to be, and what to say of it."""

    image: str
    candidate: Candidate | None = None
    finding: Finding | None = None
    news: str = ""
    """What has just been decided."""
    proven: bool = False
    """Whether the image has just been found equal."""


def upgrade(
    dataflow: Dataflow,
    key: str,
    running: Running | None,
    candidate: Candidate | None,
    comparison: Comparison | None,
    bucket: bool,
) -> Upgrade:
    """`key` is that of a candidate of what is declared, `running` None where no workers ever ran: then there is nothing
    to compare with. `comparison` is what a candidate answers, this one or the one before."""
    declared = dataflow.image
    if dataflow.upgrade is None:
        return Upgrade(declared)
    if running is None or running.image == declared:
        return Upgrade(declared, finding=good(IMAGE_COMPARED, "AsDeclared", "the declared image runs"))
    if running.replaced == declared:
        return _without_comparison(
            declared, "Back", f"it comes back, less than an hour after {running.image} took over from it"
        )
    if running.stopped:
        return _while_stopped(declared, running, candidate if candidate and candidate.key == key else None)
    if running.failing:
        return _without_comparison(declared, "NotRunning", f"no Pod of {running.image} is available: {running.failing}")
    goes_on = f"{running.image} goes on"
    if not bucket:
        message = (
            f"{declared} cannot be compared: without a bucket there are no snapshots to begin with; {goes_on}."
            " Remove dataflow.upgrade to exchange the images without a comparison"
        )
        return Upgrade(running.image, finding=broken(IMAGE_COMPARED, "NoSnapshots", message))
    # what another spec gives is not comparable, nor what is computed while the workers take one over
    current = candidate if candidate and candidate.key == key and running.computes else None
    if current and current.refused:
        return Upgrade(running.image, current, _refusal(declared, current, goes_on))
    if current is None:
        created = Candidate(key) if running.computes and running.complete else None
        message = (
            f"{declared} is started beside {running.image} once all Pods of that compute as declared. Without"
            " dataflow.upgrade it takes over at once"
        )
        return Upgrade(running.image, created, waiting(IMAGE_COMPARED, "Starting", message))
    if comparison is None or comparison.key != key:
        message = f"{declared} has not answered yet; {goes_on}"
        return Upgrade(running.image, current, waiting(IMAGE_COMPARED, "Starting", message))
    if comparison.different:
        refused = Candidate(key, comparison.difference)
        return Upgrade(running.image, refused, _refusal(declared, refused, goes_on), f"{declared} is refused")
    return _compared(declared, dataflow.upgrade.compare, running, current, comparison)


def _without_comparison(declared: str, reason: str, why: str) -> Upgrade:
    message = f"{declared} takes over and is not compared: {why}"
    return Upgrade(declared, finding=good(IMAGE_COMPARED, reason, message), news=message)


def _while_stopped(declared: str, running: Running, current: Candidate | None) -> Upgrade:
    """What is refused stays so, and what has shown itself in the other region is taken here, too."""
    if running.elsewhere == declared:
        return _without_comparison(declared, "RunsElsewhere", "it has taken the newest snapshots in the active region")
    message = (
        f"no workers run in this region; {running.image} would. {declared} is taken once the active region runs it, or"
        " compared once this one is active"
    )
    kept = current if current and current.refused else None
    return Upgrade(running.image, kept, good(IMAGE_COMPARED, "Stopped", message))


def _compared(declared: str, compare: str, running: Running, current: Candidate, comparison: Comparison) -> Upgrade:
    seconds = max(0, comparison.until - comparison.since) // 1000
    equal = f"{comparison.rows:,} rows and {comparison.events:,} events are equal"
    if comparison.rows and not comparison.waiting and seconds >= delta(compare).total_seconds():
        message = f"{declared} takes over from {running.image}: {equal}"
        return Upgrade(declared, None, good(IMAGE_COMPARED, "Equal", message), message, proven=True)
    if comparison.waiting:
        message = f"nothing is compared at the moment: {comparison.waiting}"
    elif not comparison.since:
        message = "no beats have come since that give a row"
    else:
        message = f"{equal}, after {seconds} s of {compare}"
    message = f"{declared} computes beside {running.image}: {message}"
    return Upgrade(running.image, current, waiting(IMAGE_COMPARED, "Comparing", message))


def _refusal(declared: str, candidate: Candidate, goes_on: str) -> Finding:
    message = (
        f"{declared} does not compute what the running image does: {candidate.refused}; {goes_on}, and nothing was"
        " written. Declare another image or tolerance; without dataflow.upgrade the image takes over as it is. Delete"
        " the candidate's Deployment to compare once more"
    )
    return broken(IMAGE_COMPARED, "Different", message)
