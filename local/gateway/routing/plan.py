"""What the gateway is to serve, as compiled from the cluster's objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from local.gateway.objects import Gateway, GatewayClass, HTTPRoute, KongPlugin, Pod, Secret, Service
from local.gateway.routing.plugins import Policy

Key = tuple[str, str]
"""Namespace and name of an object."""


@dataclass
class World:
    """All objects that the gateway knows, by namespace and name."""

    classes: dict[Key, GatewayClass] = field(default_factory=dict)
    gateways: dict[Key, Gateway] = field(default_factory=dict)
    routes: dict[Key, HTTPRoute] = field(default_factory=dict)
    plugins: dict[Key, KongPlugin] = field(default_factory=dict)
    services: dict[Key, Service] = field(default_factory=dict)
    pods: dict[Key, Pod] = field(default_factory=dict)
    secrets: dict[Key, Secret] = field(default_factory=dict)


@dataclass(frozen=True)
class Backend:
    """The Service port behind one rule of a route, and what is demanded of requests before they get there."""

    name: str
    service: Key
    port: int
    policy: Policy
    counter: str
    """Name of the table in which requests are counted: one a route."""


@dataclass(frozen=True)
class Branch:
    """Requests for `host` ("" any, "*.x" below x) whose path matches go to `backend`."""

    host: str
    kind: Literal["Exact", "PathPrefix"]
    path: str
    method: str | None
    backend: str


@dataclass(frozen=True)
class Door:
    """A port, the certificates it shows (keys of Secrets), and where requests go: the first branch that matches."""

    port: int
    certificates: tuple[Key, ...]
    branches: tuple[Branch, ...]


@dataclass(frozen=True)
class Plan:
    doors: tuple[Door, ...] = ()
    backends: tuple[Backend, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A condition as the Gateway API words it."""

    type: str
    status: bool
    reason: str
    message: str = ""


@dataclass(frozen=True)
class ListenerVerdict:
    name: str
    attached: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Compiled:
    """The plan, and what is to be said on each object. A route's conditions stand by index of its parentRef."""

    plan: Plan
    listeners: dict[Key, tuple[ListenerVerdict, ...]]
    routes: dict[Key, dict[int, tuple[Condition, ...]]]
