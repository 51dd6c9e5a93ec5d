"""Kafka versions and broker types that MSK offers.

https://docs.aws.amazon.com/msk/latest/developerguide/supported-kafka-versions.html
https://docs.aws.amazon.com/msk/latest/developerguide/broker-instance-types.html
"""

from __future__ import annotations

KRAFT = ("3.8.x.kraft", "3.9.x.kraft", "4.0.x.kraft", "4.1.x.kraft")
"""In KRaft mode, the oldest first. Whatever a cluster asks for, its brokers are of the one Kafka that is installed."""

ZOOKEEPER = ("3.8.x", "3.9.x")

DEPRECATED = (
    *("1.1.1", "2.1.0", "2.2.1", "2.3.1", "2.4.1", "2.4.1.1", "2.5.1", "2.6.0", "2.6.1", "2.6.2", "2.6.3"),
    *("2.7.0", "2.7.1", "2.7.2", "2.8.0", "2.8.1", "2.8.2.tiered", "3.1.1", "3.2.0", "3.3.1", "3.3.2", "3.4.0"),
    *("3.5.1", "3.6.0", "3.7.x", "3.7.x.kraft"),
)
"""Past their end of support: no new clusters."""

_M5 = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge")
_M7G = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
INSTANCE_TYPES = (
    "kafka.t3.small",
    *(f"kafka.m5.{size}" for size in _M5),
    *(f"kafka.m7g.{size}" for size in _M7G),
)
EXPRESS_TYPES = tuple(f"express.m7g.{size}" for size in _M7G)


def targets(version: str) -> list[str]:
    """Versions that a cluster of `version` can be updated to. KRaft clusters stay in KRaft mode."""
    known = ("3.7.x.kraft", *KRAFT)
    return list(known[known.index(version) + 1 :]) if version in known else []
