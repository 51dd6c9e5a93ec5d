"""AuraService: everything one service needs to run, declared as one resource."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from contracts import variables
from contracts.durations import Duration, between
from contracts.image import Image
from contracts.names import Name
from contracts.resource import Placement, ResourceModel, SecretReference
from contracts.routing import HostName, Origin, RoutePath
from contracts.rules import Checked, Rule, Unique, immutable, none_of

RESERVED_DATABASES = "^(pg_|rds|(postgres|template0|template1|public|none)$)"
"""Names of databases and roles that exist everywhere or that PostgreSQL (pg_, public, none) or RDS refuses."""

Port = Annotated[int, Field(ge=1024, le=65535)]
PortName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=15)]
"""As Kubernetes has it for a container's port: no two hyphens in a row."""
VariableName = Annotated[str, Field(pattern=r"^[A-Z_][A-Z0-9_]*$", max_length=100)]
DatabaseName = Annotated[
    str,
    Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=63),
    Checked(
        f"!self.matches('{RESERVED_DATABASES}')",
        "PostgreSQL or RDS keeps this name to itself",
        lambda name: not re.match(RESERVED_DATABASES, name),
    ),
]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$", max_length=4096)]
"""No process can be given a NUL character."""


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


_SIZE = "^([1-9][0-9]{0,4}Ki|[1-9][0-9]?Mi)$"
BodySize = Annotated[
    str,
    Field(max_length=16),
    Checked(
        f"self.matches('{_SIZE}')",
        "is no size of a body: 1Ki to 99999Ki or 1Mi to 99Mi",
        lambda size: re.fullmatch(_SIZE.rstrip("$"), size) is not None,
    ),
]
"""As in 64Ki or 8Mi; at most 99Mi."""
_BYTES = {"Ki": 1 << 10, "Mi": 1 << 20}


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
    host: HostName = Field(description="Host name of the request, in lower case.")
    path: RoutePath = Field(
        description="Path prefix of the request, without a slash at its end. Of two services that claim a host and path"
        " the one whose route is older is served; the condition Routed of the other one says so."
    )
    auth: Auth = Field(description="jwt: only with a valid access token; none: everyone.")
    rate_limit: RateLimit | None = Field(default=None, description="No limit if unset.")
    port: PortName | None = Field(default=None, description="Name of the port that serves it; http if unset.")
    max_body: BodySize = Field(
        default="1Mi",
        description="Largest body of a request, in Ki or Mi, at most 99Mi; the rest get 413. 1Mi if unset.",
    )
    origins: list[Origin] = Field(
        default=[],
        max_length=16,
        description="Origins, as in https://app.example.com, whose pages may call this (CORS); none if unset. The "
        "gateway answers their preflights without a token. Pages send tokens; cookies are not allowed.",
    )

    @property
    def max_body_bytes(self) -> int:
        return int(self.max_body[:-2]) * _BYTES[self.max_body[-2:]]


class Database(ResourceModel):
    """A database on an RDS instance; the Pods get DATABASE_URL."""

    rules: ClassVar = (immutable("instance"), immutable("name"))
    instance: Name = Field(description="Identifier of the RDS instance.")
    name: DatabaseName = Field(
        description="Name of the database and of its owner; not postgres, template0, template1, public, none, pg_... or"
        " rds..."
    )
    migrate: list[Text] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="Command that brings the schema up to date before a Pod starts; each word as it is, without"
        " expansion of $.",
    )


class Monitoring(ResourceModel):
    """A login at RDS instances that sees how far each is, and nobody's rows; the Pods get MONITOR_URLS."""

    instances: Annotated[list[Name], Unique()] = Field(
        min_length=1, max_length=16, description="Identifiers of the RDS instances."
    )
    password: SecretReference = Field(
        description="Secret of AWS Secrets Manager with the login's password. A replica has the logins of its source:"
        " the secret must be the same in both regions of a pair."
    )


class Objectives(ResourceModel):
    """What users may expect; alerts watch how fast the error budget burns."""

    latency_p99: Annotated[Duration, between("1ms", "10m")] | None = Field(
        default=None, alias="latencyP99", description="99 of 100 requests are faster; 1ms to 10m."
    )
    availability: float | None = Field(default=None, gt=0, lt=100, description="Percent of requests that succeed.")


