"""What AWS refuses when a cluster is created is refused at the call."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.rules import Facts, check_creation
from local.cloud.svc.msk.versions import DEPRECATED, EXPRESS_TYPES, INSTANCE_TYPES, KRAFT, ZOOKEEPER, targets

FACTS = Facts(
    {"s-a": ("vpc", "a"), "s-b": ("vpc", "b"), "s-c": ("vpc", "c"), "s-d": ("vpc", "a"), "s-e": ("other", "b")},
    {"sg-1": "vpc", "sg-2": "vpc", "sg-3": "other"},
)


def request(**more: Any) -> dict[str, Any]:
    return {
        "ClusterName": "stream",
        "KafkaVersion": "3.9.x.kraft",
        "NumberOfBrokerNodes": 3,
        "BrokerNodeGroupInfo": {
            "InstanceType": "kafka.m7g.large",
            "ClientSubnets": ["s-a", "s-b", "s-c"],
            "SecurityGroups": ["sg-1"],
            "StorageInfo": {"EbsStorageInfo": {"VolumeSize": 100}},
        },
        **more,
    }


def group(**more: Any) -> dict[str, Any]:
    return request(BrokerNodeGroupInfo={**request()["BrokerNodeGroupInfo"], **more})


def refusal(inputs: dict[str, Any]) -> str | None:
    """Code of the error; None when the request is accepted."""
    try:
        check_creation(copy.deepcopy(inputs), FACTS)
    except AwsError as error:
        return error.code
    return None


def volume(gib: int) -> dict[str, Any]:
    return group(StorageInfo={"EbsStorageInfo": {"VolumeSize": gib}})


@pytest.mark.parametrize(
    "inputs",
    [
        *(request(ClusterName=name) for name in ("bad name_!", "-a", "a" * 65, "a_b", "")),
        *(request(KafkaVersion=version) for version in ("9.9.9", "3.9", "", *DEPRECATED)),
        *(group(InstanceType=type) for type in ("bogus", "kafka.m5.bogus", "m5.large", "kafka.t3.medium")),
        *(group(ClientSubnets=subnets) for subnets in (["s-a"], [], ["s-x", "s-a", "s-b"], ["s-a", "s-d", "s-b"])),
        group(ClientSubnets=["s-a", "s-e", "s-c"]),
        group(ClientSubnets=["s-a", "s-a", "s-b"]),
        *(group(SecurityGroups=groups) for groups in (["sg-nosuch"], ["sg-1", "sg-3"])),
        *(request(NumberOfBrokerNodes=count) for count in (1, 2, 4, 14)),
        *(volume(gib) for gib in (0, 16385, -1)),
        group(ConnectivityInfo={"PublicAccess": {"Type": "SERVICE_PROVIDED_EIPS"}}),
        request(Rebalancing={"Status": "ACTIVE"}),
    ],
    ids=repr,
)
def test_what_aws_refuses_is_a_bad_request(inputs: dict[str, Any]) -> None:
    assert refusal(inputs) == "BadRequestException"


@pytest.mark.parametrize(
    "inputs",
    [
        *(request(KafkaVersion=version) for version in ZOOKEEPER),
        *(group(InstanceType=type) for type in EXPRESS_TYPES),
        request(StorageMode="TIERED"),
        request(OpenMonitoring={"Prometheus": {"JmxExporter": {"EnabledInBroker": True}}}),
        group(StorageInfo={"EbsStorageInfo": {"ProvisionedThroughput": {"Enabled": True, "VolumeThroughput": 250}}}),
    ],
    ids=repr,
)
def test_what_this_cloud_cannot_do_is_not_implemented(inputs: dict[str, Any]) -> None:
    assert refusal(inputs) == "NotImplemented"


@given(
    st.sampled_from(KRAFT),
    st.sampled_from(INSTANCE_TYPES),
    st.sampled_from([["s-a", "s-b"], ["s-c", "s-b", "s-a"]]),
    st.integers(1, 5),
    st.integers(1, 16384),
    st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", fullmatch=True),
)
def test_what_aws_takes_is_accepted(
    version: str, type: str, subnets: list[str], each: int, gib: int, name: str
) -> None:
    inputs = volume(gib)
    inputs["BrokerNodeGroupInfo"] |= {"InstanceType": type, "ClientSubnets": subnets}
    inputs |= {"ClusterName": name, "KafkaVersion": version, "NumberOfBrokerNodes": each * len(subnets)}
    assert refusal(inputs) is None


def test_versions_only_go_up_and_stay_in_kraft_mode() -> None:
    for version in (*KRAFT, *ZOOKEEPER, *DEPRECATED):
        assert all(target > version and target.endswith(".kraft") for target in targets(version))
    assert targets(KRAFT[-1]) == []
