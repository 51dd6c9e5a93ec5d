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
    """The image of the workers; whether they compute the declared spec, and all of them are there."""

    image: str
    declared: bool
    complete: bool


@dataclass(frozen=True)
class Candidate:
    """The candidate's Deployment; `refused` says why the image does not take over."""

    image: str
    refused: str = ""


@dataclass(frozen=True)
class Upgrade:
    """The image that the workers run, the candidate that there is to be, and what to say of it."""

    image: str
    candidate: Candidate | None = None
    finding: Finding | None = None
    news: str = ""
    """What has just been decided."""


def upgrade(
    dataflow: Dataflow,
    running: Running | None,
    candidate: Candidate | None,
    comparison: Comparison | None,
    bucket: bool,
) -> Upgrade:
    """`running` is None where no workers are to run, or none ever have: then there is nothing to compare with.
    `comparison` is what the candidate answers."""
    if dataflow.upgrade is None:
        return Upgrade(dataflow.image)
    if running is None or running.image == dataflow.image:
        return Upgrade(dataflow.image, finding=good(IMAGE_COMPARED, "AsDeclared", "the declared image runs"))
    goes_on = f"{running.image} goes on"
    if not bucket:
        message = (
            f"{dataflow.image} cannot be compared: without a bucket there are no snapshots to begin with; {goes_on}."
            " Remove dataflow.upgrade to exchange the images without a comparison"
        )
        return Upgrade(running.image, finding=broken(IMAGE_COMPARED, "NoSnapshots", message))
    # what another spec gives is not comparable, nor what is computed while the workers take one over
    current = candidate if candidate and candidate.image == dataflow.image and running.declared else None
    if current and current.refused:
        return Upgrade(running.image, current, _refusal(current, goes_on))
    if current is None:
        created = Candidate(dataflow.image) if running.declared and running.complete else None
        message = (
            f"{dataflow.image} is started beside {running.image} once all Pods of that compute as declared. Without"
            " dataflow.upgrade it takes over at once"
        )
        return Upgrade(running.image, created, waiting(IMAGE_COMPARED, "Starting", message))
    if comparison is None:
        message = f"{dataflow.image} has not answered yet; {goes_on}"
        return Upgrade(running.image, current, waiting(IMAGE_COMPARED, "Starting", message))
    if comparison.different:
        refused = Candidate(dataflow.image, comparison.difference)
        return Upgrade(running.image, refused, _refusal(refused, goes_on), f"{dataflow.image} is refused")
    return _compared(dataflow, dataflow.upgrade.compare, running, current, comparison)


def _compared(
    dataflow: Dataflow, compare: str, running: Running, current: Candidate, comparison: Comparison
) -> Upgrade:
    seconds = max(0, comparison.until - comparison.since) // 1000
    equal = f"{comparison.rows:,} rows and {comparison.events:,} events are equal"
    if comparison.rows and not comparison.waiting and seconds >= delta(compare).total_seconds():
        message = f"{dataflow.image} takes over from {running.image}: {equal}"
        return Upgrade(dataflow.image, None, good(IMAGE_COMPARED, "Equal", message), message)
    if comparison.waiting:
        message = f"nothing is compared at the moment: {comparison.waiting}"
    elif not comparison.since:
        message = "no beats have come since that give a row"
    else:
        message = f"{equal}, after {seconds} s of {compare}"
    message = f"{dataflow.image} computes beside {running.image}: {message}"
    return Upgrade(running.image, current, waiting(IMAGE_COMPARED, "Comparing", message))


def _refusal(candidate: Candidate, goes_on: str) -> Finding:
    message = (
        f"{candidate.image} does not compute what the running image does: {candidate.refused}; {goes_on}, and nothing"
        " was written. Declare another image, or dataflow.upgrade.tolerance; without dataflow.upgrade the image takes"
        " over as it is. Delete the candidate's Deployment to compare once more"
    )
    return broken(IMAGE_COMPARED, "Different", message)
