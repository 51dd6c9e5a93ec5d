"""What a change of every input that the program in infra/ declares does to its resource."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from local.plugins.aws.change import calls
from local.plugins.aws.inputs import Effect
from local.plugins.aws.kind import Kind
from local.plugins.aws.kinds import find
from local.plugins.aws.mapping.changes import changes
from local.plugins.aws.mapping.requests import parameters, reach
from local.plugins.provider.values import Values
from tests.infra.recording import run, unwrap

SESSION = botocore.session.get_session()
STACKS = ("local", "staging", "prod")
_OF_AWS = {"vpcConfig.clusterSecurityGroupId"}
"""Written into the inputs by the recording, as AWS answers it."""


def kind_of(type: str) -> Kind:
    kind = find(type)
    assert kind is not None
    return kind


def whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) else value


def paths(values: Values, prefix: str = "") -> Iterator[str]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def declared() -> list[tuple[str, Values]]:
    """Every resource of AWS that the program declares with the stacks' configurations; one of each set of inputs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        recordings = [run(stack, outputs_known=True) for stack in STACKS]
    found: dict[tuple[str, ...], tuple[str, Values]] = {}
    for recording in recordings:
        for args in recording.resources:
            if args.typ.startswith("aws:"):
                inputs = whole(unwrap(args.inputs))
                found.setdefault((args.typ, *sorted(paths(inputs))), (args.typ, inputs))
    return list(found.values())


RESOURCES = declared()
CASES = {
    (type, name): inputs
    for type, inputs in RESOURCES
    for name in kind_of(type).inputs.effects
    if reach(inputs, name) is not None and name not in ("tagsAll", "region")
}
"""An example of a declaration by type and name."""


