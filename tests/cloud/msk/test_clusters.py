"""An MSK cluster is a Kafka that takes records when ACTIVE, heals when killed, and goes when deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from tests.cloud.msk.conftest import ACTIVE_SECONDS, Msk
from tests.fixtures.cloud import code_of
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def test_active_cluster_runs_with_its_configuration(msk: Msk, cluster: str) -> None:
    client = msk.admin(cluster)
    for number in ("1", "2", "3"):
        resource = ConfigResource(ConfigResource.Type.BROKER, number)
        settings = client.describe_configs([resource])[resource].result(30)
        assert settings["log.segment.bytes"].value == "1048576"
        assert settings["min.insync.replicas"].value == "2"


def test_description_gives_back_what_was_asked_for(msk: Msk, cluster: str) -> None:
    info = msk.describe(cluster)
    asked = msk.request("stream")
    same = ("ClusterName", "NumberOfBrokerNodes", "BrokerNodeGroupInfo", "EncryptionInfo", "EnhancedMonitoring", "Tags")
    assert {key: info[key] for key in (*same, "LoggingInfo")} == {key: asked[key] for key in (*same, "LoggingInfo")}
    assert info["CurrentBrokerSoftwareInfo"]["KafkaVersion"] == "3.9.x.kraft"
    assert info["CurrentBrokerSoftwareInfo"]["ConfigurationRevision"] == 1


def test_killed_broker_heals_with_its_topics(msk: Msk, cluster: str) -> None:
    client = msk.admin(cluster)
    client.create_topics([NewTopic("kept", 3, 3)])["kept"].result(30)
    addresses = msk.api.get_bootstrap_brokers(ClusterArn=cluster)
    process = msk.broker(cluster, 2)
    pid = process.pid()
    process.kill()
    until("another process", lambda: process.pid() not in (None, pid), 60)
    msk.active(cluster)
    again = msk.api.get_bootstrap_brokers(ClusterArn=cluster)
    assert again["BootstrapBrokerString"] == addresses["BootstrapBrokerString"]
    server = again["BootstrapBrokerString"].split(",")[1]
    until("the broker to serve", lambda: client_of(server).list_topics(timeout=5).brokers, 120)
    kept = until("all replicas", lambda: in_sync(msk, cluster, "kept"), 120)
    assert kept == [3, 3, 3]


def client_of(server: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": server, "log_level": 0})


def in_sync(msk: Msk, cluster: str, topic: str) -> list[int] | None:
    """Replicas in sync of each partition, once all are."""
    partitions = msk.admin(cluster).list_topics(timeout=30).topics[topic].partitions.values()
    counts = [len(partition.isrs) for partition in partitions]
    return counts if all(len(p.isrs) == len(p.replicas) for p in partitions) else None


def test_update_of_a_version_that_is_not_current_is_refused(msk: Msk, cluster: str) -> None:
    with pytest.raises(ClientError, match="current version"):
        msk.api.update_monitoring(ClusterArn=cluster, CurrentVersion="K0", EnhancedMonitoring="DEFAULT")
    with pytest.raises(ClientError, match="current version"):
        msk.api.delete_cluster(ClusterArn=cluster, CurrentVersion="K0")
    assert msk.describe(cluster)["State"] == "ACTIVE"


def test_deleted_cluster_leaves_neither_process_nor_data(msk: Msk) -> None:
    request = msk.request("doomed", NumberOfBrokerNodes=2)
    request["BrokerNodeGroupInfo"]["ClientSubnets"] = msk.cloud.subnets[:2]
    arn = msk.api.create_cluster(**request)["ClusterArn"]
    folder = msk.broker(arn, 1).folder
    until("its process", lambda: msk.broker(arn, 1).pid(), ACTIVE_SECONDS)
    msk.api.delete_cluster(ClusterArn=arn)

    def deleted() -> bool:
        return arn not in [cluster["ClusterArn"] for cluster in msk.api.list_clusters()["ClusterInfoList"]]

    until("the cluster to go", deleted, 120)
    assert not folder.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}},
        {"ClientAuthentication": {"Tls": {"Enabled": True, "CertificateAuthorityArnList": ["arn:aws:acm-pca:x"]}}},
    ],
)
def test_what_brokers_cannot_check_is_refused(msk: Msk, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        msk.api.create_cluster(**msk.request("secretive", **change))
    assert code_of(refused.value) == "NotImplemented"
    assert msk.api.list_clusters(ClusterNameFilter="secretive")["ClusterInfoList"] == []
