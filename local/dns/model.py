"""Hosted zones, records and health checks as the server has them; the file that it reads is their JSON."""

from __future__ import annotations

from pathlib import Path

import msgspec

CONFIGURATION, HEALTH = "configuration.json", "health.json"
"""Files of the server's folder: what it reads, and what it writes."""


class Alias(msgspec.Struct, frozen=True):
    """An alias to the records `name` of the same type. Route 53 answers with what they answer."""

    name: str
    evaluate_health: bool


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A record set. `name` is in lower case and ends with a dot; `values` are in the form of zone files."""

    name: str
    type: str
    ttl: int = 0
    values: tuple[str, ...] = ()
    set_id: str = ""
    alias: Alias | None = None
    health_check: str = ""
    failover: str = ""
    """PRIMARY or SECONDARY; at most one of the policies is set."""
    weight: int | None = None
    region: str = ""
    multivalue: bool = False


class Zone(msgspec.Struct, frozen=True):
    name: str
    records: tuple[Record, ...]


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A health check: what is probed, or for a calculated one its `children` and how many of them must be healthy."""

    id: str
    type: str
    """HTTP, HTTPS, HTTP_STR_MATCH, HTTPS_STR_MATCH, TCP or CALCULATED."""
    host: str = ""
    """Name that is resolved when there is no address, and that the request is for."""
    address: str = ""
    port: int = 80
    path: str = "/"
    search: str = ""
    interval: float = 30
    """Seconds: 10 or 30."""
    threshold: int = 3
    """Probes in a row that change the status."""
    sni: bool = False
    inverted: bool = False
    disabled: bool = False
    children: tuple[str, ...] = ()
    healthy_children: int = 0


class Configuration(msgspec.Struct, frozen=True):
    """All that the server answers by."""

    host: str
    port: int
    zones: tuple[Zone, ...] = ()
    checks: tuple[HealthCheck, ...] = ()


class Observation(msgspec.Struct, frozen=True):
    """The last probe of a health check: `at` in seconds since 1970, `status` as GetHealthCheckStatus says it."""

    healthy: bool
    status: str
    at: float
    failure: str = ""
    """The last one that failed, with its time in `failed_at`."""
    failed_at: float = 0


Observations = dict[str, Observation]


def encoded(content: msgspec.Struct | Observations) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=1)


def write(file: Path, content: msgspec.Struct | Observations) -> None:
    """Replaces the file, so that a reader finds the old content or the new one."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(encoded(content))
    fresh.replace(file)


def read(file: Path) -> Configuration:
    """Raises OSError, or msgspec.DecodeError when the content is not a configuration."""
    return msgspec.json.decode(file.read_bytes(), type=Configuration)


def observations(file: Path) -> Observations:
    """What the server wrote last; empty before."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Observations)
    except FileNotFoundError:
        return {}
