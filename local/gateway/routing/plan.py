"""The plan: what HAProxy has to serve, and the statuses of the objects it was compiled from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from local.gateway.objects import NamespacedName
from local.gateway.routing.credentials import Credential
from local.gateway.routing.plugins import Policy


@dataclass(frozen=True)
class Backend:
    """The Service port behind one rule of a route, and the policy that its requests must pass first."""

    name: str
    service: NamespacedName
    port: int
    policy: Policy
    stick_table: str
    """Name of the table that counts requests: one per route."""
    silence_ms: int
    """Milliseconds without a byte after which a request or a WebSocket ends."""


@dataclass(frozen=True)
class RouteMatch:
    """Sends requests for `host` ("" any, "*.x" below x) whose path and method match to `backend`."""

    host: str
    path_type: Literal["Exact", "PathPrefix"]
    path: str
    method: str | None
    backend: str


@dataclass(frozen=True)
class Frontend:
    """A port that one or more listeners share. `certificates` are names of Secrets; the first match wins."""

    port: int
    certificates: tuple[NamespacedName, ...]
    matches: tuple[RouteMatch, ...]


@dataclass(frozen=True)
class Plan:
    frontends: tuple[Frontend, ...] = ()
    backends: tuple[Backend, ...] = ()
    credentials: tuple[Credential, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A condition with type and reason as the Gateway API defines them."""

    type: str
    status: bool
    reason: str
    message: str = ""


@dataclass(frozen=True)
class ListenerStatus:
    name: str
    attached_routes: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Compiled:
    """The plan, listener statuses by Gateway, conditions by HTTPRoute and index of the parentRef, and what is wrong by
    KongConsumer."""

    plan: Plan
    listeners: dict[NamespacedName, tuple[ListenerStatus, ...]]
    routes: dict[NamespacedName, dict[int, tuple[Condition, ...]]]
    consumers: Mapping[NamespacedName, tuple[str, ...]]
