"""One MSK cluster of three brokers for all tests of this folder, with every listener that there is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from local.engines.runtime.process import Process
from tests.fixtures.cloud import Cloud
from tests.fixtures.waiting import until

ACTIVE_SECONDS = 280
"""Three brokers on two processors that do other things too."""


@dataclass
class Msk:
    """The API, and the requests of tests."""

    cloud: Cloud
    api: Any
    secrets: Any

    def request(self, name: str, **more: Any) -> dict[str, Any]:
        """A CreateCluster that AWS would accept."""
        return {
            "ClusterName": name,
            "KafkaVersion": "3.9.x.kraft",
            "NumberOfBrokerNodes": 3,
            "BrokerNodeGroupInfo": {
                "InstanceType": "kafka.m7g.large",
                "ClientSubnets": self.cloud.subnets,
                "SecurityGroups": [self.security_group],
                "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
            },
            "EncryptionInfo": {
                "EncryptionAtRest": {"DataVolumeKMSKeyId": self.cloud.key},
                "EncryptionInTransit": {"ClientBroker": "TLS_PLAINTEXT", "InCluster": True},
            },
            "ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}, "Unauthenticated": {"Enabled": True}},
            "EnhancedMonitoring": "PER_BROKER",
            "LoggingInfo": {"BrokerLogs": {"CloudWatchLogs": {"Enabled": True, "LogGroup": "brokers"}}},
            "Tags": {"team": "stream"},
            **more,
        }

    @cached_property
    def security_group(self) -> str:
        ec2 = self.cloud.client("ec2")
        return ec2.create_security_group(GroupName="brokers", Description="brokers", VpcId=self.cloud.vpc)["GroupId"]

    def describe(self, arn: str) -> dict[str, Any]:
        return self.api.describe_cluster(ClusterArn=arn)["ClusterInfo"]

    def active(self, arn: str) -> None:
        until("the cluster to be ACTIVE", lambda: self.describe(arn)["State"] == "ACTIVE", ACTIVE_SECONDS)

    def broker(self, arn: str, number: int) -> Process:
        """The process of a broker."""
        folder = self.cloud.site.home / "engines" / "us-west-2" / "msk" / arn.rsplit("/", 1)[1]
        return Process(folder if number == 1 else folder / f"b-{number}", "kafka")

    def pids(self, arn: str) -> list[int | None]:
        return [self.broker(arn, number).pid() for number in (1, 2, 3)]

    def secret(self, name: str, user: str, password: str, **more: Any) -> str:
        """ARN of a secret with the user's name and password."""
        text = json.dumps({"username": user, "password": password})
        return self.secrets.create_secret(Name=name, SecretString=text, KmsKeyId=self.cloud.key, **more)["ARN"]

    def settings(self, arn: str, listener: str, **more: Any) -> dict[str, Any]:
        """Settings of a librdkafka client of the listener: "", "Tls" or "SaslScram"."""
        bootstrap = self.api.get_bootstrap_brokers(ClusterArn=arn)[f"BootstrapBrokerString{listener}"]
        ca = str(self.cloud.site.authority / "ca.crt")
        security = {
            "": {},
            "Tls": {"security.protocol": "SSL", "ssl.ca.location": ca},
            "SaslScram": {
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "ssl.ca.location": ca,
            },
        }
        return {"bootstrap.servers": bootstrap, "log_level": 0, **security[listener], **more}

    def admin(self, arn: str, listener: str = "", **more: Any) -> AdminClient:
        return AdminClient(self.settings(arn, listener, **more))


@pytest.fixture(scope="package")
def msk(cloud: Cloud) -> Msk:
    return Msk(cloud, cloud.client("kafka"), cloud.client("secretsmanager"))


@pytest.fixture(scope="package")
def cluster(msk: Msk) -> Iterator[str]:
    """ARN of an active cluster with a configuration of its own."""
    made = msk.api.create_configuration(
        Name="small-segments", KafkaVersions=["3.9.x.kraft"], ServerProperties=b"log.segment.bytes=1048576\n"
    )
    configuration = {"Arn": made["Arn"], "Revision": made["LatestRevision"]["Revision"]}
    arn = msk.api.create_cluster(**msk.request("stream", ConfigurationInfo=configuration))["ClusterArn"]
    assert msk.describe(arn)["State"] == "CREATING"
    assert not [key for key in msk.api.get_bootstrap_brokers(ClusterArn=arn) if key.startswith("Bootstrap")]
    msk.active(arn)
    yield arn
    msk.api.delete_cluster(ClusterArn=arn)