class Resources(ResourceModel):
    """Resource requests and limits of one Pod."""

    cpu: Annotated[str, Field(pattern=r"^([1-9][0-9]{0,4}m|[1-9][0-9]?)$", max_length=6)] = Field(
        default="100m", description="CPU request in cores, at most 99, or as in 250m; 100m if unset."
    )
    memory: Annotated[str, Field(pattern=r"^([1-9][0-9]{0,5}Mi|[1-9][0-9]{0,2}Gi)$", max_length=8)] = Field(
        default="256Mi", description="Memory request and limit in Mi or Gi, at most 999Gi; 256Mi if unset."
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
        none_of(
            "self.ports.filter(one, self.ports.exists(other, one != other && self.ports[one] == self.ports[other]))",
            "each port needs a number of its own, two have one",
            ".ports",
            lambda spec: [one for one in spec.ports if list(spec.ports.values()).count(spec.ports[one]) > 1],
        ),
        none_of(
            variables.SET_TWICE,
            "a port and a need set the same variable, rename the port",
            ".ports",
            lambda spec: variables.set_twice(spec.ports, spec.needs),
        ),
        none_of(
            f"(has(self.env) ? {variables.PLATFORM_SETS}.filter(name, name in self.env) : [])",
            "env sets a variable that the platform sets",
            ".env",
            lambda spec: spec.set_by_platform(spec.env),
        ),
        none_of(
            f"(has(self.secrets) ? {variables.PLATFORM_SETS}.filter(name, name in self.secrets) : [])",
            "secrets sets a variable that the platform sets",
            ".secrets",
            lambda spec: spec.set_by_platform(spec.secrets),
        ),
        *(
            none_of(
                f"(has(self.{member}) ? self.{member}.filter(name, name.startsWith('{variables.KUBELET}')) : [])",
                f"{member} sets a variable of the kubelet",
                f".{member}",
                lambda spec, member=member: [
                    name for name in getattr(spec, member) if name.startswith(variables.KUBELET)
                ],
            )
            for member in ("env", "secrets")
        ),
        none_of(
            "self.ports.filter(one, one == 'kubernetes')",
            "KUBERNETES_PORT is a variable of the kubelet, rename the port",
            ".ports",
            lambda spec: [one for one in spec.ports if one == "kubernetes"],
        ),
        none_of(
            "(has(self.needs) ? self.needs.filter(one, one == 'kubernetes') : [])",
            "every Pod has the address of the API server, leave this need out",
            ".needs",
            lambda spec: [one for one in spec.needs if one == "kubernetes"],
        ),
        none_of(
            "(has(self.tokenKeys) ? self.tokenKeys.filter(name, !has(self.secrets) || !(name in self.secrets)) : [])",
            "tokenKeys names a variable that is not among secrets",
            ".tokenKeys",
            lambda spec: [name for name in spec.token_keys if name not in spec.secrets],
        ),
        Rule(
            "!has(self.idleTimeout) || (has(self.routes) && self.routes.size() > 0)",
            "idleTimeout is the gateway's, and no route leads here: leave it out or declare a route",
            ".idleTimeout",
            offenders=lambda spec: [spec.idle_timeout] if spec.idle_timeout and not spec.routes else [],
        ),
        none_of(
            "(has(self.env) && has(self.secrets) ? self.secrets.filter(name, name in self.env) : [])",
            "a variable is in env and in secrets",
            ".env",
            lambda spec: [name for name in spec.secrets if name in spec.env],
        ),
    )
    image: Image = Field(description="Container image: [registry[:port]/]path[:tag][@digest].")
    ports: dict[PortName, Port] = Field(
        min_length=1,
        max_length=10,
        description="Name and number of each port, 1024 to 65535; the Pods get http as PORT, others as <NAME>_PORT.",
    )
    replicas: Replicas
    placement: Placement = Field(description="Node group: spot or on-demand.")
    resources: Resources = Field(default=Resources(), description="CPU and memory of one Pod.")
    routes: Annotated[list[Route], Unique(("host", "path"))] = Field(
        default=[],
        max_length=32,
        description="How the gateway leads here, each host and path once; nowhere from outside if unset.",
    )
    idle_timeout: Annotated[Duration, between("1s", "1h")] | None = Field(
        default=None,
        description="How long a request or a WebSocket may be silent before the gateway ends it, 1s to 1h; 60s if"
        " unset. Sockets that may be silent for longer need more than they allow themselves.",
    )
    database: Database | None = None
    monitors: Monitoring | None = None
    secrets: dict[VariableName, SecretReference] = Field(
        default={},
        max_length=50,
        description="Variable -> secret in AWS Secrets Manager, or secret#member of a JSON object. The first part of"
        " its name is its owner: this service, or one that names this service in the secret's tag aura:readers. Not a"
        " variable that env or the platform sets.",
    )
    token_keys: Annotated[list[VariableName], Unique()] = Field(
        default=[],
        max_length=4,
        description="Variables of secrets with the private keys (PEM, EC P-256) that sign access tokens: the gateway"
        " takes tokens of these keys, of all services that declare some. The first is the current key; the others may"
        " be empty.",
    )
    env: dict[VariableName, Text] = Field(
        default={},
        max_length=100,
        description="Plain variables, each value as it is, without expansion of $. Not those that the platform sets: "
        + ", ".join(variables.FIXED)
        + "; <NAME>_PORT of a port; <NEED>_SERVICE_HOST and _PORT of a need; TIMESERIES_URL and"
        " TIMESERIES_CA_FILE with the need timeseries; "
        + ", ".join(variables.AWS_SDK)
        + " with the need aws; DATABASE_URL with database.",
    )
    needs: Annotated[list[Name], Unique()] = Field(
        default=[],
        max_length=32,
        description="Other services, or kafka, redis, timeseries, aws (with the role of the ServiceAccount), each once:"
        " reachable, with their addresses in the environment; internet: public addresses by HTTPS.",
    )
    objectives: Objectives | None = None

    def set_by_platform(self, names: Mapping[str, object]) -> list[str]:
        """Those of these variables that the platform sets."""
        return variables.taken(names, self.ports, self.needs, self.database is not None)
