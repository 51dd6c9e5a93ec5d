"""Parameters of the family redis7: defaults, allowed values, and what they are in redis.conf.

Source: "Redis 7 parameters" and the tables of the versions before it in the user guide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_UNBOUNDED = 2**63 - 1


@dataclass(frozen=True)
class Parameter:
    name: str
    default: str
    allowed: tuple[str, ...] = ()
    """The only values; otherwise a whole number of `least` to `most`."""
    least: int = 0
    most: int = _UNBOUNDED
    modifiable: bool = True
    reboot: bool = False
    """Whether a change takes effect when the node is rebooted."""
    pattern: str = ""
    """Regular expression of the values, instead of `allowed` and the range."""
    engine: bool = True
    """Whether Redis has it under this name; the others are ElastiCache's own, or parts of a setting."""

    def accepts(self, value: str) -> bool:
        if self.pattern:
            return re.fullmatch(self.pattern, value) is not None
        if self.allowed:
            return value in self.allowed
        return re.fullmatch("-?[0-9]{1,19}", value) is not None and self.least <= int(value) <= self.most

    @property
    def data_type(self) -> str:
        return "string" if self.allowed or self.pattern else "integer"

    @property
    def allowed_values(self) -> str:
        if self.pattern:
            return ""
        return ",".join(self.allowed) if self.allowed else f"{self.least}-{self.most}"


def _switch(name: str, default: str, modifiable: bool = True, reboot: bool = False, engine: bool = True) -> Parameter:
    return Parameter(name, default, ("yes", "no"), modifiable=modifiable, reboot=reboot, engine=engine)


_BUFFERS = {"normal": ("0", "0", "0"), "pubsub": ("33554432", "8388608", "60")}
_LIMITS = ("hard-limit", "soft-limit", "soft-seconds")
_POLICIES = ("volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu", "volatile-random", "allkeys-random")

_TABLE = (
    Parameter("acllog-max-len", "128", least=1, most=10_000),
    _switch("activedefrag", "no"),
    Parameter("active-defrag-cycle-max", "75", least=1, most=75),
    Parameter("active-defrag-cycle-min", "5", least=1, most=75),
    Parameter("active-defrag-ignore-bytes", "104857600", least=1_048_576),
    Parameter("active-defrag-max-scan-fields", "1000", least=1, most=1_000_000),
    Parameter("active-defrag-threshold-lower", "10", least=1, most=100),
    Parameter("active-defrag-threshold-upper", "100", least=1, most=100),
    Parameter("active-expire-effort", "1", least=1, most=10),
    _switch("activerehashing", "yes", reboot=True),
    Parameter("appendfsync", "everysec", ("always", "everysec", "no"), modifiable=False, engine=False),
    _switch("appendonly", "no", modifiable=False, engine=False),
    *(
        Parameter(f"client-output-buffer-limit-{kind}-{limit}", value, engine=False)
        for kind, values in _BUFFERS.items()
        for limit, value in zip(_LIMITS, values, strict=True)
    ),
    Parameter("client-output-buffer-limit-replica-soft-seconds", "60", modifiable=False, engine=False),
    Parameter("client-query-buffer-limit", "1073741824", least=1_048_576, most=1_073_741_824),
    _switch("close-on-replica-write", "yes", engine=False),
    _switch("cluster-allow-pubsubshard-when-down", "yes"),
    _switch("cluster-allow-reads-when-down", "no"),
    _switch("cluster-enabled", "no", modifiable=False, engine=False),
    Parameter("cluster-preferred-endpoint-type", "tls-dynamic", ("ip", "tls-dynamic"), engine=False),
    _switch("cluster-require-full-coverage", "no"),
    Parameter("databases", "16", least=1, most=10_000, reboot=True),
    Parameter("hash-max-listpack-entries", "512"),
    Parameter("hash-max-listpack-value", "64"),
    Parameter("hll-sparse-max-bytes", "3000", least=1, most=16_000),
    _switch("latency-tracking", "no"),
    _switch("lazyfree-lazy-eviction", "no", modifiable=False),
    _switch("lazyfree-lazy-expire", "no", modifiable=False),
    _switch("lazyfree-lazy-server-del", "no", modifiable=False),
    _switch("lazyfree-lazy-user-del", "no"),
    Parameter("lfu-decay-time", "1", most=2**31 - 1),
    Parameter("lfu-log-factor", "10", most=2**31 - 1),
    Parameter("list-compress-depth", "0", most=2**31 - 1),
    Parameter("list-max-listpack-size", "-2", least=-5, most=2**31 - 1, modifiable=False),
    Parameter("maxclients", "65000", least=1, most=65_000, modifiable=False, engine=False),
    Parameter("maxmemory-policy", "volatile-lru", (*_POLICIES, "volatile-ttl", "noeviction")),
    Parameter("maxmemory-samples", "3", least=1, most=64),
    Parameter("min-replicas-max-lag", "10", most=2**31 - 1),
    Parameter("min-replicas-to-write", "0", most=2**31 - 1),
    Parameter("notify-keyspace-events", "", pattern="[KEg$lshzxeAtmdn]*"),
    Parameter("proto-max-bulk-len", "536870912", least=1_048_576, most=536_870_912),
    Parameter("rename-commands", "", pattern=".*", engine=False),
    Parameter("repl-backlog-size", "1048576", least=16_384),
    Parameter("repl-backlog-ttl", "3600", most=2**31 - 1),
    _switch("replica-allow-chaining", "no", modifiable=False, engine=False),
    _switch("replica-ignore-maxmemory", "yes", modifiable=False),
    _switch("replica-lazy-flush", "no", modifiable=False),
    Parameter("reserved-memory-percent", "25", most=100, engine=False),
    Parameter("set-max-intset-entries", "512", most=500_000_000),
    Parameter("slowlog-log-slower-than", "10000", least=-1),
    Parameter("slowlog-max-len", "128"),
    Parameter("stream-node-max-bytes", "4096"),
    Parameter("stream-node-max-entries", "100"),
    Parameter("tcp-keepalive", "300", most=2**31 - 1),
    Parameter("timeout", "0", most=2**31 - 1),
    Parameter("tracking-table-max-keys", "1000000", least=1, most=100_000_000),
    Parameter("zset-max-listpack-entries", "128"),
    Parameter("zset-max-listpack-value", "64"),
)
PARAMETERS = {parameter.name: parameter for parameter in _TABLE}

NOT_HERE = {
    "close-on-replica-write": "closing the connection of a client that writes to a replica; the server of AWS does",
    "cluster-preferred-endpoint-type": "Redis in cluster mode",
    "rename-commands": "renaming commands",
}
"""Parameters that AWS can set and this cloud cannot, with what they are for."""


def settings(chosen: Mapping[str, str], memory: int) -> dict[str, str]:
    """For redis.conf, of a node with `memory` bytes whose group sets `chosen`; names that are unknown are left out."""
    values = {name: chosen.get(name, parameter.default) for name, parameter in PARAMETERS.items()}
    found = {name: value for name, value in values.items() if PARAMETERS[name].engine}
    found["maxmemory"] = str(memory - memory * int(values["reserved-memory-percent"]) // 100)
    limits = (" ".join((kind, *(_limit(values, kind, limit) for limit in _LIMITS))) for kind in _BUFFERS)
    return {**found, "client-output-buffer-limit": " ".join(limits)}


def _limit(values: Mapping[str, str], kind: str, limit: str) -> str:
    return values[f"client-output-buffer-limit-{kind}-{limit}"]