def other(name: str, value: Any) -> Any:
    """Another value of the same form."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[:-1] if len(value) > 1 else [*value, other(name, value[0])] if value else ["api"]
    if isinstance(value, dict):
        first = min(value, default="")  # the order of a recorded mapping is not always the same
        return {**value, first: other(name, value[first])} if value else {"other": "other"}
    try:
        document = value.startswith("{")
    except AttributeError as error:
        raise AssertionError(f"{name}: {value!r}") from error
    return value.replace("{", '{"Id": "other", ', 1) if document else f"{value}9"


def put(inputs: Values, name: str, value: Any) -> Values:
    key, _, rest = name.partition(".")
    return {**inputs, key: put(inputs.get(key) or {}, rest, value) if rest else value}


def test_every_input_of_the_program_has_its_place_in_the_table() -> None:
    unknown = {f"{type} {path}" for type, inputs in RESOURCES for path in kind_of(type).inputs.unknown(inputs)}
    assert unknown - {f"aws:eks/cluster:Cluster {path}" for path in _OF_AWS} == set()


def test_the_program_has_resources_of_which_this_is_tested() -> None:
    assert len({type for type, _ in RESOURCES}) > 30 and len(CASES) > 120


@pytest.mark.parametrize(("type", "name"), sorted(CASES), ids=lambda value: value.rsplit(":", 1)[-1])
def test_a_change_is_made_by_calls_that_aws_has_or_replaces_the_resource(type: str, name: str) -> None:
    kind, inputs = kind_of(type), CASES[type, name]
    new = put(inputs, name, other(name, reach(inputs, name)))
    found = changes(kind, inputs, new)
    assert set(found) == {name}
    service = SESSION.get_service_model(kind.service)
    known = {
        **kind.inputs.completed(new),
        "id": "arn:aws:x:::resource/x",
        "region": "us-west-2",
        "old": inputs,
        "token": "t",
    }
    known |= {key: derive(known) for key, derive in kind.derive.items()} | (
        {kind.fresh.name: "f"} if kind.fresh else {}
    )
    made = list(calls(kind, inputs, known, {name})) if found[name] is Effect.IN_PLACE and name != "tags" else []
    for call, only in made:
        operation = service.operation_model(call.operation)
        assert operation.input_shape is not None
        params = parameters(kind, call, operation, known, only)
        report = ParamValidator().validate(params, operation.input_shape)
        assert not report.has_errors(), report.generate_report()
        assert len(params) > 1 or "Rotation" in call.operation, f"{call.operation} changes nothing"
    assert bool(made) == (found[name] is Effect.IN_PLACE and name != "tags")


REPLACED = {
    "aws:acm/certificate:Certificate": "domainName validationMethod",
    "aws:acm/certificateValidation:CertificateValidation": "certificateArn validationRecordFqdns",
    "aws:cloudfront/distribution:Distribution": "",
    "aws:cloudfront/keyGroup:KeyGroup": "",
    "aws:cloudfront/originAccessControl:OriginAccessControl": "name",
    "aws:cloudfront/publicKey:PublicKey": "encodedKey name",
    "aws:cloudwatch/logGroup:LogGroup": "name",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyName",
    "aws:ebs/defaultKmsKey:DefaultKmsKey": "keyArn",
    "aws:ebs/encryptionByDefault:EncryptionByDefault": "",
    "aws:ec2/eip:Eip": "domain",
    "aws:ec2/flowLog:FlowLog": "logDestination logDestinationType maxAggregationInterval trafficType vpcId",
    "aws:ec2/internetGateway:InternetGateway": "",
    "aws:ec2/launchTemplate:LaunchTemplate": "name",
    "aws:ec2/natGateway:NatGateway": "allocationId subnetId",
    "aws:ec2/route:Route": "destinationCidrBlock routeTableId",
    "aws:ec2/routeTable:RouteTable": "vpcId",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "subnetId",
    "aws:ec2/securityGroup:SecurityGroup": "description name vpcId",
    "aws:ec2/subnet:Subnet": "availabilityZone cidrBlock vpcId",
    "aws:ec2/vpc:Vpc": "cidrBlock",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "serviceName vpcEndpointType vpcId",
    "aws:eks/accessEntry:AccessEntry": "clusterName principalArn",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "accessScope clusterName policyArn principalArn",
    "aws:eks/addon:Addon": "addonName clusterName",
    "aws:eks/cluster:Cluster": "accessConfig.bootstrapClusterCreatorAdminPermissions name roleArn",
    "aws:eks/nodeGroup:NodeGroup": (
        "amiType capacityType clusterName instanceTypes launchTemplate.id nodeGroupName nodeRoleArn subnetIds"
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": "clusterName namespace serviceAccount",
    "aws:elasticache/globalReplicationGroup:GlobalReplicationGroup": (
        "globalReplicationGroupIdSuffix primaryReplicationGroupId"
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": (
        "atRestEncryptionEnabled globalReplicationGroupId kmsKeyId port replicationGroupId subnetGroupName"
    ),
    "aws:elasticache/subnetGroup:SubnetGroup": "name",
    "aws:iam/role:Role": "name",
    "aws:iam/rolePolicy:RolePolicy": "name role",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn role",
    "aws:kms/alias:Alias": "name",
    "aws:kms/key:Key": "multiRegion",
    "aws:kms/replicaKey:ReplicaKey": "primaryKeyArn",
    "aws:msk/cluster:Cluster": (
        "brokerNodeGroupInfo.clientSubnets brokerNodeGroupInfo.securityGroups clusterName "
        "encryptionInfo.encryptionAtRestKmsKeyArn encryptionInfo.encryptionInTransit.inCluster"
    ),
    "aws:msk/clusterPolicy:ClusterPolicy": "clusterArn",
    "aws:msk/configuration:Configuration": "kafkaVersions name",
    "aws:msk/replicator:Replicator": (
        "kafkaClusters replicationInfoList.sourceKafkaClusterArn replicationInfoList.targetCompressionType "
        "replicationInfoList.targetKafkaClusterArn"
    ),
    "aws:msk/singleScramSecretAssociation:SingleScramSecretAssociation": "clusterArn secretArn",
    "aws:opensearch/domain:Domain": (
        "advancedSecurityOptions domainName encryptAtRest.enabled encryptAtRest.kmsKeyId nodeToNodeEncryption"
    ),
    "aws:rds/instance:Instance": "dbName engine kmsKeyId storageEncrypted username",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": (
        "kmsKeyId retentionPeriod sourceDbInstanceArn"
    ),
    "aws:rds/parameterGroup:ParameterGroup": "description family name",
    "aws:rds/subnetGroup:SubnetGroup": "name",
    "aws:route53/healthCheck:HealthCheck": "requestInterval type",
    "aws:route53/record:Record": "name zoneId",
    "aws:route53/zone:Zone": "name",
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket",
    "aws:s3/bucketLogging:BucketLogging": "bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "bucket",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "bucket",
    "aws:secretsmanager/secret:Secret": "name",
    "aws:secretsmanager/secretVersion:SecretVersion": "secretId secretString",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "securityGroupId",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
    "aws:wafv2/webAcl:WebAcl": "name scope",
}
"""What the official provider replaces (`ForceNew`), of what the program declares; the rest it changes in place."""


@pytest.mark.parametrize("type", sorted({type for type, _ in RESOURCES}))
def test_only_what_aws_cannot_change_is_replaced(type: str) -> None:
    kind, replaced = kind_of(type), set()
    for (of, name), inputs in CASES.items():
        if of == type:
            new = put(inputs, name, other(name, reach(inputs, name)))
            replaced |= {name for effect in changes(kind, inputs, new).values() if effect is Effect.REPLACING}
    assert sorted(replaced) == REPLACED[type].split()
