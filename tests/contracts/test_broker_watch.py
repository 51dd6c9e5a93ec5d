"""Whether a client of librdkafka that has given its brokers up is noticed, with the real library."""

from __future__ import annotations

import asyncio

import pytest
from confluent_kafka import Producer

from contracts.broker_watch import BrokerWatch
from tests.fixtures.brokerless import brokerless

CLIENTS = 10


@pytest.mark.timeout(60)
async def test_a_client_that_is_told_of_no_brokers_is_lost() -> None:
    """Which of its threads is first decides whether it is: of many clients one soon is."""
    watches = [BrokerWatch() for _ in range(CLIENTS)]
    async with brokerless("raw") as address, asyncio.timeout(40):
        often = {"topic.metadata.refresh.interval.ms": 10, "reconnect.backoff.ms": 10, "statistics.interval.ms": 100}
        settings = {"bootstrap.servers": address, "log_level": 0, **often}
        producers = [Producer({**watch.settings, **settings}) for watch in watches]
        for producer in producers:
            producer.produce("raw", b"1")
        while not any(watch.lost for watch in watches):
            for producer in producers:
                producer.poll(0)
            await asyncio.sleep(0.01)


@pytest.mark.timeout(60)
async def test_a_client_whose_broker_does_not_answer_is_not_lost() -> None:
    watch, seen = BrokerWatch(), list[bool]()

    def noted(statistics: str) -> None:
        watch.on_statistics(statistics)
        seen.append(watch.lost)

    settings = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0, "statistics.interval.ms": 100, "stats_cb": noted}
    producer = Producer(settings)
    async with asyncio.timeout(40):
        while len(seen) < 10:
            producer.poll(0)
            await asyncio.sleep(0.01)
    assert not any(seen)


@pytest.mark.parametrize(
    ("brokers", "lost"),
    [
        ("{}", True),
        ('{"GroupCoordinator": {"source": "logical"}}', True),
        ('{"b:9092/bootstrap": {"source": "configured"}}', False),
        ('{"GroupCoordinator": {"source": "logical"}, "b:9092/1": {"source": "learned", "state": "DOWN"}}', False),
    ],
)
def test_only_addresses_count(brokers: str, lost: bool) -> None:
    watch = BrokerWatch()
    watch.on_statistics(f'{{"name": "rdkafka#producer-1", "brokers": {brokers}}}')
    assert watch.lost is lost
