"""Status of the custom resources: conditions by the conventions of Kubernetes' API, and what else people look for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from contracts.resource import ResourceModel


class ConditionStatus(StrEnum):
    """Unknown: nobody could look, or it was not looked at yet."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Condition(ResourceModel):
    """One aspect of a resource, as last observed."""

    type: Annotated[str, Field(max_length=316, description="Aspect, in CamelCase.")]
    status: ConditionStatus = Field(description="True, False or Unknown.")
    reason: Annotated[str, Field(pattern=r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", max_length=1024)] = Field(
        description="Why, in one CamelCase word."
    )
    message: Annotated[str, Field(max_length=32768)] = Field(description="Why, for people.")
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})] = Field(
        description="When the status last changed."
    )
    observed_generation: int = Field(ge=0, description="Generation of the resource that this was said of.")


READY = "Ready"
"""Everything declared is there and works."""
PROGRESSING = "Progressing"
"""What is declared is on its way: Pods start, a rollout runs, something needed is awaited."""
DEGRADED = "Degraded"
"""What is declared cannot be had without someone doing something; what was there is left as it is."""
PAUSED = "Paused"
"""Somebody has asked the operator to leave this alone."""

Conditions = Annotated[
    list[Condition],
    Field(json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}),
]


class ResourceStatus(ResourceModel):
    """What the operator saw when it last looked."""

    observed_generation: int = Field(ge=0, description="Generation of the spec that was last acted on.")
    conditions: Conditions


class AuraServiceStatus(ResourceStatus):
    """What the operator saw of a service when it last looked."""

    pods: str = Field(default="0/0", description="Ready and wanted Pods.")
    image: str = Field(default="", description="Image that the Pods were last told to run.")


class BioStreamStatus(ResourceStatus):
    """What the operator saw of a stream when it last looked."""

    pods: str = Field(default="0/0", description="Ready and wanted Pods; one holds all workers.")
    workers: int | None = Field(default=None, description="Worker processes in the Pod.")
    partitions: int | None = Field(default=None, description="Partitions that the source topic has.")
    lag: int | None = Field(default=None, description="Records that wait to be read; absent while unknown.")
    lag_seconds: float | None = Field(
        default=None, description="Age in seconds of the oldest of them; absent while unknown."
    )


def merge(previous: list[dict[str, Any]], current: list[Condition]) -> list[Condition]:
    """`current` with the transition times of `previous` (a status as stored) wherever the status stayed the same."""
    before = {(c.get("type"), c.get("status")): c.get("lastTransitionTime") for c in previous}
    return [
        condition.model_copy(update={"last_transition_time": since})
        if (since := before.get((condition.type, condition.status.value)))
        else condition
        for condition in current
    ]
