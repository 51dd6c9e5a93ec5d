"""Notices a client of librdkafka that has given all brokers up.

A broker that stops may answer, for a moment, that the cluster has no brokers. librdkafka 2.10 to 2.16 then removes all
that it knows, those of bootstrap.servers too, and most times never connects again (confluentinc/librdkafka, issue
5301). It reports no error, and no setting prevents it: only a new client helps.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, json

_INTERVAL_MS = 2000


class _Broker(Struct):
    source: str


class _Statistics(Struct):
    """The fields read here of librdkafka's statistics (STATISTICS.md)."""

    brokers: dict[str, _Broker]


class BrokerWatch:
    """Of one client, whose configuration has `settings`. The client must be polled always, also while it has nothing to
    do: statistics wait in memory until then."""

    def __init__(self) -> None:
        self.lost = False
        """Whether the client knew no broker at some time. One whose brokers are away still knows them."""

    @property
    def settings(self) -> dict[str, Any]:
        return {"statistics.interval.ms": _INTERVAL_MS, "stats_cb": self.on_statistics}

    def on_statistics(self, statistics: str) -> None:
        # Logical ones stand for a role, such as the group's coordinator, and the internal one for no broker.
        known = json.decode(statistics, type=_Statistics).brokers.values()
        self.lost = self.lost or all(broker.source in {"logical", "internal"} for broker in known)
