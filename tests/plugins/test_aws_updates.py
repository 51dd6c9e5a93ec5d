"""What AWS changes in place stays the resource it was: updates under the real Pulumi engine, on the local endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.fixtures.cloud import Cloud
from tests.plugins.project import Project

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


@pytest.fixture
def project(cloud: Cloud, tmp_path: Path) -> Iterator[Project]:
    project = Project.make(tmp_path, cloud.site, {"AWS_ENDPOINT_URL": cloud.site.endpoint_url})
    yield project
    project.run("destroy", "--yes", "--skip-preview")


STREAM = """
    configuration = aws.msk.Configuration(
        "c", name="{name}", kafka_versions=["3.9.x.kraft"], server_properties="{properties}"
    )
    cluster = aws.msk.Cluster(
        "k", cluster_name="updates", kafka_version="3.9.x.kraft", number_of_broker_nodes=3,
        broker_node_group_info={{
            "instance_type": "kafka.m7g.large", "client_subnets": {subnets}, "security_groups": [],
            "storage_info": {{"ebs_storage_info": {{"volume_size": {storage}}}}},
        }},
        encryption_info={{
            "encryption_at_rest_kms_key_arn": {key!r},
            "encryption_in_transit": {{"client_broker": "TLS_PLAINTEXT", "in_cluster": True}},
        }},
        configuration_info={{"arn": configuration.arn, "revision": configuration.latest_revision}},
    )
    pulumi.export("arn", cluster.arn)
    pulumi.export("bootstrap", cluster.bootstrap_brokers)
"""


def stream(cloud: Cloud, name: str = "updates", properties: str = "", storage: int = 10) -> str:
    return STREAM.format(name=name, properties=properties, storage=storage, subnets=cloud.subnets[:3], key=cloud.key)


def test_a_broker_setting_and_a_bigger_disk_keep_the_cluster_and_its_topics(project: Project, cloud: Cloud) -> None:
    project.up(stream(cloud, properties="auto.create.topics.enable=false\\n"))
    arn, bootstrap = (project.run("stack", "output", name).strip() for name in ("arn", "bootstrap"))
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(30)

    project.write(stream(cloud, properties="auto.create.topics.enable=false\\nlog.retention.hours=7\\n", storage=20))
    preview = project.run("preview", "--diff")
    assert "2 to update" in preview and "replace" not in preview, preview
    assert "2 updated" in project.run("up", "--yes", "--skip-preview")
    (live,) = cloud.client("kafka").list_clusters(ClusterNameFilter="updates")["ClusterInfoList"]
    assert live["ClusterArn"] == arn
    assert live["BrokerNodeGroupInfo"]["StorageInfo"]["EbsStorageInfo"]["VolumeSize"] == 20
    assert live["CurrentBrokerSoftwareInfo"]["ConfigurationRevision"] == 2
    assert "kept" in AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=30).topics
    assert project.is_settled()
