"""A replicator between two clusters whose brokers encrypt and want passwords."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.admin._resource import ResourceType
from confluent_kafka.cimpl import NewPartitions, NewTopic
from moto.cloudwatch.models import cloudwatch_backends

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.links import Links
from local.cloud.svc.msk.backing import ClusterBacking
from local.cloud.svc.msk.model import Cluster, MskState, Replicator
from local.cloud.svc.msk.replication import changed, completed
from local.cloud.svc.msk.replicator_backing import ReplicatorBacking
from local.engines.kafka import Kafka
from local.engines.kafka.replicator import Replicator as Engine
from local.engines.kafka.replicator.plan import HEADER
from local.engines.runtime.process import kill_recorded
from local.site import Site
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

NOW = datetime(2026, 11, 28, tzinfo=UTC)
WEST, EAST = "us-west-2", "us-east-1"
STAMP = int(time.time() * 1000) - 60_000
"""Of the first record: brokers delete records that are older than a topic's retention."""
Record = tuple[bytes | None, bytes | None, int, int, list[tuple[str, bytes]]]
"""Key, value, partition, timestamp, headers."""


@dataclass
class Side:
    cluster: Kafka

    @property
    def settings(self) -> dict[str, Any]:
        return {"bootstrap.servers": self.cluster.bootstrap, "log_level": 0}

    @cached_property
    def admin(self) -> AdminClient:
        return AdminClient(self.settings)

    def create(self, topic: str, partitions: int = 2, **config: str) -> None:
        for made in self.admin.create_topics([NewTopic(topic, partitions, 1, config=config)]).values():
            made.result(20)

    def send(self, topic: str, first: int, last: int) -> None:
        """Records whose values are the numbers from `first` to before `last`."""
        producer = Producer(self.settings)
        for number in range(first, last):
            value: bytes = str(number).encode()
            headers: Any = [("n", b"%d" % number)]
            place = {"key": b"k%d" % (number % 5), "partition": number % 2, "timestamp": STAMP + number}
            producer.produce(topic, value, headers=headers, **place)
        assert producer.flush(20) == 0

    def records(self, topic: str, count: int, seconds: float = 60) -> list[Record]:
        """The first `count` records, and those that are there at that moment."""
        reader = Consumer({**self.settings, "group.id": f"reader-{time.monotonic()}", "auto.offset.reset": "earliest"})
        found: list[Record] = []
        with reader:
            reader.assign([TopicPartition(topic, number, 0) for number in (0, 1)])

            def enough() -> bool:
                for message in reader.consume(1000, 0.2):
                    if message.error() is None:
                        headers: Any = message.headers() or []
                        about = message.partition() or 0, message.timestamp()[1]
                        found.append((message.key(), message.value(), *about, headers))
                return len(found) >= count

            until(f"{count} records of {topic}", enough, seconds)
            enough()
        return found

    def committed(self, group: str, topic: str) -> dict[int, int]:
        asked = self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(20)
        return {one.partition: one.offset for one in asked.topic_partitions or () if one.topic == topic}


