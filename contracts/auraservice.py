"""AuraService: everything one service needs to run, declared as one resource."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts.durations import Duration
from contracts.resource import Image, Name, Placement, ResourceModel, Rule, SecretReference, immutable

Port = Annotated[int, Field(ge=1024, le=65535)]
PortName = Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=15)]
VariableName = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$", max_length=100)]
HostName = Annotated[
    str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$", max_length=253)
]
RoutePath = Annotated[str, Field(pattern=r"^/([A-Za-z0-9_.~-]+(/[A-Za-z0-9_.~-]+)*)?$", max_length=200)]
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9]([-a-z0-9.]*[a-z0-9])?(:[1-9][0-9]{0,4})?$", max_length=269)]
DatabaseName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=63)]
Text = Annotated[str, Field(max_length=4096)]


class Replicas(ResourceModel):
    """Number of Pods; an autoscaler decides between `min` and `max`."""

    rules: ClassVar = (Rule("self.min <= self.max", "replicas.min must not be above replicas.max", ".min"),)
    min: int = Field(ge=1, le=500, description="Pods that always run.")
    max: int = Field(ge=1, le=500, description="Pods that may run under load.")
    target_cpu_percent: int = Field(
        default=70,
        alias="targetCPUPercent",
        ge=1,
        le=100,
        description="Mean CPU, in percent of the request; 70 if unset.",
    )
    passive: int | None = Field(
        default=None,
        ge=0,
        le=500,
        description="Pods while this region is the passive one; as in the active one if unset.",
    )


class Auth(StrEnum):
    """The authentication that the gateway requires."""

    JWT = "jwt"
    NONE = "none"


class LimitBy(StrEnum):
    """The key by which requests are counted."""

    USER = "user"
    IP = "ip"


class RateLimit(ResourceModel):
    """How many requests the gateway accepts; the rest get 429."""

    per_minute: int = Field(ge=1, le=1_000_000, description="Requests in a minute.")
    by: LimitBy = Field(
        default=LimitBy.USER, description="Count by user (the token's subject) or by ip; user if unset."
    )


class Route(ResourceModel):
    """A host and path prefix at the gateway that leads here."""

    rules: ClassVar = (
        Rule(
            "!has(self.rateLimit) || (has(self.rateLimit.by) && self.rateLimit.by == 'ip') || self.auth == 'jwt'",
            "rateLimit by user needs auth: jwt; without a token there is no user",
            ".rateLimit",
        ),
    )
    host: HostName = Field(description="Host name of the request.")
    path: RoutePath = Field(description="Path prefix of the request.")
    auth: Auth = Field(description="jwt: only with a valid access token; none: everyone.")
    rate_limit: RateLimit | None = Field(default=None, description="No limit if unset.")
    port: PortName | None = Field(default=None, description="Name of the port that serves it; http if unset.")
    origins: list[Origin] = Field(
        default=[],
        max_length=16,
        description="Origins, as in https://app.example.com, whose pages may call this (CORS); none if unset. The "
        "gateway answers their preflights without a token. Pages send tokens; cookies are not allowed.",
    )


class Database(ResourceModel):
    """A database on an RDS instance; the Pods get DATABASE_URL."""

    rules: ClassVar = (immutable("instance"), immutable("name"))
    instance: Name = Field(description="Identifier of the RDS instance.")
    name: DatabaseName = Field(description="Name of the database and of its owner.")
    migrate: list[Text] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="Command that brings the schema up to date before a Pod starts.",
    )


class Objectives(ResourceModel):
    """What users may expect; alerts watch how fast the error budget burns."""

    latency_p99: Duration | None = Field(default=None, alias="latencyP99", description="99 of 100 requests are faster.")
    availability: float | None = Field(default=None, gt=0, lt=100, description="Percent of requests that succeed.")


class Resources(ResourceModel):
    """Resource requests and limits of one Pod."""

    cpu: Annotated[str, Field(pattern=r"^[1-9][0-9]*m?$", max_length=10)] = Field(
        default="100m", description="CPU request, as in 250m; 100m if unset."
    )
    memory: Annotated[str, Field(pattern=r"^[1-9][0-9]*(Mi|Gi)$", max_length=10)] = Field(
        default="256Mi", description="Memory request and limit; 256Mi if unset."
    )


class AuraServiceSpec(ResourceModel):
    """A service: its image, how it is reached, what it needs and how many replicas run."""

    rules: ClassVar = (
        Rule("'http' in self.ports", "ports needs one named http: it serves /healthz, /readyz and /metrics", ".ports"),
        Rule(
            "!has(self.routes) || self.routes.all(route, !has(route.port) || route.port in self.ports)",
            "a route leads to a port that is not among ports",
            ".routes",
        ),
    )
    image: Image = Field(description="Container image.")
    ports: dict[PortName, Port] = Field(min_length=1, max_length=10, description="Name and number of each port.")
    replicas: Replicas
    placement: Placement = Field(description="Node group: spot or on-demand.")
    resources: Resources = Field(default=Resources(), description="CPU and memory of one Pod.")
    routes: list[Route] = Field(
        default=[], max_length=32, description="How the gateway leads here; nowhere from outside if unset."
    )
    database: Database | None = None
    secrets: dict[VariableName, SecretReference] = Field(
        default={},
        max_length=50,
        description="Variable -> secret in AWS Secrets Manager, or secret#member of a JSON object.",
    )
    env: dict[VariableName, Text] = Field(default={}, max_length=100, description="Plain variables.")
    needs: list[Name] = Field(
        default=[],
        max_length=32,
        description="Services, or kafka, redis, timeseries: reachable, with their addresses in the environment.",
    )
    objectives: Objectives | None = None
