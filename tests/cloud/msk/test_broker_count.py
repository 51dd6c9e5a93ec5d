"""Brokers of another type, and more of them: the cluster keeps its records, and the new brokers take partitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.cimpl import NewTopic

from tests.cloud.msk.conftest import ACTIVE_SECONDS, Msk
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
RECORDS = 100


@pytest.fixture(scope="module")
def two(msk: Msk) -> Iterator[str]:
    """ARN of an active cluster with a broker in each of two zones and records in the topic `kept`."""
    group = msk.request("two")["BrokerNodeGroupInfo"] | {"ClientSubnets": msk.cloud.subnets[:2]}
    arn = msk.api.create_cluster(**msk.request("two", NumberOfBrokerNodes=2, BrokerNodeGroupInfo=group))["ClusterArn"]
    msk.active(arn)
    admin = msk.admin(arn)
    admin.create_topics([NewTopic("kept", 2, 2)])["kept"].result(30)
    producer = Producer({**msk.settings(arn, "Tls"), "acks": "all"})
    for number in range(RECORDS):
        producer.produce("kept", str(number), partition=number % 2)
    assert producer.flush(60) == 0
    yield arn
    msk.api.delete_cluster(ClusterArn=arn)


def updated(msk: Msk, arn: str, operation: str, **inputs: Any) -> dict[str, Any]:
    """The operation, once it has ended."""
    version = msk.describe(arn)["CurrentVersion"]
    answer = getattr(msk.api, operation)(ClusterArn=arn, CurrentVersion=version, **inputs)
    msk.active(arn)
    found = msk.api.describe_cluster_operation(ClusterOperationArn=answer["ClusterOperationArn"])
    return found["ClusterOperationInfo"]


def records(msk: Msk, arn: str) -> list[int]:
    reader = Consumer({**msk.settings(arn, "Tls"), "group.id": "reader", "auto.offset.reset": "earliest"})
    reader.subscribe(["kept"])
    found: list[int] = []

    def all_are_read() -> bool:
        found.extend(int(message.value() or b"") for message in reader.consume(RECORDS, 5))
        return len(found) >= RECORDS

    until("the records", all_are_read, ACTIVE_SECONDS)
    reader.close()
    return sorted(found)


def test_brokers_of_another_type_and_more_of_them_keep_the_records(msk: Msk, two: str) -> None:
    before = [msk.broker(two, number).pid() for number in (1, 2)]
    operation = updated(msk, two, "update_broker_type", TargetInstanceType="kafka.m7g.xlarge")
    assert (operation["OperationType"], operation["OperationState"]) == ("UPDATE_BROKER_TYPE", "UPDATE_COMPLETE")
    assert msk.describe(two)["BrokerNodeGroupInfo"]["InstanceType"] == "kafka.m7g.xlarge"
    after = [msk.broker(two, number).pid() for number in (1, 2)]
    assert not set(before) & set(after)  # each was replaced by one of the new type

    operation = updated(msk, two, "update_broker_count", TargetNumberOfBrokerNodes=4)
    assert (operation["OperationType"], operation["OperationState"]) == ("INCREASE_BROKER_COUNT", "UPDATE_COMPLETE")
    assert [msk.broker(two, number).pid() for number in (1, 2)] == after
    nodes = msk.api.list_nodes(ClusterArn=two)["NodeInfoList"]
    brokers = [node["BrokerNodeInfo"] for node in nodes if node.get("NodeType") == "BROKER"]
    assert [broker["BrokerId"] for broker in brokers] == [1.0, 2.0, 3.0, 4.0]
    assert [broker["ClientSubnet"] for broker in brokers] == msk.cloud.subnets[:2] * 2
    servers = msk.api.get_bootstrap_brokers(ClusterArn=two)["BootstrapBrokerString"].split(",")
    assert servers == [f"{broker['Endpoints'][0]}:9092" for broker in brokers[:3]]  # AWS names three of them at most
    assert records(msk, two) == list(range(RECORDS))
    admin = msk.admin(two)
    admin.create_topics([NewTopic("spread", 4, 4)])["spread"].result(30)

    def spread() -> set[int]:
        """Brokers learn of a new topic one after the other."""
        partitions = admin.list_topics("spread", timeout=30).topics["spread"].partitions.values()
        return {replica for partition in partitions for replica in partition.replicas}

    until("every broker to have a replica", lambda: spread() == {1, 2, 3, 4})