@dataclass
class Pair:
    """A cluster in each region, and a replicator each way."""

    context: CloudContext

    def state(self, region: str) -> MskState:
        return self.context.state["kafka", region]

    @cached_property
    def west(self) -> Side:
        return self._side(WEST)

    @cached_property
    def east(self) -> Side:
        return self._side(EAST)

    def _side(self, region: str) -> Side:
        (cluster,) = self.state(region).clusters.values()
        return Side(ClusterBacking(self.context, self.state(region), cluster).engine)

    def replicator(self, region: str = EAST) -> Replicator:
        (found,) = self.state(region).replicators.values()
        return found

    def backing(self, region: str = EAST) -> ReplicatorBacking:
        return ReplicatorBacking(self.context, self.state, self.replicator(region), {})

    @property
    def eastward(self) -> Engine:
        engine = self.backing().engine()
        assert engine is not None
        return engine

    def declare(self, region: str, source: str) -> None:
        arns = {one: next(iter(self.state(one).clusters)) for one in (region, source)}
        info = {
            **{"SourceKafkaClusterArn": arns[source], "TargetKafkaClusterArn": arns[region]},
            "TargetCompressionType": "LZ4",
            "TopicReplication": {
                "TopicsToReplicate": ["beats.*"],
                "TopicsToExclude": ["beats-private"],
                "TopicNameConfiguration": {"Type": "IDENTICAL"},
                "StartingPosition": {"Type": "EARLIEST"},
            },
            "ConsumerGroupReplication": {"ConsumerGroupsToReplicate": [".*"]},
        }
        arn = f"arn:aws:kafka:{region}:123456789012:replicator/r/{source}-1"
        inputs = completed({"ReplicationInfoList": [info], "ServiceExecutionRoleArn": "arn", "KafkaClusters": []})
        self.state(region).replicators[arn] = Replicator(region, "r", arn, inputs, NOW, {})


def cluster_in(region: str, address: str) -> Cluster:
    inputs = {
        "KafkaVersion": "3.9.x.kraft",
        "BrokerNodeGroupInfo": {"ClientSubnets": ["subnet-1"], "InstanceType": "kafka.m7g.large"},
        "EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT", "InCluster": True}},
        "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}, "Unauthenticated": {"Enabled": True}},
    }
    return Cluster(region, "c", f"arn:aws:kafka:{region}:123456789012:cluster/c/{region}-1", inputs, address, NOW, {})


@pytest.fixture(scope="module")
def pair(scratch: ScratchEnvironment) -> Iterator[Pair]:
    context = CloudContext(Site(scratch.folder / "replication", SITE_INDEX))
    context.authority.ensure()
    clusters = [cluster_in(WEST, scratch.addresses[6]), cluster_in(EAST, scratch.addresses[7])]
    for cluster in clusters:
        state = context.state["kafka", cluster.region] = MskState(cluster.region)
        state.clusters[cluster.arn] = cluster
        cluster.state = "ACTIVE"
    pair = Pair(context)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda side: side.cluster.ensure(200), (pair.west, pair.east)))
    for link in Links(context).backings():
        link.reconcile()
    for region, source in ((EAST, WEST), (WEST, EAST)):
        pair.declare(region, source)
        pair.backing(region).reconcile()
        assert pair.replicator(region).state == "RUNNING"
    yield pair
    for region in (EAST, WEST):
        for replicator in list(pair.state(region).replicators.values()):
            replicator.state = "DELETING"
            pair.backing(region).reconcile()
    for side in (pair.west, pair.east):
        side.cluster.delete()
    kill_recorded(context.site.home / "engines")


def own(record: Record) -> Record:
    """As it was sent."""
    return (*record[:4], [header for header in record[4] if header[0] != HEADER])


def values(records: list[Record]) -> list[int]:
    return sorted(int(value or b"") for _, value, *_ in records)


def test_records_keep_everything_and_topics_their_settings(pair: Pair) -> None:
    pair.west.create("beats", 2, **{"retention.ms": "7200000"})
    pair.west.create("beats-private")
    pair.west.create("other")
    pair.west.send("beats", 0, 500)
    copies = pair.east.records("beats", 500)
    sent = pair.west.records("beats", 500)
    for partition in (0, 1):
        assert [own(r) for r in copies if r[2] == partition] == [r for r in sent if r[2] == partition]
    assert json.loads(dict(copies[0][4])[HEADER])[:2] == ["c-us-west-", "beats"]
    resource = ConfigResource(ResourceType.TOPIC, "beats")
    config = pair.east.admin.describe_configs([resource])[resource].result(20)
    assert config["retention.ms"].value == "7200000"
    assert not {"beats-private", "other"} & pair.east.admin.list_topics(timeout=10).topics.keys()


