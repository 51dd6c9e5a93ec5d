"""From inputs to API parameters and back."""

from __future__ import annotations

from typing import Any

import botocore.session

from local.plugins.aws.kind import Call, Kind, Literal
from local.plugins.aws.kinds import find
from local.plugins.aws.mapping.requests import parameters, unmapped
from local.plugins.aws.mapping.responses import observed, settled
from local.plugins.provider.values import UNKNOWN

SESSION = botocore.session.get_session()


def kind_of(type: str) -> Kind:
    kind = find(type)
    assert kind is not None
    return kind


def creation(type: str, inputs: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    kind = kind_of(type)
    operation = SESSION.get_service_model(kind.service).operation_model(kind.create.operation)
    return parameters(kind, kind.create, operation, inputs, set(inputs)), unmapped(kind, operation, inputs)


def test_inputs_reach_the_api_under_its_own_names() -> None:
    inputs = {"identifier": "a", "engine": "postgres", "instanceClass": "db.t4g.micro", "multiAz": True, "port": 5432}
    params, lost = creation("aws:rds/instance:Instance", {**inputs, "skipFinalSnapshot": True})
    assert lost == []
    assert params == {
        "DBInstanceIdentifier": "a",
        "Engine": "postgres",
        "DBInstanceClass": "db.t4g.micro",
        "MultiAZ": True,
        "Port": 5432,
    }


def test_an_unmapped_input_is_named_also_inside_another() -> None:
    assert creation("aws:rds/instance:Instance", {"identifier": "a", "colour": "red"})[1] == ["colour"]
    inner = {"name": "c", "roleArn": "r", "vpcConfig": {"subnetIds": ["s"], "moat": True}}
    assert creation("aws:eks/cluster:Cluster", inner)[1] == ["vpcConfig.moat"]
    versioning = {"bucket": "b", "versioningConfiguration": {"status": "Enabled", "mfaDelete": "Enabled"}}
    assert creation("aws:s3/bucketVersioning:BucketVersioning", versioning)[1] == ["versioningConfiguration.mfaDelete"]
    rules = {"bucket": "b", "rules": [{"id": "x", "status": "Enabled", "whim": 1}]}
    lost = creation("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", rules)[1]
    assert len(lost) == 1 and lost[0].endswith("whim")


def test_a_security_group_with_rules_of_its_own_is_refused_rather_than_opened() -> None:
    group = {"name": "g", "vpcId": "v", "ingress": [{"fromPort": 22}]}
    assert creation("aws:ec2/securityGroup:SecurityGroup", group)[1] == ["ingress"]


def test_unknown_inputs_pass_the_check() -> None:
    inputs = {"clusterName": UNKNOWN, "encryptionInfo": {"encryptionAtRestKmsKeyArn": UNKNOWN}, "kafkaVersion": "3.9"}
    assert creation("aws:msk/cluster:Cluster", inputs)[1] == []


def test_a_field_without_its_input_is_left_out_and_an_item_with_its_first() -> None:
    rule = {"securityGroupId": "sg", "ipProtocol": "tcp", "fromPort": 1, "toPort": 1, "referencedSecurityGroupId": "of"}
    params, _ = creation("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", rule)
    (permission,) = params["IpPermissions"]
    assert permission["UserIdGroupPairs"] == [{"GroupId": "of"}]
    assert "IpRanges" not in permission


def test_a_literal_value_may_have_braces() -> None:
    kind = kind_of("aws:s3/bucket:Bucket")
    operation = SESSION.get_service_model("s3").operation_model("DeleteObjects")
    call = Call("DeleteObjects", {"Bucket": "{id}", "Delete": {"Objects": Literal([{"Key": "a{b}"}])}})
    params = parameters(kind, call, operation, {"id": "x"}, set())
    assert params == {"Bucket": "x", "Delete": {"Objects": [{"Key": "a{b}"}]}}


def test_a_different_spelling_is_no_drift() -> None:
    assert settled(["b", "a"], ["a", "b"]) == ["b", "a"]
    assert settled("5432", 5432) == "5432"
    assert settled({"a": 1}, {"A": 1, "more": 2}) == {"a": 1}
    assert settled(["a"], {"Quantity": 1, "Items": ["a"]}) == ["a"]


def test_a_different_value_is_drift() -> None:
    assert settled(["a", "b"], ["a"]) == ["a"]
    assert settled({"a": {"b": 1}}, {"A": {"B": 2}}) == {"a": {"b": 2}}
    assert settled(True, False) is False


def test_a_policy_document_is_compared_by_what_it_says() -> None:
    kind = kind_of("aws:iam/rolePolicy:RolePolicy")
    declared = {"policy": '{"Version": "1", "Statement": []}'}
    assert observed(kind, {"PolicyDocument": {"Statement": [], "Version": "1"}}, {}, declared) == declared
    assert observed(kind, {"PolicyDocument": {"Statement": [1], "Version": "1"}}, {}, declared) != declared


def test_a_version_given_by_its_first_numbers_is_met_by_any_that_follow() -> None:
    kind = kind_of("aws:rds/instance:Instance")
    assert observed(kind, {"EngineVersion": "15.18"}, {}, {"engineVersion": "15"}) == {"engineVersion": "15"}
    assert observed(kind, {"EngineVersion": "16.1"}, {}, {"engineVersion": "15"}) == {"engineVersion": "16.1"}


def test_only_changed_inputs_go_into_a_change() -> None:
    kind = kind_of("aws:rds/instance:Instance")
    assert isinstance(kind.modify, Call)
    operation = SESSION.get_service_model("rds").operation_model(kind.modify.operation)
    known = {
        "id": "a",
        "identifier": "a",
        "instanceClass": "db.r7g.large",
        "allocatedStorage": 20,
        "applyImmediately": False,
    }
    params = parameters(kind, kind.modify, operation, known, {"instanceClass"})
    assert params == {"DBInstanceIdentifier": "a", "ApplyImmediately": False, "DBInstanceClass": "db.r7g.large"}
