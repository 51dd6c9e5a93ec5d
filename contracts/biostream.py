"""BioStream: topics, the dataflow that reads them, and the tables it fills, declared as one resource."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.durations import Duration, between, duration_rule
from contracts.image import Image
from contracts.names import Name
from contracts.platform import SERVICE_TOPICS, TOPIC_EVENTS, WEBHOOK_SECRET
from contracts.resource import DeletionPolicy, Placement, ResourceModel, SecretReference
from contracts.rules import Checked, Rule, immutable, non_decreasing

TopicName = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$", max_length=200),
    Checked(
        f"!(self in {list(SERVICE_TOPICS)})",
        "services of the platform have their own messages in this topic; choose another name",
        lambda topic: topic not in SERVICE_TOPICS,
    ),
]
Partitions = Annotated[int, Field(ge=1, le=1000)]
Replication = Annotated[int, Field(ge=1, le=5)]
TopicRetention = Annotated[Duration, between("1m", "3650d")]
RowAge = Annotated[Duration, between("10m", "3650d")]
Interval = Annotated[Duration, between("200ms", "5s")]
"""Of two heart beats; ingest stores no others (contracts/beats.py)."""
MAX_CHUNKS = 5000
Window = Annotated[Duration, between("30s", "1h")]
"""In less there may be too few beats for a heart rate: it takes 15 (dataflows/biosync/signal/hrv.py)."""
Every = Annotated[Duration, between("5s", "1h")]
Sustained = Annotated[Duration, between("30s", "1h")]
"""A signal that no heart gives is known after half a minute (dataflows/biosync/signal/artificial.py)."""
_EVENTS = f"(has(self.events) && has(self.events.topic) ? self.events.topic : '{TOPIC_EVENTS}')"
_NOT_APART = "to Kafka, . and _ are the same in a name"
_METRIC = ".replace('.', '_')"
"""Kafka takes topics for the same that differ in `.` and `_` only: names of its metrics do not tell them apart."""


class Source(ResourceModel):
    """The topic of raw beats, keyed by user."""

    rules: ClassVar = (immutable("topic"), non_decreasing("partitions"))
    topic: TopicName = Field(description="Name of the Kafka topic.")
    partitions: Partitions = Field(description="How many partitions; may grow, never shrink.")
    replication: Replication | None = Field(
        default=None, description="Copies of each partition; the cluster's default if unset."
    )
    retention: TopicRetention = Field(description="How long Kafka keeps a record; 1m to 3650d.")


class EventsTopic(ResourceModel):
    """The topic on which stress events are published."""

    rules: ClassVar = (immutable("topic", TOPIC_EVENTS), non_decreasing("partitions", 1))
    topic: TopicName = Field(default=TOPIC_EVENTS, description="Name of the Kafka topic.")
    partitions: Partitions = Field(default=1, description="How many partitions; may grow, never shrink.")
    replication: Replication | None = Field(
        default=None, description="Copies of each partition; the cluster's default if unset."
    )
    retention: TopicRetention = Field(
        default="7d", description="How long Kafka keeps a record; 1m to 3650d; 7d if unset."
    )


class DeadLetter(ResourceModel):
    """The topic of records that could not be processed."""

    rules: ClassVar = (immutable("topic"),)
    topic: TopicName = Field(description="Name of the Kafka topic.")
    replication: Replication | None = Field(
        default=None, description="Copies of each partition; the cluster's default if unset."
    )
    retention: TopicRetention = Field(description="How long Kafka keeps a record; 1m to 3650d.")


class Workers(ResourceModel):
    """How many workers the dataflow may have, each a Pod; never more than partitions."""

    rules: ClassVar = (Rule("self.min <= self.max", "replicas.min must not be above replicas.max", ".min"),)
    min: int = Field(ge=0, le=100, description="Workers that always run; at least one does.")
    max: int = Field(ge=1, le=100, description="Workers that may run when the lag is above targetLag.")


class Upgrade(ResourceModel):
    """What another image has to show before it takes over."""

    compare: Annotated[Duration, between("10s", "1d")] = Field(
        description="How long it computes beside the running one, from the same beats and without writing; it takes"
        " over when the rows and events of that time are equal, and is refused otherwise; 10s to 1d."
    )
    tolerance: float = Field(
        default=0.0,
        ge=0,
        le=0.5,
        description="Largest share by which a measure may differ from the running one's, such as 0.001; 0 if unset.",
    )


class Dataflow(ResourceModel):
    """The program that computes measures and events from beats."""

    image: Image = Field(description="Container image of the dataflow: [registry[:port]/]path[:tag][@digest].")
    replicas: Workers = Field(default=Workers(min=1, max=1), description="How many workers; one if unset.")
    target_lag: Annotated[Duration, between("1s", "1h")] = Field(
        default="10s", description="Age of beats above which more workers help; 1s to 1h; 10s if unset."
    )
    placement: Placement = Field(default=Placement.ON_DEMAND, description="Node group; on-demand if unset.")
    upgrade: Upgrade | None = Field(
        default=None, description="How another image takes over; at once if unset, and nothing is compared."
    )


class Cleanse(ResourceModel):
    """Which intervals count as heart beats."""

    rules: ClassVar = (
        duration_rule(
            "ms[0] < ms[1]",
            "minRR (300ms if unset) must be shorter than maxRR (2000ms if unset)",
            "minRR",
            minRR="300ms",
            maxRR="2000ms",
        ),
    )
    min_rr: Interval = Field(
        default="300ms", alias="minRR", description="Shorter intervals are artefacts; 200ms to 5s; 300ms if unset."
    )
    max_rr: Interval = Field(
        default="2000ms", alias="maxRR", description="Longer intervals are artefacts; 200ms to 5s; 2000ms if unset."
    )
    max_step: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="Largest share by which an interval may leave the running median; 0.2 if unset.",
    )


class Hrv(ResourceModel):
    """The rolling window of heart-rate variability."""

    rules: ClassVar = (
        duration_rule(
            "ms[0] % ms[1] == 0",
            "every (10s if unset) must divide window (60s if unset), and so not be longer than it",
            "every",
            window="60s",
            every="10s",
        ),
    )
    window: Window = Field(default="60s", description="Length of the window; 30s to 1h; 60s if unset.")
    every: Every = Field(
        default="10s", description="How often it is evaluated; 5s to 1h, and divides window; 10s if unset."
    )


class HrvDrop(StrEnum):
    """What a drop of heart-rate variability does to the detector."""

    GATE = "gate"
    SCORE = "score"
    IGNORE = "ignore"


class Stress(ResourceModel):
    """When acute stress is detected."""

    hrv_drop: HrvDrop = Field(
        default=HrvDrop.GATE,
        description="A drop of HRV is a condition (gate), adds to the score, or is ignored; gate if unset.",
    )
    heart_rate_rise: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Beats per minute above the user's own baseline; the detector's default if unset.",
    )
    threshold: float | None = Field(
        default=None, gt=0, le=100, description="Score at which stress is detected; the detector's default if unset."
    )
    min_quality: float = Field(
        default=0.15,
        gt=0,
        le=1,
        description="Least quality of a window that counts as evidence: the share of its time that regular heart beats"
        " fill, 0 where over a quarter of them is irregular or no heart gives such a signal; 0.15 if unset.",
    )
    sustain: Sustained = Field(default="30s", description="How long the evidence must last; 30s to 1h; 30s if unset.")
    refractory: Annotated[Duration, between("1s", "7d")] = Field(
        default="300s", description="Silence after an event; 1s to 7d; 300s if unset."
    )


class Sink(ResourceModel):
    """The time-series database and how long it keeps what."""

    rules: ClassVar = (
        immutable("database"),
        immutable("chunk", "1h"),
        duration_rule(
            "ms[0] <= ms[1]",
            "chunk (1h if unset) must not be longer than retention: rows are dropped by the chunk",
            "chunk",
            chunk="1h",
            retention="90d",
        ),
        duration_rule(
            f"ms[1] <= {MAX_CHUNKS} * ms[0]",
            f"retention must be at most {MAX_CHUNKS} times chunk (1h if unset): each chunk is a table, and PostgreSQL"
            " plans and locks all of them",
            "chunk",
            chunk="1h",
            retention="90d",
        ),
    )
    database: Name = Field(description="Name of the CloudNativePG Cluster; its Secret <name>-app gives the connection.")
    chunk: Annotated[Duration, between("10m", "365d")] = Field(
        default="1h",
        description="Time that one partition holds; 10m to 365d, not above retention, at least a 5000th of it;"
        " 1h if unset.",
    )
    retention: RowAge = Field(
        default="90d",
        description="Age at which rows are dropped; 10m to 3650d; 90d if unset. Rows are never kept for ever.",
    )
    compress_after: RowAge = Field(
        default="7d", description="Age at which rows are compressed where that is offered; 10m to 3650d; 7d if unset."
    )


class Response(ResourceModel):
    """Who receives stress events."""

    service: Name = Field(description="Name of the AuraService that answers.")
    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_.-]*$", max_length=200)] = Field(
        description="Path of the webhook."
    )
    secret: SecretReference = Field(
        default=WEBHOOK_SECRET,
        description="Secrets Manager secret that signs the webhook, this stream's or one whose tag"
        " aura:readers names it; biosync/webhook if unset.",
    )


def _same(topic: str, *others: str) -> list[str]:
    """`topic`, if Kafka does not tell it apart from one of the others."""
    return [topic] if topic.replace(".", "_") in [other.replace(".", "_") for other in others] else []


class BioStreamSpec(ResourceModel):
    """A stream of heart beats: its topics, the dataflow over them and the tables it fills."""

    rules: ClassVar = (
        Rule(
            f"self.deadLetter.topic{_METRIC} != self.source.topic{_METRIC}",
            "deadLetter.topic must not be source.topic: the dataflow would read its dead letters as beats"
            f" ({_NOT_APART})",
            ".deadLetter.topic",
            offenders=lambda spec: _same(spec.dead_letter.topic, spec.source.topic),
        ),
        Rule(
            f"!({_EVENTS}{_METRIC} in [self.source.topic{_METRIC}, self.deadLetter.topic{_METRIC}])",
            f"events.topic ({TOPIC_EVENTS} if unset) must be neither source.topic nor deadLetter.topic ({_NOT_APART})",
            ".events.topic",
            offenders=lambda spec: _same(spec.events.topic, spec.source.topic, spec.dead_letter.topic),
        ),
    )
    source: Source
    dead_letter: DeadLetter
    events: EventsTopic = EventsTopic()
    dataflow: Dataflow
    cleanse: Cleanse = Cleanse()
    hrv: Hrv = Hrv()
    stress: Stress = Stress()
    sink: Sink
    response: Response
    deletion_policy: DeletionPolicy = Field(
        default=DeletionPolicy.RETAIN,
        description="Retain keeps topics and tables when this is deleted; Delete deletes them. Retain if unset.",
    )
