"""A change in place that AWS carries out after its answer: it is waited for, and its failure says what stays."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from local.plugins.aws.api import ApiError, AwsApi
from local.plugins.aws.provider import AwsProvider
from local.plugins.provider.base import Operation, ProviderError, Resource
from local.plugins.provider.values import Values

STREAM = Resource("urn:pulumi:t::t::aws:msk/cluster:Cluster::s", "aws:msk/cluster:Cluster", "s")
ARN = "arn:aws:kafka:us-west-2:123456789012:cluster/s/1"
OLD: Values = {
    "clusterName": "s",
    "kafkaVersion": "3.6.0",
    "numberOfBrokerNodes": 3,
    "brokerNodeGroupInfo": {
        "instanceType": "kafka.m7g.large",
        "clientSubnets": ["subnet-a"],
        "securityGroups": ["sg-a"],
        "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}},
    },
    "configurationInfo": {"arn": "arn:c", "revision": 1},
    "enhancedMonitoring": "PER_BROKER",
}


class Msk(AwsApi):
    """Answers as MSK does for one cluster; operations named in `failing` end as failed, later ones are refused."""

    def __init__(self, live: Values, failing: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> None:
        super().__init__({"region": "us-west-2"})
        self._live, self._failing, self._refused = live, failing, refused
        self.calls: list[tuple[str, Values]] = []
        self._polls: dict[str, int] = {}

    def call(self, service: str, operation: str, params: Values, region: str | None = None, attempts: int = 1) -> Any:
        if operation == "DescribeCluster":
            return {"ClusterInfo": {**self._live, "State": "ACTIVE", "CurrentVersion": f"K{len(self.calls)}"}}
        if operation == "GetBootstrapBrokers":
            return {"BootstrapBrokerString": "b:9092"}
        if operation == "DescribeClusterOperation":
            return {"ClusterOperationInfo": self._operation(params["ClusterOperationArn"])}
        if operation in self._refused:
            raise ApiError(operation, "BadRequestException", "No.")
        self.calls.append((operation, params))
        return {"ClusterArn": ARN, "ClusterOperationArn": operation}

    def _operation(self, of: str) -> Values:
        self._polls[of] = self._polls.get(of, 0) + 1
        if self._polls[of] == 1:
            return {"OperationState": "UPDATE_IN_PROGRESS"}
        failed = {"OperationState": "UPDATE_FAILED", "ErrorInfo": {"ErrorString": "no room"}}
        return failed if of in self._failing else {"OperationState": "UPDATE_COMPLETE"}


def live(**changed: Any) -> Values:
    return {
        "ClusterArn": ARN,
        "ClusterName": "s",
        "NumberOfBrokerNodes": 3,
        "EnhancedMonitoring": "PER_BROKER",
        "BrokerNodeGroupInfo": {
            "InstanceType": "kafka.m7g.large",
            "ClientSubnets": ["subnet-a"],
            "SecurityGroups": ["sg-a"],
            "StorageInfo": {"EbsStorageInfo": {"VolumeSize": changed.get("storage", 100)}},
        },
        "CurrentBrokerSoftwareInfo": {
            "KafkaVersion": changed.get("version", "3.6.0"),
            "ConfigurationArn": "arn:c",
            "ConfigurationRevision": 1,
        },
    }


def update(api: Msk, **changed: Any) -> None:
    provider = AwsProvider()
    provider.configure({"region": "us-west-2"})
    provider._api = api
    operation = Operation(lambda _: None, lambda _: None, threading.Event(), time.monotonic() + 60)
    provider.update(STREAM, ARN, {**OLD, "arn": ARN}, OLD, {**OLD, **changed}, operation)


def storage(size: int) -> Values:
    return {**OLD["brokerNodeGroupInfo"], "storageInfo": {"ebsStorageInfo": {"volumeSize": size}}}


def test_each_operation_follows_the_one_before_with_the_version_it_left() -> None:
    api = Msk(live())
    update(api, brokerNodeGroupInfo=storage(200), numberOfBrokerNodes=6, enhancedMonitoring="DEFAULT")
    assert [operation for operation, _ in api.calls] == ["UpdateBrokerStorage", "UpdateBrokerCount", "UpdateMonitoring"]
    assert [params["CurrentVersion"] for _, params in api.calls] == ["K0", "K1", "K2"]
    assert api.calls[0][1]["TargetBrokerEBSVolumeInfo"] == [{"KafkaBrokerNodeId": "All", "VolumeSizeGB": 200}]


def test_a_version_and_its_configuration_are_one_operation() -> None:
    api = Msk(live())
    other = {"arn": "arn:other", "revision": 1}
    update(api, kafkaVersion="3.7.0", configurationInfo=other)
    ((operation, params),) = api.calls
    assert (operation, params["TargetKafkaVersion"]) == ("UpdateClusterKafkaVersion", "3.7.0")
    assert params["ConfigurationInfo"] == {"Arn": "arn:other", "Revision": 1}


def test_another_revision_alone_changes_the_configuration() -> None:
    api = Msk(live())
    update(api, configurationInfo={"arn": "arn:c", "revision": 2})
    assert [operation for operation, _ in api.calls] == ["UpdateClusterConfiguration"]


def test_what_aws_has_already_is_not_set_again() -> None:
    """As after an update that ended before Pulumi recorded it; MSK refuses the size that a disk has."""
    api = Msk(live(storage=200))
    update(api, brokerNodeGroupInfo=storage(200), numberOfBrokerNodes=6)
    assert [operation for operation, _ in api.calls] == ["UpdateBrokerCount"]


def test_a_failed_operation_says_why_what_is_done_and_what_to_do() -> None:
    api = Msk(live(), failing=("UpdateBrokerCount",))
    with pytest.raises(ProviderError) as failure:
        update(api, brokerNodeGroupInfo=storage(200), numberOfBrokerNodes=6)
    assert str(failure.value) == (
        "UpdateBrokerCount: UpdateBrokerCount is UPDATE_FAILED: no room. "
        f"s ({ARN}) stays, changed by UpdateBrokerStorage only. "
        "Mend the cause and run the update again: it makes the changes that are missing"
    )


def test_a_refused_call_says_that_nothing_was_changed() -> None:
    api = Msk(live(), refused=("UpdateBrokerStorage",))
    with pytest.raises(ProviderError, match=r"BadRequestException: No\. s .* stays as it was"):
        update(api, brokerNodeGroupInfo=storage(200))
    assert api.calls == []
