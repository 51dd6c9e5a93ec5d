"""What the live Deployment of a stream's workers, or of a candidate, says. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.biostream import BioStreamSpec
from operators.biostream.desired import HAS_RUN, REPLACED, SPEC, program
from operators.kubernetes.conditions import rfc3339
from operators.kubernetes.manifest import Manifest, literal
from operators.kubernetes.rollout import rolled_out

BACK_FOR = timedelta(hours=1)
"""For how long the image before can come back as it was: ROLLBACK_MS of the dataflow."""


def image_of(deployment: Manifest) -> str:
    return deployment["spec"]["template"]["spec"]["containers"][0]["image"]


def variable(deployment: Manifest, name: str) -> str:
    """The value of a variable of its container; empty without one."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return next((one.get("value", "") for one in container["env"] if one["name"] == name), "")


def has_run(deployment: Manifest | None) -> str:
    """The image of these workers, if their Pods have been available with it; a rollout of another spec changes nothing
    in that."""
    if deployment is None:
        return ""
    image, annotations = image_of(deployment), deployment["metadata"].get("annotations", {})
    return image if rolled_out(deployment) or annotations.get(HAS_RUN) == image else ""


def computes(deployment: Manifest, spec: BioStreamSpec) -> bool:
    """Whether its workers compute this spec."""
    given = image_of(deployment), variable(deployment, SPEC)
    return given == (spec.dataflow.image, literal(program(spec)))


def replaced(deployment: Manifest, now: datetime) -> str:
    """The image from which that of these workers took over less than an hour ago; else empty."""
    at, _, image = deployment["metadata"].get("annotations", {}).get(REPLACED, "").partition(" ")
    try:
        return image if now - datetime.fromisoformat(at) < BACK_FOR else ""
    except ValueError:  # none, or edited
        return ""


def taking_over(deployment: Manifest | None, image: str, now: datetime) -> str:
    """What is noted of the image before when this one runs from now on: see REPLACED."""
    if deployment is None:
        return ""
    if (before := image_of(deployment)) != image:
        return f"{rfc3339(now)} {before}"
    return deployment["metadata"].get("annotations", {}).get(REPLACED, "")