def test_a_record_that_a_client_does_not_send_by_default_is_copied_and_stops_no_other(pair: Pair) -> None:
    pair.west.create("beats-large", 2, **{"max.message.bytes": "3000000"})
    large = random.Random(1).randbytes(1_500_000)
    producer = Producer({**pair.west.settings, "message.max.bytes": 3_000_000})
    producer.produce("beats-large", large, partition=0, timestamp=STAMP)
    assert producer.flush(20) == 0
    pair.west.send("beats-large", 0, 20)
    copies = pair.east.records("beats-large", 21)
    assert next(record[1] for record in copies if record[2] == 0) == large
    assert values([record for record in copies if record[1] != large]) == list(range(20))


def test_nothing_goes_round_where_both_ways_are_copied(pair: Pair) -> None:
    pair.west.create("beats-both")
    pair.west.send("beats-both", 0, 100)
    pair.east.records("beats-both", 100)
    pair.east.send("beats-both", 100, 150)
    assert values(pair.west.records("beats-both", 150)) == list(range(150))
    pair.west.send("beats-both", 150, 160)
    assert values(pair.east.records("beats-both", 160)) == list(range(160))
    assert values(pair.west.records("beats-both", 160)) == list(range(160))


def test_a_group_goes_on_at_the_other_cluster_where_it_was(pair: Pair) -> None:
    pair.west.create("beats-read")
    pair.west.send("beats-read", 0, 200)
    pair.east.records("beats-read", 200)
    places = [TopicPartition("beats-read", 0, 40), TopicPartition("beats-read", 1, 100)]
    change = [ConsumerGroupTopicPartitions("dataflow", places)]
    for done in pair.west.admin.alter_consumer_group_offsets(change).values():
        done.result(20)
    until("the offsets", lambda: pair.east.committed("dataflow", "beats-read") == {0: 40, 1: 100})


@contextmanager
def reconciled(pair: Pair) -> Iterator[None]:
    """As by the control loop: a replicator that gives up is started again."""
    done = threading.Event()

    def repeat() -> None:
        while not done.wait(0.5):
            pair.backing().reconcile()

    with ThreadPoolExecutor(1) as pool:
        loop = pool.submit(repeat)
        try:
            yield
        finally:
            done.set()
        loop.result()


def test_new_partitions_are_copied(pair: Pair) -> None:
    pair.west.create("beats-grown", 1)
    until("the topic", lambda: "beats-grown" in pair.east.admin.list_topics(timeout=10).topics)
    pair.west.admin.create_partitions([NewPartitions("beats-grown", 2)])["beats-grown"].result(20)
    topics = pair.east.admin.list_topics
    until("the partition", lambda: len(topics(timeout=10).topics["beats-grown"].partitions) == 2)
    pair.west.send("beats-grown", 0, 10)
    assert values(pair.east.records("beats-grown", 10)) == list(range(10))


def test_killed_again_and_again_while_records_come_it_loses_none_and_repeats_none(pair: Pair) -> None:
    pair.west.create("beats-killed")
    until("the topic", lambda: "beats-killed" in pair.east.admin.list_topics(timeout=10).topics)
    for number in range(4):
        pair.west.send("beats-killed", number * 2000, number * 2000 + 2000)
        pid = pair.eastward.process.pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        until("it to end", lambda: pair.eastward.process.pid() is None)
        pair.backing().reconcile()
    with reconciled(pair):
        assert values(pair.east.records("beats-killed", 8000)) == list(range(8000))


@pytest.mark.parametrize("side", ["west", "east"])
def test_a_broker_that_is_killed_is_waited_for(pair: Pair, side: str) -> None:
    topic, cluster = f"beats-without-{side}", getattr(pair, side).cluster
    pair.west.create(topic)
    pair.west.send(topic, 0, 100)
    pair.east.records(topic, 100)
    pid, before = cluster.process.pid(), pair.eastward.process.pid()
    os.kill(pid, signal.SIGKILL)
    until("the broker to end", lambda: cluster.process.pid() is None)
    cluster.ensure()
    pair.west.send(topic, 100, 200)
    assert values(pair.east.records(topic, 200)) == list(range(200))
    assert pair.eastward.process.pid() == before


