"""The parts of Kubernetes objects that the gateway reads.

What decides how a request is treated refuses unknown members (`Strict`): a filter or a match that is not implemented
here must show on the route, not be left out in silence.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Read(BaseModel):
    """Reads the members it names and ignores the others."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class Strict(Read):
    """Refuses members it does not name."""

    model_config = ConfigDict(extra="forbid")


class Metadata(Read):
    name: str
    namespace: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Object(Read):
    metadata: Metadata

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.metadata.namespace, self.metadata.name


# Gateway


class SecretReference(Read):
    group: str = ""
    kind: str = "Secret"
    namespace: str | None = None
    name: str


class ListenerTls(Read):
    mode: str = "Terminate"
    certificate_refs: tuple[SecretReference, ...] = ()


class Listener(Read):
    name: str
    port: int
    protocol: str
    hostname: str = ""
    tls: ListenerTls | None = None


class GatewaySpec(Read):
    gateway_class_name: str
    listeners: list[Listener]


class Gateway(Object):
    spec: GatewaySpec
    status: dict[str, Any] = {}


class GatewayClassSpec(Read):
    controller_name: str


class GatewayClass(Object):
    spec: GatewayClassSpec
    status: dict[str, Any] = {}


# HTTPRoute


class ParentReference(Read):
    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    namespace: str | None = None
    name: str
    section_name: str | None = None
    port: int | None = None


class PathMatch(Strict):
    type: Literal["Exact", "PathPrefix"] = "PathPrefix"
    value: str = Field(default="/", pattern=r"^/[\x21-\x7e]*$")


class Match(Strict):
    path: PathMatch = PathMatch()
    method: str | None = Field(default=None, pattern="^[A-Z]+$")


class BackendReference(Strict):
    group: Literal[""] = ""
    kind: Literal["Service"] = "Service"
    name: str
    namespace: str | None = None
    port: int
    weight: int = 1


class Rule(Strict):
    name: str | None = None
    matches: list[Match] = [Match()]
    backend_refs: list[BackendReference] = Field(default=[], max_length=1)


class HTTPRouteSpec(Strict):
    parent_refs: list[ParentReference] = []
    hostnames: list[str] = []
    rules: list[Rule] = [Rule()]


class HTTPRoute(Object):
    """`spec` stays as it came: whether it can be served is decided, and said, when routes are compiled."""

    spec: dict[str, Any]
    status: dict[str, Any] = {}

    def parents(self) -> list[ParentReference]:
        return [ParentReference.model_validate(parent) for parent in self.spec.get("parentRefs", [])]


class KongPlugin(Object):
    plugin: str
    config: dict[str, Any] = {}
    disabled: bool = False


# Services and Pods


class ServicePort(Read):
    name: str = ""
    port: int
    target_port: int | str | None = None


class ServiceSpec(Read):
    selector: dict[str, str] = {}
    ports: list[ServicePort] = []


class Service(Object):
    spec: ServiceSpec


class ContainerPort(Read):
    name: str = ""
    container_port: int


class Container(Read):
    ports: list[ContainerPort] = []


class PodSpec(Read):
    containers: list[Container] = []


class PodCondition(Read):
    type: str
    status: str


class PodStatus(Read):
    pod_ip: str = Field(default="", alias="podIP")
    conditions: list[PodCondition] = []


class Pod(Object):
    spec: PodSpec
    status: PodStatus = PodStatus()

    def takes_requests(self) -> bool:
        ready = any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)
        return ready and bool(self.status.pod_ip) and self.metadata.deletion_timestamp is None


class Secret(Object):
    data: dict[str, str] = {}
