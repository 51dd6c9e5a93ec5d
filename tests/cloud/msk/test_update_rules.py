"""Updates that AWS refuses are refused at the call; the others are operations that change the cluster at their end."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local.cloud.context import CloudContext
from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.api import Msk
from local.cloud.svc.msk.model import Cluster, Configuration, MskState, Revision
from local.cloud.svc.msk.operations import complete, start
from local.site import Site

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PREFIX = "arn:aws:kafka:us-west-2:123456789012"
ARN = f"{PREFIX}:cluster/c/0a1b2c3d-4e5f-0123456789ab-1"
CONFIGURATION = f"{PREFIX}:configuration/k/0a1b2c3d-0123456789ab-1"
GROUP = {
    "InstanceType": "kafka.t3.small",
    "ClientSubnets": ["a", "b", "c"],
    "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
}
INPUTS = {
    "KafkaVersion": "3.9.x.kraft",
    "NumberOfBrokerNodes": 3,
    "BrokerNodeGroupInfo": GROUP,
    "EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS", "InCluster": True}},
}


class Region:
    """MSK with one active cluster, and no processes."""

    def __init__(self, folder: Path) -> None:
        context = CloudContext(Site(folder))
        self.api = Msk(context)
        first, *more = [context.addresses("us-west-2").of(f"broker {number}") for number in (1, 2, 3)]
        self.cluster = Cluster("us-west-2", "c", ARN, copy.deepcopy(INPUTS), first, NOW, {}, "ACTIVE")
        self.cluster.more_addresses = tuple(more)
        known = Configuration("k", CONFIGURATION, "", ["3.9.x.kraft"], NOW, [Revision(b"", "", NOW)])
        self.state = MskState("us-west-2", {ARN: self.cluster}, {CONFIGURATION: known})

    def call(self, operation: str, **inputs: Any) -> dict[str, Any]:
        versioned = {} if operation == "reboot_broker" else {"CurrentVersion": self.cluster.version}
        return getattr(self.api, operation)(self.state, {"ClusterArn": ARN, **versioned, **inputs})

    def end(self, at: datetime = NOW) -> None:
        """Does as the control loop when the brokers are done."""
        operation = self.cluster.operation
        assert operation is not None
        start(operation)
        complete(self.cluster, operation, at)
        self.cluster.state = "ACTIVE"


@pytest.fixture
def region(tmp_path: Path) -> Region:
    return Region(tmp_path)


def volumes(gib: int, broker: str = "All") -> dict[str, Any]:
    return {"TargetBrokerEBSVolumeInfo": [{"KafkaBrokerNodeId": broker, "VolumeSizeGB": gib}]}


def info(arn: str = CONFIGURATION, revision: int = 1) -> dict[str, Any]:
    return {"ConfigurationInfo": {"Arn": arn, "Revision": revision}}


ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("reboot_broker", {"BrokerIds": ["3"]}),
    ("update_broker_count", {"TargetNumberOfBrokerNodes": 6}),
    ("update_broker_type", {"TargetInstanceType": "kafka.m5.large"}),
    ("update_broker_storage", volumes(101)),
    ("update_storage", {"VolumeSizeGB": 16384}),
    ("update_cluster_configuration", info()),
    ("update_cluster_kafka_version", {"TargetKafkaVersion": "4.0.x.kraft"}),
    ("update_security", {"ClientAuthentication": {"Sasl": {"Scram": {"Enabled": True}}}}),
    ("update_monitoring", {"EnhancedMonitoring": "PER_BROKER"}),
]
REFUSED: list[tuple[str, dict[str, Any]]] = [
    *(("reboot_broker", {"BrokerIds": ids}) for ids in ([], ["0"], ["4"], ["1", "99"], ["1", "2"])),
    *(("update_broker_count", {"TargetNumberOfBrokerNodes": count}) for count in (3, 4, 5, 1)),
    *(("update_broker_type", {"TargetInstanceType": t}) for t in ("kafka.t3.small", "bogus", "express.m7g.large")),
    *(("update_broker_storage", volumes(gib)) for gib in (100, 99, 16385)),
    ("update_broker_storage", volumes(200, "1")),
    ("update_storage", {}),
    *(("update_cluster_configuration", info(revision=revision)) for revision in (0, 2)),
    ("update_cluster_configuration", info(f"{CONFIGURATION}2")),
    *(
        ("update_cluster_kafka_version", {"TargetKafkaVersion": v})
        for v in ("3.9.x.kraft", "3.8.x.kraft", "4.0", "3.9.x")
    ),
    ("update_security", {}),
    ("update_security", {"EncryptionInfo": {"EncryptionInTransit": {"ClientBroker": "TLS"}}}),
    ("update_security", {"EncryptionInfo": {"EncryptionInTransit": {"InCluster": False}}}),
    ("update_security", {"EncryptionInfo": {"EncryptionAtRest": {"DataVolumeKMSKeyId": "k"}}}),
    ("update_security", {"ClientAuthentication": {"Unauthenticated": {"Enabled": False}}}),
    ("update_monitoring", {}),
]


@pytest.mark.parametrize(("operation", "inputs"), REFUSED)
def test_what_aws_refuses_changes_nothing(region: Region, operation: str, inputs: dict[str, Any]) -> None:
    with pytest.raises(AwsError) as refused:
        region.call(operation, **inputs)
    assert refused.value.code == "BadRequestException"
    assert (region.cluster.inputs, region.cluster.operations, region.cluster.state) == (INPUTS, (), "ACTIVE")


@pytest.mark.parametrize(("operation", "inputs"), ACCEPTED)
def test_an_operation_changes_the_cluster_at_its_end(region: Region, operation: str, inputs: dict[str, Any]) -> None:
    before = region.cluster.version
    arn = region.call(operation, **inputs)["ClusterOperationArn"]

    def described() -> dict[str, Any]:
        return region.api.describe_cluster_operation(region.state, {"ClusterOperationArn": arn})

    assert (region.cluster.inputs, region.cluster.version) == (INPUTS, before)
    assert described()["ClusterOperationInfo"]["OperationState"] == "PENDING"
    region.end()
    assert described()["ClusterOperationInfo"]["OperationState"] in ("UPDATE_COMPLETE", "REBOOT_COMPLETE")
    assert (region.cluster.version != before) == (operation != "reboot_broker")
    assert (region.cluster.inputs != INPUTS) == (operation != "reboot_broker")
    assert region.cluster.operation is None


@pytest.mark.parametrize(("operation", "inputs"), ACCEPTED)
def test_one_at_a_time_and_only_of_the_current_version(region: Region, operation: str, inputs: dict[str, Any]) -> None:
    if operation != "reboot_broker":
        with pytest.raises(AwsError, match="current version"):
            region.call(operation, **{**inputs, "CurrentVersion": "K0"})
    for state in ("CREATING", "UPDATING", "REBOOTING_BROKER", "HEALING", "DELETING"):
        region.cluster.state = state
        with pytest.raises(AwsError, match="must be ACTIVE"):
            region.call(operation, **inputs)


def test_new_brokers_get_addresses_of_their_own(region: Region) -> None:
    region.call("update_broker_count", TargetNumberOfBrokerNodes=6)
    assert len(region.cluster.addresses) == 3
    region.end()
    assert len(set(region.cluster.addresses)) == 6


def test_volumes_cool_down_for_six_hours(region: Region) -> None:
    region.call("update_broker_storage", **volumes(200))
    region.end(datetime.now(UTC) - timedelta(hours=5))
    with pytest.raises(AwsError, match="six hours"):
        region.call("update_broker_storage", **volumes(300))
    region.cluster.operations[0].ended = datetime.now(UTC) - timedelta(hours=6)
    region.call("update_broker_storage", **volumes(300))


def test_a_configuration_that_a_cluster_is_getting_is_in_use(region: Region) -> None:
    region.call("update_cluster_configuration", **info())
    with pytest.raises(AwsError, match="in use by c"):
        region.api.delete_configuration(region.state, {"Arn": CONFIGURATION})


@pytest.mark.parametrize("arn", ["a", "", "arn:aws:lambda:us-west-2:123456789012:function:f", f"{ARN}/more"])
def test_malformed_arns_are_bad_requests(region: Region, arn: str) -> None:
    calls = {
        "describe_cluster": "ClusterArn",
        "list_nodes": "ClusterArn",
        "describe_configuration": "Arn",
        "describe_cluster_operation": "ClusterOperationArn",
        "list_tags_for_resource": "ResourceArn",
    }
    for operation, member in calls.items():
        with pytest.raises(AwsError) as refused:
            getattr(region.api, operation)(region.state, {member: arn})
        assert refused.value.code == "BadRequestException"