def test_what_it_measures_is_of_now(pair: Pair) -> None:
    pair.west.create("beats-measured")
    producer = Producer(pair.west.settings)

    def measured() -> bool:
        producer.produce("beats-measured", b"x" * 1000)
        producer.flush(10)
        _, topics = pair.eastward.measured()
        found = topics.get("beats-measured")
        return found is not None and 0 < found.latency < 60_000 and found.bytes_per_second > 0

    until("a measure of the topic", measured)
    until("nothing to be left", lambda: pair.eastward.measured()[1]["beats-measured"].lag == 0)


def test_its_metrics_are_in_cloudwatch_of_the_targets_region(pair: Pair) -> None:
    pair.west.create("beats-metric")
    pair.west.send("beats-metric", 0, 10)
    pair.east.records("beats-metric", 10)
    until("a measure of the topic", lambda: "beats-metric" in pair.eastward.measured()[1])
    backend = cloudwatch_backends[ACCOUNT][EAST]
    backend.reset()
    pair.backing().reconcile()
    points: list[Any] = backend.metric_data
    found = {(point.name, len(point.dimensions)) for point in points if point.namespace == "AWS/Kafka"}
    assert found == {(n, k) for n in ("ReplicationLatency", "MessageLag", "ReplicatorThroughput") for k in (1, 2)}
    backend.reset()


class Killed(BaseException):
    """Of the endpoint, as `kill -9` does it."""


def killed(monkeypatch: pytest.MonkeyPatch, pair: Pair, name: str, after: bool) -> None:
    """A reconciliation that ends before or after an effect on the process; what it recorded is not on disk."""
    effect, recorded = getattr(Engine, name), pickle.dumps(pair.context.state)

    def run(engine: Engine) -> None:
        if after:
            effect(engine)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Engine, name, run)
        with pytest.raises(Killed):
            pair.backing().reconcile()
    pair.context.state = pickle.loads(recorded)


def test_an_update_and_a_deletion_that_are_killed_anywhere_are_completed(
    monkeypatch: pytest.MonkeyPatch, pair: Pair
) -> None:
    pair.west.create("late")
    pair.west.send("late", 0, 10)
    topics = {"TopicReplication": {"TopicsToReplicate": ["beats.*", "late"]}}
    pair.replicator().inputs = changed(pair.replicator(), topics)
    pair.replicator().state = "UPDATING"
    for after in (False, True):
        killed(monkeypatch, pair, "ensure", after)
        assert pair.replicator().state == "UPDATING"
        if not after:
            assert not pair.eastward.current()
    pair.backing().reconcile()
    assert (pair.replicator().state, pair.replicator().version) == ("RUNNING", "K2")
    assert values(pair.east.records("late", 10)) == list(range(10))
    process = pair.eastward.process
    pair.replicator().state = "DELETING"
    for after in (False, True):
        killed(monkeypatch, pair, "delete", after)
    pair.backing().reconcile()
    assert pair.state(EAST).replicators == {}
    assert process.pid() is None


def test_without_its_source_it_fails_and_can_be_deleted(pair: Pair) -> None:
    pair.declare(EAST, WEST)
    info = pair.replicator().inputs["ReplicationInfoList"][0]
    info["SourceKafkaClusterArn"] = info["SourceKafkaClusterArn"].replace("/c/", "/gone/")
    pair.backing().reconcile()
    assert (pair.replicator().state, "does not exist" in pair.replicator().trouble) == ("FAILED", True)
    pair.replicator().state = "DELETING"
    pair.backing().reconcile()
    assert pair.state(EAST).replicators == {}
