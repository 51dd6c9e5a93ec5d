"""Status of the custom resources: conditions by the Kubernetes API conventions, and further members."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from contracts.resource import ResourceModel
from contracts.rules import Unique


class ConditionStatus(StrEnum):
    """Unknown: not observed, or not observable."""

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
    message: Annotated[str, Field(max_length=32768)] = Field(description="Why, for humans.")
    last_transition_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})] = Field(
        description="When the status last changed."
    )
    observed_generation: int = Field(ge=0, description="Generation of the resource at the last observation.")


READY = "Ready"
"""Everything declared exists and works."""
PROGRESSING = "Progressing"
"""The declared state is in progress: Pods start, a rollout runs, a dependency is awaited."""
DEGRADED = "Degraded"
"""The declared state cannot be reached without an intervention; existing objects are left as they are."""
PAUSED = "Paused"
"""An annotation has paused reconciliation."""

Conditions = Annotated[list[Condition], Unique(("type",))]


class ResourceStatus(ResourceModel):
    """State as the operator last observed it."""

    observed_generation: int = Field(ge=0, description="Generation of the spec that was last reconciled.")
    conditions: Conditions


class AuraServiceStatus(ResourceStatus):
    """State of a service as the operator last observed it."""

    pods: str = Field(default="0/0", description="Available and desired Pods.")
    image: str = Field(default="", description="Image in the Pod template.")


class BioStreamStatus(ResourceStatus):
    """State of a stream as the operator last observed it."""

    pods: str = Field(default="0/0", description="Available and desired Pods, each of one worker.")
    kafka: str = Field(default="", description="Bootstrap address of the Kafka with its topics.")
    database: str = Field(default="", description="Host, port and name of the database with its tables.")
    topics: list[str] | None = Field(
        default=None, description="Topics that streams made and this one uses, or that were handed over to it."
    )
    workers: int | None = Field(default=None, description="Workers that are desired; they share the partitions.")
    partitions: int | None = Field(default=None, description="Partitions of the source topic.")
    lag: int | None = Field(default=None, description="Consumer lag in records; absent while unknown.")
    lag_seconds: float | None = Field(
        default=None, description="Age in seconds of the oldest unread record; absent while unknown."
    )
    snapshot_time: str | None = Field(
        default=None,
        description="When the oldest of the partitions' newest snapshots in S3 was taken: without the local disk, what"
        " was read since is computed again; absent while unknown.",
    )
    rejected_records: int | None = Field(
        default=None,
        description="Records and results that became dead letters since the workers started, because of what they are;"
        " absent while unknown. `aura dead-letters list` shows them.",
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
