"""An MSK cluster is a Kafka that takes records when ACTIVE, heals when killed, and goes when deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._config import ConfigResource
from confluent_kafka.cimpl import NewTopic

from tests.fixtures.cloud import Cloud, code_of, until

pytestmark = pytest.mark.integration


def request(cloud: Cloud, name: str, **more: Any) -> dict[str, Any]:
    return {
        "ClusterName": name,
        "KafkaVersion": "3.9.x.kraft",
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": {
            "InstanceType": "kafka.m7g.large",
            "ClientSubnets": cloud.subnets,
            "SecurityGroups": ["sg-1"],
            "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
        },
        "EncryptionInfo": {
            "EncryptionAtRest": {"DataVolumeKMSKeyId": cloud.key},
            "EncryptionInTransit": {"ClientBroker": "PLAINTEXT", "InCluster": True},
        },
        "EnhancedMonitoring": "PER_BROKER",
        "LoggingInfo": {"BrokerLogs": {"CloudWatchLogs": {"Enabled": True, "LogGroup": "brokers"}}},
        "Tags": {"team": "stream"},
        **more,
    }


@pytest.fixture(scope="module")
def kafka(cloud: Cloud) -> Any:
    return cloud.client("kafka")


@pytest.fixture(scope="module")
def cluster(cloud: Cloud, kafka: Any) -> str:
    """ARN of a cluster with a configuration of its own."""
    made = kafka.create_configuration(
        Name="small-segments", KafkaVersions=["3.9.x.kraft"], ServerProperties=b"log.segment.bytes=1048576\n"
    )
    configuration = {"Arn": made["Arn"], "Revision": made["LatestRevision"]["Revision"]}
    arn = kafka.create_cluster(**request(cloud, "stream", ConfigurationInfo=configuration))["ClusterArn"]
    assert describe(kafka, arn)["State"] == "CREATING"
    assert "BootstrapBrokerString" not in kafka.get_bootstrap_brokers(ClusterArn=arn)
    until("the cluster to be ACTIVE", lambda: describe(kafka, arn)["State"] == "ACTIVE", 90)
    return arn


def describe(kafka: Any, arn: str) -> dict[str, Any]:
    return kafka.describe_cluster(ClusterArn=arn)["ClusterInfo"]


def admin(kafka: Any, arn: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": kafka.get_bootstrap_brokers(ClusterArn=arn)["BootstrapBrokerString"]})


def test_active_cluster_runs_with_its_configuration(kafka: Any, cluster: str) -> None:
    broker = ConfigResource(ConfigResource.Type.BROKER, "1")
    client = admin(kafka, cluster)
    settings = client.describe_configs([broker])[broker].result(30)
    assert settings["log.segment.bytes"].value == "1048576"


def test_description_gives_back_what_was_asked_for(cloud: Cloud, kafka: Any, cluster: str) -> None:
    info = describe(kafka, cluster)
    asked = request(cloud, "stream")
    same = ("ClusterName", "NumberOfBrokerNodes", "BrokerNodeGroupInfo", "EncryptionInfo", "EnhancedMonitoring", "Tags")
    assert {key: info[key] for key in (*same, "LoggingInfo")} == {key: asked[key] for key in (*same, "LoggingInfo")}
    assert info["CurrentBrokerSoftwareInfo"]["KafkaVersion"] == "3.9.x.kraft"
    assert info["CurrentBrokerSoftwareInfo"]["ConfigurationRevision"] == 1


def test_killed_broker_heals_with_its_topics(cloud: Cloud, kafka: Any, cluster: str) -> None:
    client = admin(kafka, cluster)
    client.create_topics([NewTopic("kept", 3, 1)])["kept"].result(30)
    address = kafka.get_bootstrap_brokers(ClusterArn=cluster)["BootstrapBrokerString"]
    process = cloud.process_of(address)
    pid = process.pid()
    process.kill()
    until("another process", lambda: process.pid() not in (None, pid), 20)
    until("the cluster to be ACTIVE", lambda: describe(kafka, cluster)["State"] == "ACTIVE")
    assert kafka.get_bootstrap_brokers(ClusterArn=cluster)["BootstrapBrokerString"] == address
    assert "kept" in client.list_topics(timeout=30).topics


def test_update_of_a_version_that_is_not_current_is_refused(kafka: Any, cluster: str) -> None:
    with pytest.raises(ClientError, match="current version"):
        kafka.update_monitoring(ClusterArn=cluster, CurrentVersion="K0", EnhancedMonitoring="DEFAULT")
    version = describe(kafka, cluster)["CurrentVersion"]
    kafka.update_monitoring(ClusterArn=cluster, CurrentVersion=version, EnhancedMonitoring="PER_BROKER")
    assert describe(kafka, cluster)["CurrentVersion"] != version


def test_deleted_cluster_leaves_neither_process_nor_data(cloud: Cloud, kafka: Any) -> None:
    arn = kafka.create_cluster(**request(cloud, "doomed"))["ClusterArn"]
    folder = cloud.site.home / "engines" / "us-west-2" / "msk" / arn.rsplit("/", 1)[1]
    until("its process", lambda: any(str(folder) in record for record, pid in cloud.pids().items() if pid))
    kafka.delete_cluster(ClusterArn=arn)

    def deleted() -> bool:
        return arn not in [cluster["ClusterArn"] for cluster in kafka.list_clusters()["ClusterInfoList"]]

    until("the cluster to go", deleted)
    assert not folder.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}}},
        {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS"}}},
    ],
)
def test_brokers_that_would_need_tls_are_refused(cloud: Cloud, kafka: Any, change: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        kafka.create_cluster(**request(cloud, "secretive", **change))
    assert code_of(refused.value) == "NotImplemented"
    assert kafka.list_clusters(ClusterNameFilter="secretive")["ClusterInfoList"] == []
