"""server.properties that a configuration may set, and their values.

Names are those of https://docs.aws.amazon.com/msk/latest/developerguide/msk-configuration-properties.html; bounds are
of that page where it has some, else of https://kafka.apache.org/documentation/#brokerconfigs. A bound marked with
"broker" is tighter: beyond it a broker does not start, or answers nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

INT, LONG, SHORT = 2**31 - 1, 2**63 - 1, 2**15 - 1
THREADS = 512
"""broker: threads of one kind in one process."""

Check = Callable[[str], str | None]
"""Why a value is invalid; None for a valid one."""


def whole(least: int, most: int = INT) -> Check:
    def check(value: str) -> str | None:
        if not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
            return f"must be a whole number, not {value}"
        return None if least <= int(value) <= most else f"must be from {least} to {most}"

    return check


def ratio(value: str) -> str | None:
    if not re.fullmatch(r"\d*\.?\d+|\d+\.", value, re.ASCII):
        return f"must be a number, not {value}"
    return None if 0 <= float(value) <= 1 else "must be from 0 to 1"


def one_of(*values: str) -> Check:
    return lambda value: None if value in values else f"must be one of {', '.join(values)}"


def some_of(*values: str) -> Check:
    def check(value: str) -> str | None:
        chosen = [part.strip() for part in value.split(",")]
        valid = set(chosen) <= set(values) and len(set(chosen)) == len(chosen)
        return None if valid else f"must be a list of {', '.join(values)}"

    return check


def switch(value: str) -> str | None:
    return None if value.lower() in ("true", "false") else "must be true or false"


def retention(most: int) -> Check:
    """Negative means unlimited; 0 is refused by the broker."""
    return lambda value: whole(-1, most)(value) or ("must not be 0" if int(value) == 0 else None)


PROPERTIES: Mapping[str, Check] = {
    "allow.everyone.if.no.acl.found": switch,
    "auto.create.topics.enable": switch,
    "compression.type": one_of("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
    "connections.max.idle.ms": whole(1000, LONG),  # broker
    "default.replication.factor": whole(1, SHORT),
    "delete.topic.enable": switch,
    "group.initial.rebalance.delay.ms": whole(0),
    "group.max.session.timeout.ms": whole(1),
    "group.min.session.timeout.ms": whole(1),
    "leader.imbalance.per.broker.percentage": whole(0, 100),
    "log.cleaner.delete.retention.ms": whole(0, LONG),
    "log.cleaner.min.cleanable.ratio": ratio,
    "log.cleanup.policy": some_of("compact", "delete"),
    "log.flush.interval.messages": whole(1, LONG),
    "log.flush.interval.ms": whole(0, LONG),
    "log.message.timestamp.difference.max.ms": whole(0, LONG),
    "log.message.timestamp.type": one_of("CreateTime", "LogAppendTime"),
    "log.retention.bytes": whole(-1, LONG),
    "log.retention.hours": retention(INT),
    "log.retention.minutes": retention(INT),
    "log.retention.ms": retention(LONG),
    "log.roll.ms": whole(1, LONG),
    "log.segment.bytes": whole(1048576),
    "max.incremental.fetch.session.cache.slots": whole(0),
    "message.max.bytes": whole(0),
    "min.insync.replicas": whole(1),
    "num.io.threads": whole(1, THREADS),
    "num.network.threads": whole(1, THREADS),
    "num.partitions": whole(1),
    "num.recovery.threads.per.data.dir": whole(1, THREADS),
    "num.replica.fetchers": whole(1, THREADS),
    "offsets.retention.minutes": whole(1),
    "offsets.topic.replication.factor": whole(1, SHORT),
    "replica.fetch.max.bytes": whole(0),
    "replica.fetch.response.max.bytes": whole(0),
    "replica.lag.time.max.ms": whole(10000, 30000),
    "replica.selector.class": one_of("org.apache.kafka.common.replica.RackAwareReplicaSelector"),
    "replica.socket.receive.buffer.bytes": whole(1),
    "socket.receive.buffer.bytes": whole(-1),
    "socket.request.max.bytes": whole(1048576),  # broker
    "socket.send.buffer.bytes": whole(-1),
    "transaction.max.timeout.ms": whole(1),
    "transaction.state.log.min.isr": whole(1),
    "transaction.state.log.replication.factor": whole(1, SHORT),
    "transactional.id.expiration.ms": whole(1),
    "unclean.leader.election.enable": switch,
    "zookeeper.connection.timeout.ms": whole(6000, 18000),
    "zookeeper.session.timeout.ms": whole(6000, 18000),
}

_WITHOUT_ZOOKEEPER = {"zookeeper.connection.timeout.ms", "zookeeper.session.timeout.ms"}
"""Valid for all clusters, without effect in KRaft mode."""

_SUCCESSORS = ("log.message.timestamp.before.max.ms", "log.message.timestamp.after.max.ms")
"""What replaced log.message.timestamp.difference.max.ms in Kafka 4."""


def problems(properties: Mapping[str, str]) -> str | None:
    """What is wrong with the properties, in the form of MSK: a JSON list with each; None when nothing is."""
    found = []
    for name, value in properties.items():
        check = PROPERTIES.get(name)
        why = f"Key '{name}' is not supported." if check is None else None
        if check is not None and (wrong := check(value)):
            why = f"The value of {name} {wrong}."
        if why:
            found.append({"name": name, "value": value, "errorMessages": [why]})
    return json.dumps(found) if found else None


def broker_settings(properties: Mapping[str, str]) -> dict[str, str]:
    """The same in the terms of the installed Kafka."""
    settings = {name: value for name, value in properties.items() if name not in _WITHOUT_ZOOKEEPER}
    difference = settings.pop("log.message.timestamp.difference.max.ms", None)
    return settings if difference is None else {**settings, **dict.fromkeys(_SUCCESSORS, difference)}
