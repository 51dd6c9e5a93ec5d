"""The parts of Kubernetes objects that the gateway reads.

Types that decide how a request is handled forbid unknown fields (`StrictModel`): a filter or match that is not
implemented here must show in the route's status instead of being ignored silently.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

NamespacedName = tuple[str, str]
"""Namespace and name of an object; the namespace of a cluster-scoped one is empty."""


class KubernetesModel(BaseModel):
    """Ignores unknown fields."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class StrictModel(KubernetesModel):
    """Forbids unknown fields."""

    model_config = ConfigDict(extra="forbid")


class ObjectMeta(KubernetesModel):
    name: str
    namespace: str = ""
    generation: int = 0
    resource_version: str = ""
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Object(KubernetesModel):
    metadata: ObjectMeta

    @property
    def key(self) -> NamespacedName:
        return self.metadata.namespace, self.metadata.name


# Gateway


class SecretObjectReference(KubernetesModel):
    group: str = ""
    kind: str = "Secret"
    namespace: str | None = None
    name: str


class ListenerTLSConfig(KubernetesModel):
    mode: str = "Terminate"
    certificate_refs: tuple[SecretObjectReference, ...] = ()


class Listener(KubernetesModel):
    name: str
    port: int
    protocol: str
    hostname: str = ""
    tls: ListenerTLSConfig | None = None


class GatewaySpec(KubernetesModel):
    gateway_class_name: str
    listeners: list[Listener]


class Gateway(Object):
    spec: GatewaySpec
    status: dict[str, Any] = {}


class GatewayClassSpec(KubernetesModel):
    controller_name: str


class GatewayClass(Object):
    spec: GatewayClassSpec
    status: dict[str, Any] = {}


# HTTPRoute


class ParentReference(KubernetesModel):
    group: str = "gateway.networking.k8s.io"
    kind: str = "Gateway"
    namespace: str | None = None
    name: str
    section_name: str | None = None
    port: int | None = None


class HTTPPathMatch(StrictModel):
    type: Literal["Exact", "PathPrefix"] = "PathPrefix"
    value: str = Field(default="/", pattern=r"^/[\x21-\x7e]*$")


class HTTPRouteMatch(StrictModel):
    path: HTTPPathMatch = HTTPPathMatch()
    method: str | None = Field(default=None, pattern="^[A-Z]+$")


class HTTPBackendRef(StrictModel):
    group: Literal[""] = ""
    kind: Literal["Service"] = "Service"
    name: str
    namespace: str | None = None
    port: int
    weight: int = 1


class HTTPRouteRule(StrictModel):
    name: str | None = None
    matches: list[HTTPRouteMatch] = [HTTPRouteMatch()]
    backend_refs: list[HTTPBackendRef] = Field(default=[], max_length=1)


class HTTPRouteSpec(StrictModel):
    parent_refs: list[ParentReference] = []
    hostnames: list[str] = []
    rules: list[HTTPRouteRule] = [HTTPRouteRule()]


class HTTPRoute(Object):
    """`spec` is not validated here: a route with an unsupported spec gets a status when routes are compiled."""

    spec: dict[str, Any]
    status: dict[str, Any] = {}

    def parent_refs(self) -> list[ParentReference]:
        return [ParentReference.model_validate(parent) for parent in self.spec.get("parentRefs", [])]


class SecretKeyReference(StrictModel):
    name: str
    key: str


class ConfigSource(StrictModel):
    secret_key_ref: SecretKeyReference


class KongPlugin(Object):
    plugin: str
    config: dict[str, Any] = {}
    config_from: ConfigSource | None = None
    """Where the configuration is that has a password: JSON in a Secret of the same namespace."""
    disabled: bool = False


class KongConsumer(Object):
    username: str = ""
    credentials: tuple[str, ...] = ()
    """Names of Secrets of the same namespace."""
    status: dict[str, Any] = {}


# Services and Pods


class ServicePort(KubernetesModel):
    name: str = ""
    port: int
    target_port: int | str | None = None


class ServiceSpec(KubernetesModel):
    selector: dict[str, str] = {}
    ports: list[ServicePort] = []


class Service(Object):
    spec: ServiceSpec


class ContainerPort(KubernetesModel):
    name: str = ""
    container_port: int


class Container(KubernetesModel):
    ports: list[ContainerPort] = []


class PodSpec(KubernetesModel):
    containers: list[Container] = []


class PodCondition(KubernetesModel):
    type: str
    status: str


class PodStatus(KubernetesModel):
    pod_ip: str = Field(default="", alias="podIP")
    conditions: list[PodCondition] = []


class Pod(Object):
    spec: PodSpec
    status: PodStatus = PodStatus()

    def is_ready(self) -> bool:
        """Whether the Pod takes requests: Ready, with an address, and not terminating."""
        ready = any(condition.type == "Ready" and condition.status == "True" for condition in self.status.conditions)
        return ready and bool(self.status.pod_ip) and self.metadata.deletion_timestamp is None


class Secret(Object):
    data: dict[str, str] = {}
