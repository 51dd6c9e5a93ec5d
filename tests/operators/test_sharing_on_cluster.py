"""Streams that share topics or tables, on a real cluster, Kafka and PostgreSQL."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from contracts.connections import kafka_client
from contracts.resource import API_VERSION
from operators.adapters.kafka.admin import KafkaRefused, KafkaUnreachable, TopicAdmin
from operators.adapters.kafka.topics import CreatePartitions, CreateTopic, Topic
from operators.biostream.siblings import store_of
from tests.operators.conftest import Installation
from tests.operators.test_biostream_on_cluster import response_service, spec, topics

pytestmark = pytest.mark.integration


def older(installation: Installation, name: str, **members: Any) -> None:
    installation.apply("BioStream", name, spec(name, **members))
    installation.until_reason("biostream", name, "TablesReady", "AsDeclared")
    time.sleep(1)  # the age of objects is in whole seconds


def test_another_retention_of_the_same_tables_is_refused_until_the_streams_agree(installation: Installation) -> None:
    response_service(installation)
    installation.store("agreed")
    older(installation, "first-keeper", sink={"database": "agreed"})
    short = spec("second-keeper", sink={"database": "agreed", "retention": "2h"})
    installation.apply("BioStream", "second-keeper", short)
    condition = installation.until_reason("biostream", "second-keeper", "Accepted", "Conflict")
    assert "BioStream operators/first-keeper is older" in condition["message"]
    assert "sink.retention is 90d there and 2h here" in condition["message"]
    assert not installation.get("deployment", "second-keeper")
    assert not [name for name in topics(installation) if name.startswith("second-keeper")]
    assert installation.conditions("biostream", "first-keeper")["Accepted"]["reason"] == "NoConflict"
    installation.apply("BioStream", "second-keeper", spec("second-keeper", sink={"database": "agreed"}))
    installation.cluster.until(lambda: installation.get("deployment", "second-keeper"), 60)


def test_a_second_stream_of_the_same_beats_waits_until_the_first_is_deleted(installation: Installation) -> None:
    response_service(installation)
    installation.store("doubled")
    older(installation, "single", sink={"database": "doubled"})
    again = spec("single", sink={"database": "doubled"}, hrv={"window": "120s"})
    installation.apply("BioStream", "doubling", again)
    condition = installation.until_reason("biostream", "doubling", "Ready", "Conflict")
    assert "operators/single" in condition["message"]
    assert not installation.get("deployment", "doubling")
    installation.kubectl("delete", "biostream", "single", "--timeout=60s")
    installation.cluster.until(lambda: installation.get("deployment", "doubling"), 60)


def test_a_stream_of_another_namespace_counts_if_its_data_lies_in_the_same_place(installation: Installation) -> None:
    response_service(installation)
    uri, namespace = installation.store("abroad"), installation.cluster.namespace("operators-abroad")
    there = spec("abroad", sink={"database": "other-name"}, hrv={"window": "120s"})
    about = {"apiVersion": API_VERSION, "kind": "BioStream", "metadata": {"name": "abroad"}}
    installation.cluster.apply({**about, "spec": there}, namespace=namespace)
    status = {"observedGeneration": 1, "conditions": [], "database": store_of(uri, namespace), "workers": 1}
    patch = ("patch", "biostream", "abroad", "-n", namespace, "--subresource=status", "--type=merge", "-p")
    installation.cluster.kubectl(*patch, json.dumps({"status": status}))
    time.sleep(1)
    installation.apply("BioStream", "home", spec("home", sink={"database": "abroad"}))
    condition = installation.until_reason("biostream", "home", "Accepted", "Conflict")
    assert "BioStream operators-abroad/abroad is older" in condition["message"]
    assert "hrv.window is 120s there and 60s here" in condition["message"]
    installation.cluster.kubectl("delete", "biostream", "abroad", "-n", namespace)
    installation.until_reason("biostream", "home", "Accepted", "NoConflict")


def test_topics_that_kafka_does_not_tell_apart_are_no_outage(installation: Installation) -> None:
    response_service(installation)
    installation.store("dots")
    older(installation, "dots", sink={"database": "dots"})
    source = {"topic": "dots.raw", "partitions": 2, "retention": "24h"}
    installation.apply("BioStream", "underscores", spec("underscores", source=source, sink={"database": "dots"}))
    installation.until_reason("biostream", "underscores", "TopicsReady", "AsDeclared")
    source = {"topic": "dots_raw", "partitions": 2, "retention": "24h"}
    installation.apply("BioStream", "collides", spec("collides", source=source, sink={"database": "dots"}))
    condition = installation.until_reason("biostream", "collides", "TopicsReady", "TopicCollision")
    assert "dots.raw and dots_raw" in condition["message"]
    assert not [name for name in topics(installation) if name.startswith("collides")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (CreateTopic(Topic("refused_one", 1, None, 1000)), "TopicCollision"),
        (CreateTopic(Topic("x" * 300, 1, None, 1000)), "InvalidTopic"),
        (CreateTopic(Topic("refused-config", 1, None, -7)), "InvalidConfig"),
        (CreateTopic(Topic("refused-copies", 1, 3, 1000)), "InvalidReplicationFactor"),
        (CreatePartitions("refused.one", 1), "InvalidPartitions"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_each_kind_of_refusal_has_its_reason_and_kafkas_own_words(
    installation: Installation, change: CreateTopic | CreatePartitions, reason: str
) -> None:
    admin = TopicAdmin(kafka_client(installation.kafka.bootstrap))
    await admin.apply([CreateTopic(Topic("refused.one", 2, None, 1000))])
    with pytest.raises(KafkaRefused) as refused:
        await admin.apply([change])
    assert refused.value.reason == reason
    assert "Kafka at" in str(refused.value)


async def test_brokers_that_do_not_answer_are_unreachable() -> None:
    with pytest.raises(KafkaUnreachable, match=r"127\.0\.0\.1:1"):
        await TopicAdmin(kafka_client("127.0.0.1:1")).describe(["any"])
