"""The observed state of a platform as plain values, for a table or a page."""

from __future__ import annotations

import msgspec


class Resource(msgspec.Struct, frozen=True):
    """An AWS resource with an engine: a database, a broker, a cache, a cluster, a node group."""

    region: str
    kind: str
    name: str
    status: str
    endpoint: str

    @property
    def healthy(self) -> bool:
        return self.status.lower() in {"available", "active"}


class Condition(msgspec.Struct, frozen=True):
    type: str
    status: str
    reason: str
    message: str


class CustomResource(msgspec.Struct, frozen=True):
    region: str
    kind: str
    namespace: str
    name: str
    conditions: list[Condition]
    lag: str = ""
    """Consumer lag as the operator reports it; empty for kinds without a consumer."""

    @property
    def ready(self) -> bool:
        return any(c.type == "Ready" and c.status == "True" for c in self.conditions)

    @property
    def reason(self) -> str:
        """Message or reason of the Ready condition."""
        for condition in self.conditions:
            if condition.type == "Ready":
                return condition.message or condition.reason
        return "not reconciled by an operator yet"


class Pod(msgspec.Struct, frozen=True):
    region: str
    namespace: str
    name: str
    node: str
    phase: str
    ready: bool
    restarts: int
    reason: str
    """Why its container waits or how it terminated; empty while it runs."""
    app: str = ""
    """The label app.kubernetes.io/name: the name of its Deployment, here."""


class Platform(msgspec.Struct, frozen=True):
    """A snapshot. `problems` names the APIs that did not answer, whose lists are therefore empty."""

    resources: list[Resource]
    custom_resources: list[CustomResource]
    pods: list[Pod]
    problems: list[str]


class Window(msgspec.Struct, frozen=True):
    """One row of `hrv_1m`: `at` in Unix ms, heart rate in beats a minute, RMSSD in ms, quality from 0 to 1."""

    at: int
    heart_rate: float | None
    rmssd: float | None
    quality: float | None


class StressEpisode(msgspec.Struct, frozen=True):
    """A stress event and its response, in Unix ms; `answered` is None until the response is accepted."""

    event_id: str
    raised: int
    answered: int | None
    heart_rate: float | None
    baseline: float | None
    seen_after_ms: int | None
    """From the arrival of the frame that completed the evidence to the response."""


class UserActivity(msgspec.Struct, frozen=True):
    user: str
    windows: list[Window]
    episodes: list[StressEpisode]
