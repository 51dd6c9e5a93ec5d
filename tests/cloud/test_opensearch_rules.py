"""What OpenSearch Service refuses: each rule alone, on a configuration that is otherwise valid."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.moto_backends.lookups import Subnet
from local.cloud.service.errors import AwsError
from local.cloud.svc.opensearch import catalog
from local.cloud.svc.opensearch.facts import Facts
from local.cloud.svc.opensearch.rules import check

ACCOUNT = "arn:aws:logs:us-west-2:123456789012:log-group"
SUBNETS = {f"subnet-{zone}": Subnet(f"subnet-{zone}", "vpc-1", f"us-west-2{zone}") for zone in "abc"}
ELSEWHERE = {
    "subnet-x": Subnet("subnet-x", "vpc-2", "us-west-2c"),
    "subnet-d": Subnet("subnet-d", "vpc-1", "us-west-2a"),
}
GROUPS = {"sg-1": "vpc-1", "sg-2": "vpc-2"}
FACTS = Facts({**SUBNETS, **ELSEWHERE}, GROUPS, "arn:key", "", {f"{ACCOUNT}:logs": True, f"{ACCOUNT}:closed": False})
PASSWORD = "Some-Password-1"
VALID: dict[str, Any] = {
    "EngineVersion": "OpenSearch_2.19",
    "ClusterConfig": {
        "InstanceType": "t3.small.search",
        "InstanceCount": 3,
        "ZoneAwarenessEnabled": True,
        "ZoneAwarenessConfig": {"AvailabilityZoneCount": 3},
    },
    "EBSOptions": {"EBSEnabled": True, "VolumeType": "gp3", "VolumeSize": 10, "Iops": 3000, "Throughput": 125},
    "VPCOptions": {"SubnetIds": list(SUBNETS), "SecurityGroupIds": ["sg-1"]},
    "AccessPolicies": json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "es:ESHttp*"}]}),
    "EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": "key"},
    "NodeToNodeEncryptionOptions": {"Enabled": True},
    "DomainEndpointOptions": {"EnforceHTTPS": True},
    "AdvancedSecurityOptions": {
        "Enabled": True,
        "InternalUserDatabaseEnabled": True,
        "MasterUserOptions": {"MasterUserName": "aura", "MasterUserPassword": PASSWORD},
    },
    "LogPublishingOptions": {"AUDIT_LOGS": {"CloudWatchLogsLogGroupArn": f"{ACCOUNT}:logs:*", "Enabled": True}},
    "SnapshotOptions": {"AutomatedSnapshotStartHour": 3},
}
ZONES = "ClusterConfig.ZoneAwarenessConfig.AvailabilityZoneCount"
USER = "AdvancedSecurityOptions.MasterUserOptions"
LOGS = "LogPublishingOptions.AUDIT_LOGS.CloudWatchLogsLogGroupArn"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"EngineVersion": "OpenSearch_9.9"}, "Unsupported OpenSearch version"),
    *(({ZONES: zones}, "two or three") for zones in (1, 4)),
    ({"ClusterConfig.ZoneAwarenessEnabled": False}, "enable zone awareness"),
    ({ZONES: 2}, "even number of data nodes"),
    ({"ClusterConfig.InstanceCount": 2}, "minimum of three data nodes"),
    ({"ClusterConfig.InstanceCount": 0}, "1 to 80"),
    ({"ClusterConfig.DedicatedMasterEnabled": True}, "instance type for dedicated"),
    (
        {
            "ClusterConfig.DedicatedMasterEnabled": True,
            "ClusterConfig.DedicatedMasterType": "m6g.large.search",
            "ClusterConfig.DedicatedMasterCount": 2,
        },
        "3 or 5",
    ),
    ({"VPCOptions.SubnetIds": ["subnet-a", "subnet-b", "subnet-z"]}, "do not exist: subnet-z"),
    ({"VPCOptions.SubnetIds": ["subnet-a", "subnet-b"]}, "exactly three subnets"),
    ({"VPCOptions.SubnetIds": ["subnet-a", "subnet-b", "subnet-x"]}, "in one VPC"),
    ({"VPCOptions.SubnetIds": ["subnet-a", "subnet-b", "subnet-d"]}, "different Availability Zones"),
    ({"VPCOptions.SecurityGroupIds": ["sg-9"]}, "sg-9 does not exist"),
    ({"VPCOptions.SecurityGroupIds": ["sg-2"]}, "not in the VPC"),
    ({"EBSOptions": {"EBSEnabled": False}}, "EBS storage must be selected"),
    ({"ClusterConfig.InstanceType": "r6gd.large.search"}, "not supported for r6gd"),
    *(({"EBSOptions.VolumeSize": size}, "between 10 and 100 GiB") for size in (9, 101)),
    ({"EBSOptions.Iops": 2999}, "Iops must be"),
    ({"EBSOptions.Throughput": 1001}, "Throughput must be"),
    ({"EBSOptions.VolumeType": "gp2"}, "for gp3"),
    ({"EncryptionAtRestOptions": {"Enabled": False, "KmsKeyId": "key"}}, "KmsKeyId is for domains"),
    ({"EncryptionAtRestOptions": {"Enabled": False}}, "encryption at rest to use advanced"),
    ({"NodeToNodeEncryptionOptions.Enabled": False}, "node-to-node encryption to use advanced"),
    ({"DomainEndpointOptions.EnforceHTTPS": False}, "Enforce HTTPS to use advanced"),
    ({f"{USER}.MasterUserARN": "arn:aws:iam::123456789012:role/x"}, "not both"),
    ({USER: {"MasterUserName": "aura"}}, "both the name and the password"),
    ({"AdvancedSecurityOptions.InternalUserDatabaseEnabled": False}, "internal user database for"),
    *(
        ({f"{USER}.MasterUserPassword": password}, "one uppercase letter")
        for password in ("some-password-1", "SOME-PASSWORD-1", "Some-Password", "SomePassword1")
    ),
    ({LOGS: f"{ACCOUNT}:none"}, "does not exist"),
    ({LOGS: f"{ACCOUNT}:closed"}, "Resource Access Policy"),
    ({LOGS: "arn:aws:s3:::bucket"}, "not the ARN of a log group"),
    ({"AccessPolicies": "{"}, "no JSON"),
    (
        {"AccessPolicies": json.dumps({"Statement": [{"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.1"}}}]})},
        "IP-based",
    ),
    ({"SnapshotOptions.AutomatedSnapshotStartHour": 24}, "0 to 23"),
]
NOT_HERE: list[dict[str, Any]] = [
    {"EngineVersion": "OpenSearch_2.17"},
    {"VPCOptions": {}},
    {"AdvancedSecurityOptions": {"Enabled": False}, "LogPublishingOptions": {}},
    {"AdvancedSecurityOptions.AnonymousAuthEnabled": True},
    {"ClusterConfig.WarmEnabled": True},
    {"ClusterConfig.MultiAZWithStandbyEnabled": True},
    {"DomainEndpointOptions.CustomEndpointEnabled": True},
    {"IPAddressType": "dualstack"},
]


def changed(change: dict[str, Any]) -> dict[str, Any]:
    """VALID with the values at dotted paths."""
    options = copy.deepcopy(VALID)
    for path, value in change.items():
        *parents, last = path.split(".")
        place = options
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return options


def refusal(options: dict[str, Any], facts: Facts = FACTS) -> AwsError:
    with pytest.raises(AwsError) as refused:
        check(options, facts)
    return refused.value


def test_a_valid_configuration_is_accepted() -> None:
    check(changed({}), FACTS)


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=lambda value: str(value)[:60])
def test_what_aws_refuses_is_refused(change: dict[str, Any], message: str) -> None:
    error = refusal(changed(change))
    assert error.code == "ValidationException"
    assert message in error.message


@pytest.mark.parametrize("change", NOT_HERE, ids=str)
def test_features_without_a_local_implementation_are_refused_as_not_implemented(change: dict[str, Any]) -> None:
    assert refusal(changed(change)).code == "NotImplemented"


def test_a_key_that_encrypts_nothing_is_refused() -> None:
    facts = Facts(SUBNETS, GROUPS, "", "The KMS key key is disabled.", FACTS.log_groups)
    assert refusal(changed({}), facts).message == "The KMS key key is disabled."


@given(st.sampled_from(catalog.VERSIONS))
def test_upgrades_lead_to_later_versions_only(version: str) -> None:
    later = catalog.VERSIONS[: catalog.VERSIONS.index(version)]
    assert set(catalog.targets(version)) <= set(later)
