"""The ARNs of what a request names. Pure. Source: Service Authorization Reference, resource types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.cloud.context import ACCOUNT

_FORMS: dict[tuple[str, str], str] = {
    ("secretsmanager", "SecretId"): "arn:aws:secretsmanager:{region}:{account}:secret:{name}-??????",
    ("secretsmanager", "Name"): "arn:aws:secretsmanager:{region}:{account}:secret:{name}-??????",
    ("ssm", "Name"): "arn:aws:ssm:{region}:{account}:parameter/{name}",
    ("sqs", "QueueName"): "arn:aws:sqs:{region}:{account}:{name}",
    ("sns", "Name"): "arn:aws:sns:{region}:{account}:{name}",
    ("dynamodb", "TableName"): "arn:aws:dynamodb:{region}:{account}:table/{name}",
    ("logs", "logGroupName"): "arn:aws:logs:{region}:{account}:log-group:{name}",
    ("iam", "RoleName"): "arn:aws:iam::{account}:role/{name}",
    ("iam", "UserName"): "arn:aws:iam::{account}:user/{name}",
    ("rds", "DBInstanceIdentifier"): "arn:aws:rds:{region}:{account}:db:{name}",
    ("rds", "DBSnapshotIdentifier"): "arn:aws:rds:{region}:{account}:snapshot:{name}",
    ("rds", "DBParameterGroupName"): "arn:aws:rds:{region}:{account}:pg:{name}",
    ("rds", "DBSubnetGroupName"): "arn:aws:rds:{region}:{account}:subgrp:{name}",
    ("elasticache", "ReplicationGroupId"): "arn:aws:elasticache:{region}:{account}:replicationgroup:{name}",
    ("elasticache", "CacheClusterId"): "arn:aws:elasticache:{region}:{account}:cluster:{name}",
    ("opensearch", "DomainName"): "arn:aws:es:{region}:{account}:domain/{name}",
    ("kms", "KeyId"): "arn:aws:kms:{region}:{account}:key/{name}",
    ("ecr", "repositoryName"): "arn:aws:ecr:{region}:{account}:repository/{name}",
}
"""(service, input) -> the ARN that a plain name in it stands for."""


def resources_of(service: str, operation: str, region: str, inputs: Mapping[str, Any]) -> list[str]:
    """ARNs, perhaps none. The random end of a secret's ARN, which a name does not tell, is six question marks."""
    if service == "s3":
        return _of_s3(operation, inputs)
    if service == "eks":
        return _of_eks(operation, region, inputs)
    if url := inputs.get("QueueUrl"):
        return [f"arn:aws:sqs:{region}:{ACCOUNT}:{str(url).rsplit('/', 1)[-1]}"]
    found: list[str] = []
    for member, value in inputs.items():
        if not isinstance(value, str) or not value:
            continue
        form = _FORMS.get((service, member))
        if value.startswith("arn:aws:") and (form or member.lower().endswith("arn")):
            found.append(value)
        elif form and not value.startswith("alias/"):
            found.append(form.format(region=region, account=ACCOUNT, name=value.removeprefix("/")))
    return [arn for arn in found if arn.split(":")[2] == service or service not in ("rds", "iam")] or found


def _of_s3(operation: str, inputs: Mapping[str, Any]) -> list[str]:
    bucket = inputs.get("Bucket")
    if not bucket:
        return []
    keys = [inputs["Key"]] if inputs.get("Key") else []
    if operation == "DeleteObjects":
        keys = [each["Key"] for each in inputs.get("Delete", {}).get("Objects", [])]
    return [f"arn:aws:s3:::{bucket}/{key}" for key in keys] or [f"arn:aws:s3:::{bucket}"]


def _of_eks(operation: str, region: str, inputs: Mapping[str, Any]) -> list[str]:
    cluster = inputs.get("clusterName") or inputs.get("name")
    if not cluster or "Nodegroup" in operation or "Addon" in operation:
        return []
    return [f"arn:aws:eks:{region}:{ACCOUNT}:cluster/{cluster}"]
