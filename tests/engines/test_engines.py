"""Killed engines keep the data that they acknowledged."""

from __future__ import annotations

import psycopg
import pytest
import redis as redis_client
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from local.engines.kafka import Kafka
from local.engines.redis import Redis
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration


def test_postgres_killed_keeps_committed_rows_and_its_address(postgres: Database) -> None:
    uri = postgres.create("durable")
    with psycopg.connect(uri) as connection:
        connection.execute("CREATE TABLE t (v int)")
        connection.execute("INSERT INTO t SELECT generate_series(1, 1000)")
    postgres.server.process.kill()
    assert not postgres.server.ready()
    postgres.server.ensure()
    with psycopg.connect(uri) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (1000,)


def test_the_customers_role_of_postgres_is_no_superuser(postgres: Database) -> None:
    with psycopg.connect(postgres.create("customer")) as connection:
        row = connection.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user").fetchone()
    assert row == (False, True)


def test_kafka_killed_keeps_acknowledged_records(kafka: Kafka) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic("durable", 1, 1)])["durable"].result(30)
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all"})
    for number in range(100):
        producer.produce("durable", str(number))
    assert producer.flush(30) == 0
    kafka.process.kill()
    assert not kafka.ready()
    kafka.ensure()
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": "reader", "auto.offset.reset": "earliest"})
    consumer.subscribe(["durable"])
    messages = consumer.consume(100, timeout=30)
    consumer.close()
    assert [message.value() for message in messages] == [str(number).encode() for number in range(100)]


def test_redis_killed_keeps_written_keys(redis: Redis) -> None:
    client = redis_client.Redis.from_url(redis.url)
    client.set("durable", "yes")
    redis.process.kill()
    assert not redis.ready()
    redis.ensure()
    assert client.get("durable") == b"yes"
