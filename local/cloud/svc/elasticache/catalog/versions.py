"""Engines and versions of replication groups: those of AWS, and the one that is installed.

Source: "Supported engines and versions" in the user guide. From Redis 6 on a version has no patch level.
"""

from __future__ import annotations

INSTALLED = "7.0"
FAMILY = "redis7"
DEFAULT_GROUP, CLUSTER_DEFAULT_GROUP = f"default.{FAMILY}", f"default.{FAMILY}.cluster.on"
"""The default parameter groups of the family, the second for cluster mode."""

REDIS = (
    *("2.6.13", "2.8.6", "2.8.19", "2.8.21", "2.8.22", "2.8.23", "2.8.24", "3.2.4", "3.2.6", "3.2.10", "4.0.10"),
    *("5.0.0", "5.0.3", "5.0.4", "5.0.5", "5.0.6", "6.0", "6.2", "7.0", "7.1"),
)
VALKEY = ("7.2", "8.0", "8.1", "8.2")

FAMILIES = (
    *("redis2.6", "redis2.8", "redis3.2", "redis4.0", "redis5.0", "redis6.x", "redis7", "valkey7", "valkey8"),
    *("memcached1.4", "memcached1.5", "memcached1.6"),
)
"""Of parameter groups."""


def exists(engine: str, version: str | None) -> bool:
    """Whether AWS has this version; without a version, whether it has the engine."""
    of_engine = {"redis": REDIS, "valkey": VALKEY}.get(engine, ())
    return bool(of_engine) if version is None else version in of_engine


def is_installed(engine: str, version: str | None) -> bool:
    return engine == "redis" and version in (None, INSTALLED)


def not_installed(engine: str, version: str | None) -> str:
    """What to say of an engine or version that AWS has and this cloud has not."""
    return f"{engine} {version or ''}".strip() + f"; redis {INSTALLED} is installed"


def is_older(version: str, than: str) -> bool:
    return _parts(version) < _parts(than)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
