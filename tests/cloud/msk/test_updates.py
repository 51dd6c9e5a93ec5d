"""Updates of a running cluster are operations to wait for; brokers restart in turn and keep their topics."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from tests.cloud.msk.conftest import ACTIVE_SECONDS, Msk
from tests.fixtures.cloud import code_of
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def ended(msk: Msk, answer: dict[str, Any]) -> dict[str, Any]:
    """The operation that the answer names, once it has ended."""
    arn = answer["ClusterOperationArn"]

    def operation() -> dict[str, Any] | None:
        info = msk.api.describe_cluster_operation(ClusterOperationArn=arn)["ClusterOperationInfo"]
        return info if info["OperationState"].endswith("_COMPLETE") else None

    return until("the operation to end", operation, ACTIVE_SECONDS)


def version(msk: Msk, cluster: str) -> str:
    return msk.describe(cluster)["CurrentVersion"]


def test_configuration_is_updated_in_place_while_clients_write(msk: Msk, cluster: str) -> None:
    admin = msk.admin(cluster)
    admin.create_topics([NewTopic("written", 3, 3)])["written"].result(30)
    errors: list[Any] = []
    producer = Producer({**msk.settings(cluster, "Tls"), "acks": "all", "enable.idempotence": True})
    made = msk.api.create_configuration(Name="larger-segments", ServerProperties=b"log.segment.bytes=2097152\n")
    target = {"Arn": made["Arn"], "Revision": 1}
    before = version(msk, cluster)
    answer = msk.api.update_cluster_configuration(ClusterArn=cluster, CurrentVersion=before, ConfigurationInfo=target)
    described = msk.describe(cluster)
    assert (described["State"], described["ActiveOperationArn"]) == ("UPDATING", answer["ClusterOperationArn"])
    with pytest.raises(ClientError) as busy:
        msk.api.reboot_broker(ClusterArn=cluster, BrokerIds=["1"])
    assert code_of(busy.value) == "BadRequestException"
    sent = 0
    while msk.describe(cluster)["State"] == "UPDATING":
        producer.produce("written", str(sent), on_delivery=lambda error, _: errors.append(error))
        producer.poll(0.05)
        sent += 1
    assert producer.flush(60) == 0
    assert [error for error in errors if error is not None] == []
    operation = ended(msk, answer)
    assert operation["OperationType"] == "UPDATE_CLUSTER_CONFIGURATION"
    assert operation["OperationState"] == "UPDATE_COMPLETE"
    assert operation["TargetClusterInfo"]["ConfigurationInfo"] == target
    assert operation["SourceClusterInfo"]["ConfigurationInfo"] != target
    assert version(msk, cluster) != before
    for number in ("1", "2", "3"):
        until(f"the setting of broker {number}", lambda n=number: segment_bytes(msk, cluster, n) == "2097152", 90)


def segment_bytes(msk: Msk, cluster: str, broker: str) -> str | None:
    """As the broker says; None while it does not answer. A client from before the restarts may still back off."""
    resource = ConfigResource(ConfigResource.Type.BROKER, broker)
    client = msk.admin(cluster)  # held until the answer is there: a client that goes ends its requests
    try:
        return client.describe_configs([resource])[resource].result(15)["log.segment.bytes"].value
    except (KafkaException, TimeoutError):
        return None


def test_one_broker_reboots_and_the_others_do_not(msk: Msk, cluster: str) -> None:
    before = msk.pids(cluster)
    answer = msk.api.reboot_broker(ClusterArn=cluster, BrokerIds=["2"])
    assert msk.describe(cluster)["State"] == "REBOOTING_BROKER"
    operation = ended(msk, answer)
    assert (operation["OperationType"], operation["OperationState"]) == ("REBOOT_NODE", "REBOOT_COMPLETE")
    after = msk.pids(cluster)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_larger_volumes_leave_the_brokers_alone(msk: Msk, cluster: str) -> None:
    before = msk.pids(cluster)
    volumes = [{"KafkaBrokerNodeId": "ALL", "VolumeSizeGB": 200}]
    request = {"ClusterArn": cluster, "TargetBrokerEBSVolumeInfo": volumes}
    answer = msk.api.update_broker_storage(**request, CurrentVersion=version(msk, cluster))
    operation = ended(msk, answer)
    assert operation["SourceClusterInfo"]["BrokerEBSVolumeInfo"][0]["VolumeSizeGB"] == 100
    storage = msk.describe(cluster)["BrokerNodeGroupInfo"]["StorageInfo"]
    assert storage["EbsStorageInfo"]["VolumeSize"] == 200
    assert msk.pids(cluster) == before
    with pytest.raises(ClientError, match="six hours"):
        volumes[0]["VolumeSizeGB"] = 300
        msk.api.update_broker_storage(**request, CurrentVersion=version(msk, cluster))


def test_operations_are_listed_the_newest_first(msk: Msk, cluster: str) -> None:
    answer = msk.api.update_monitoring(
        ClusterArn=cluster, CurrentVersion=version(msk, cluster), EnhancedMonitoring="DEFAULT"
    )
    ended(msk, answer)
    first = msk.api.list_cluster_operations(ClusterArn=cluster, MaxResults=1)["ClusterOperationInfoList"]
    assert [operation["OperationArn"] for operation in first] == [answer["ClusterOperationArn"]]
    listed = msk.api.list_cluster_operations_v2(ClusterArn=cluster)["ClusterOperationInfoList"]
    assert listed[0]["OperationArn"] == answer["ClusterOperationArn"]
    described = msk.api.describe_cluster_operation_v2(ClusterOperationArn=answer["ClusterOperationArn"])
    info = described["ClusterOperationInfo"]
    assert (info["OperationState"], info["ClusterType"]) == ("UPDATE_COMPLETE", "PROVISIONED")
    assert info["Provisioned"]["TargetClusterInfo"] == {"EnhancedMonitoring": "DEFAULT"}


def test_a_newer_version_with_its_configuration_restarts_the_brokers_which_keep_their_messages(
    msk: Msk, cluster: str
) -> None:
    producer = Producer({**msk.settings(cluster, "Tls"), "acks": "all"})
    admin = msk.admin(cluster)
    admin.create_topics([NewTopic("updated", 3, 3)])["updated"].result(30)
    for number in range(300):
        producer.produce("updated", str(number), partition=number % 3)
    assert producer.flush(60) == 0
    pids, before = msk.pids(cluster), msk.describe(cluster)
    version = before["CurrentBrokerSoftwareInfo"]["KafkaVersion"]
    newer = {"Name": "of-the-newer-version", "KafkaVersions": ["4.0.x.kraft"]}
    made = msk.api.create_configuration(**newer, ServerProperties=b"log.segment.bytes=4194304\n")
    update = {"ClusterArn": cluster, "CurrentVersion": before["CurrentVersion"], "TargetKafkaVersion": "4.0.x.kraft"}
    answer = msk.api.update_cluster_kafka_version(**update, ConfigurationInfo={"Arn": made["Arn"], "Revision": 1})
    operation = ended(msk, answer)
    assert (operation["OperationType"], operation["OperationState"]) == (
        "UPDATE_CLUSTER_KAFKA_VERSION",
        "UPDATE_COMPLETE",
    )
    after = msk.describe(cluster)["CurrentBrokerSoftwareInfo"]
    assert (version, after["KafkaVersion"]) == ("3.9.x.kraft", "4.0.x.kraft")
    assert after["ConfigurationArn"] == made["Arn"]
    assert [a == b for a, b in zip(pids, msk.pids(cluster), strict=True)] == [False, False, False]
    for number in ("1", "2", "3"):
        until(f"the setting of broker {number}", lambda n=number: segment_bytes(msk, cluster, n) == "4194304", 90)
    reader = Consumer({**msk.settings(cluster, "Tls"), "group.id": "updated", "auto.offset.reset": "earliest"})
    reader.subscribe(["updated"])
    found = until("all messages", lambda: _read(reader, 300), 60)
    reader.close()
    assert sorted(map(int, found)) == list(range(300))


def _read(reader: Consumer, count: int) -> list[bytes]:
    messages = reader.consume(count, 20)
    return [message.value() or b"" for message in messages] if len(messages) == count else []


@pytest.mark.parametrize("brokers", [["1", "99"], ["99"], [], ["1", "2"], ["one"]])
def test_only_one_broker_that_exists_is_rebooted(msk: Msk, cluster: str, brokers: list[str]) -> None:
    with pytest.raises(ClientError) as refused:
        msk.api.reboot_broker(ClusterArn=cluster, BrokerIds=brokers)
    assert code_of(refused.value) == "BadRequestException"
    assert msk.describe(cluster)["State"] == "ACTIVE"


def test_nodes_are_brokers_in_their_subnets_and_controllers(msk: Msk, cluster: str) -> None:
    nodes = msk.api.list_nodes(ClusterArn=cluster)["NodeInfoList"]
    brokers = [node["BrokerNodeInfo"] for node in nodes if node.get("NodeType") == "BROKER"]
    assert [broker["BrokerId"] for broker in brokers] == [1.0, 2.0, 3.0]
    assert [broker["ClientSubnet"] for broker in brokers] == msk.cloud.subnets
    servers = msk.api.get_bootstrap_brokers(ClusterArn=cluster)["BootstrapBrokerString"].split(",")
    assert [f"{broker['Endpoints'][0]}:9092" for broker in brokers] == servers
    assert len([node for node in nodes if "ControllerNodeInfo" in node]) == 3
