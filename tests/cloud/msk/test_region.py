"""What a region of MSK answers and refuses without any broker: versions, configurations, lists, deletions."""

from __future__ import annotations

from typing import Any

import pytest
from moto.core.request import Request
from werkzeug.test import EnvironBuilder

from local.cloud.service.errors import AwsError
from local.cloud.svc.msk.versions import DEPRECATED, KRAFT, ZOOKEEPER, targets
from tests.cloud.msk.test_update_rules import ARN, Region, region

__all__ = ["region"]
CONFIGURATION = {"Name": "k2", "KafkaVersions": ["3.9.x.kraft"], "ServerProperties": b"num.partitions=3\n"}


@pytest.mark.parametrize(
    "change",
    [
        *({"Name": name} for name in ("-k", "a b", "k_2", "", "k/2")),
        *({"ServerProperties": text} for text in (b"num.partitions=banana", b"listeners=x", b"nosuch.thing=1", b"=")),
        {"KafkaVersions": ["9.9.x"]},
    ],
)
def test_a_configuration_that_cannot_be_is_refused_at_the_call(region: Region, change: dict[str, Any]) -> None:
    before = dict(region.state.configurations)
    with pytest.raises(AwsError) as refused:
        region.api.create_configuration(region.state, {**CONFIGURATION, **change})
    assert refused.value.code == "BadRequestException"
    assert region.state.configurations == before


def test_a_configuration_is_made_of_properties_that_are_valid(region: Region) -> None:
    made = region.api.create_configuration(region.state, dict(CONFIGURATION))
    assert made["Arn"] in region.state.configurations


@pytest.mark.parametrize(
    ("text", "status"), [("bnVt\nLnBhcnRpdGlvbnM9Mwo=", 200), ("***", 400), ("bnVt*", 400), (5, 400)]
)
def test_properties_that_are_no_base64_are_refused(region: Region, text: object, status: int) -> None:
    """No SDK sends such a request."""
    before = dict(region.state.configurations)
    body = {"name": "k2", "kafkaVersions": ["3.9.x.kraft"], "serverProperties": text}
    request = EnvironBuilder(path="/v1/configurations", method="POST", json=body, headers=[("Host", "kafka.aws")])
    answer, _ = region.api.handle(Request(request.get_environ()), "us-west-2")
    assert answer.status_code == status, answer.get_data()
    if status == 400:
        assert answer.headers["x-amzn-errortype"] == "BadRequestException"
        assert region.state.configurations == before


def test_a_cluster_is_deleted_once(region: Region) -> None:
    assert region.api.delete_cluster(region.state, {"ClusterArn": ARN})["State"] == "DELETING"
    with pytest.raises(AwsError, match="deleted already") as refused:
        region.api.delete_cluster(region.state, {"ClusterArn": ARN})
    assert refused.value.code == "BadRequestException"


def test_clusters_are_listed_by_type(region: Region) -> None:
    def listed(**inputs: Any) -> list[str]:
        return [found["ClusterArn"] for found in region.api.list_clusters_v2(region.state, inputs)["ClusterInfoList"]]

    assert listed() == listed(ClusterTypeFilter="PROVISIONED") == [ARN]
    assert listed(ClusterTypeFilter="SERVERLESS") == []
    with pytest.raises(AwsError) as refused:
        listed(ClusterTypeFilter="EXPRESS")
    assert refused.value.code == "BadRequestException"


def test_versions_are_listed_with_what_they_can_become(region: Region) -> None:
    known = region.api.list_kafka_versions(region.state, {})["KafkaVersions"]
    status = {found["Version"]: found["Status"] for found in known}
    assert set(status) == {*KRAFT, *ZOOKEEPER, *DEPRECATED}
    assert {status["3.9.x.kraft"], *(status[v] for v in DEPRECATED)} == {"ACTIVE", "DEPRECATED"}
    (of_one,) = region.api.get_compatible_kafka_versions(region.state, {"ClusterArn": ARN})["CompatibleKafkaVersions"]
    assert of_one == {"SourceVersion": "3.9.x.kraft", "TargetVersions": targets("3.9.x.kraft")}
    assert "4.0.x.kraft" in of_one["TargetVersions"]
    of_all = region.api.get_compatible_kafka_versions(region.state, {})["CompatibleKafkaVersions"]
    assert of_one in of_all
    assert all(found["SourceVersion"] not in found["TargetVersions"] for found in of_all)
