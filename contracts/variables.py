"""The environment variables that the platform sets in the Pods of an AuraService: the one table of them.

operators/ sets them. The schema refuses a resource whose `env` or `secrets` name one of them, or that sets a variable
twice, so that no variable of a Pod ever has two values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from contracts import platform

POD_IP = "POD_IP"
POD_NAME = "POD_NAME"
HOST = "HOST"
PORT = "PORT"
DATABASE_URL = "DATABASE_URL"
MONITOR_URLS = "MONITOR_URLS"
"""JSON: RDS instance -> URL of its first database, for a login that may see no rows."""
TIMESERIES_URL = "TIMESERIES_URL"
TIMESERIES_CA_FILE = "TIMESERIES_CA_FILE"

HTTP = "http"
"""The port that is PORT; another port `grpc` is GRPC_PORT."""
TIMESERIES = "timeseries"
REGION_URL = "REGION_URL"
"""Where a Pod asks what its region's state is (region_state.py); in a stack without a passive region nobody is told."""
AWS = "aws"
"""The need of a service that calls AWS, with the role of its ServiceAccount."""
CREDENTIALS_URI = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
"""By which EKS Pod Identity gives credentials."""
AWS_SDK = (
    *(CREDENTIALS_URI, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
    *("AWS_DEFAULT_REGION", "AWS_STS_REGIONAL_ENDPOINTS"),
)
"""Set with that need besides AWS_REGION, by EKS Pod Identity. Its webhook leaves a container without its role that sets
one of the first two, so the Pod would have no credentials (EKS User Guide, "Understand how EKS Pod Identity works")."""
INTERNET = "internet"
"""Public addresses, on which other companies' servers answer by HTTPS; it sets no variable."""
OPENSEARCH = "opensearch"
PLATFORM_NEEDS = {
    "kafka": platform.KAFKA_BOOTSTRAP,
    "redis": platform.REDIS_URL,
    OPENSEARCH: platform.OPENSEARCH_URL,
    AWS: platform.AWS_REGION,
}
"""Needs that the platform's configuration resolves, with the variable that must be in it."""
SECRETS_OF_NEEDS = {
    "kafka": (platform.KAFKA_PASSWORD,),
    "redis": (platform.REDIS_URL,),
    OPENSEARCH: (platform.OPENSEARCH_PASSWORD,),
}
"""Variables that the platform's Secret has for a need."""
NO_SERVICES = (*PLATFORM_NEEDS, TIMESERIES, INTERNET)
"""Needs that are no Services of the cluster."""

KUBELET = "KUBERNETES_"
"""Prefix of the variables that the kubelet sets in every container: the address of the API server."""

FIXED = (
    *(HOST, PORT, POD_IP, POD_NAME),
    *(platform.AWS_REGION, platform.AWS_ENDPOINT_URL, platform.KAFKA_BOOTSTRAP, platform.REDIS_URL),
    *(platform.KAFKA_SECURITY_PROTOCOL, platform.KAFKA_USERNAME, platform.KAFKA_PASSWORD, platform.CA_FILE),
    *(platform.OPENSEARCH_URL, platform.OPENSEARCH_USERNAME, platform.OPENSEARCH_PASSWORD),
    *(platform.MEDIA_BUCKET, platform.MEDIA_URL, platform.MEDIA_KEY_ID),
    *(platform.STATE_BUCKET, platform.TOKEN_ISSUER, platform.REGION_ROLE),
    *(platform.SECRETS_PREFIX, platform.WITNESS_BUCKET, platform.WITNESS_REGION, platform.TIMESERIES_PASSWORD),
    *(REGION_URL, MONITOR_URLS, platform.REPLICATOR),
)
"""Set by the image, by the operator, or from the platform's configuration."""


def port_variable(name: str) -> str:
    """The variable of the number of the port `name`."""
    return PORT if name == HTTP else f"{_upper(name)}_PORT"


def service_variables(need: str) -> tuple[str, str]:
    """The variables of host and port of a Service among `needs`."""
    return f"{_upper(need)}_SERVICE_HOST", f"{_upper(need)}_SERVICE_PORT"


def platform_sets(ports: Iterable[str], needs: Iterable[str], database: bool) -> list[str]:
    """Every variable that the platform sets for a service with these ports and needs, as often as it is set."""
    needed = list(needs)
    services = [need for need in needed if need not in NO_SERVICES]
    return [
        *FIXED,
        *(port_variable(port) for port in ports if port != HTTP),
        *(variable for need in services for variable in service_variables(need)),
        *([TIMESERIES_URL, TIMESERIES_CA_FILE] if TIMESERIES in needed else []),
        *(AWS_SDK if AWS in needed else []),
        *([DATABASE_URL] if database else []),
    ]


def taken(variables: Mapping[str, object], ports: Iterable[str], needs: Iterable[str], database: bool) -> list[str]:
    """Those of `variables` that the platform sets."""
    return [variable for variable in platform_sets(ports, needs, database) if variable in variables]


def set_twice(ports: Iterable[str], needs: Iterable[str]) -> list[str]:
    """Variables that a port and a need both set."""
    counts = Counter(platform_sets(ports, needs, database=False))
    return [variable for variable, count in counts.items() if count > 1]


def _cel_upper(name: str) -> str:
    return f"{name}.upperAscii().replace('-', '_')"


_SERVICES = f"self.needs.filter(need, !(need in {list(NO_SERVICES)}))"
PLATFORM_SETS = (
    f"({list(FIXED)}"
    f" + self.ports.map(port, port != '{HTTP}', {_cel_upper('port')} + '_PORT')"
    f" + (has(self.needs) ? {_SERVICES}.map(need, {_cel_upper('need')} + '_SERVICE_HOST') : [])"
    f" + (has(self.needs) ? {_SERVICES}.map(need, {_cel_upper('need')} + '_SERVICE_PORT') : [])"
    f" + (has(self.needs) && '{TIMESERIES}' in self.needs ? {[TIMESERIES_URL, TIMESERIES_CA_FILE]} : [])"
    f" + (has(self.needs) && '{AWS}' in self.needs ? {list(AWS_SDK)} : [])"
    f" + (has(self.database) ? ['{DATABASE_URL}'] : []))"
)
"""`platform_sets` in CEL, over the spec of an AuraService."""
SET_TWICE = (
    f"(has(self.needs) ? {_SERVICES}.filter(need, (need + '-service') in self.ports)"
    f".map(need, {_cel_upper('need')} + '_SERVICE_PORT') : [])"
)
"""`set_twice` in CEL."""


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")
