"""Which operations go on while control planes are refused."""

from __future__ import annotations

import pytest
from moto.core.utils import get_service_model

from local.loss import planes
from local.loss.planes import of_data


@pytest.mark.parametrize("service", planes._DATA)
def test_every_operation_of_the_table_exists(service: str) -> None:
    known = {*get_service_model(service).operation_names, "PostObject"}  # a form; botocore signs it, and has no name
    assert planes._DATA[service] <= known


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("rds", "PromoteReadReplica"),
        ("rds", "DescribeDBInstances"),
        ("route53", "ChangeResourceRecordSets"),
        ("elasticache", "FailoverGlobalReplicationGroup"),
        ("s3", "CreateBucket"),
        ("s3", "PutBucketPolicy"),
        ("iam", "GetRole"),
        ("kms", "CreateKey"),
        ("secretsmanager", "PutSecretValue"),
        ("unknown", ""),
    ],
)
def test_what_creates_changes_or_describes_resources_is_of_the_control_plane(service: str, operation: str) -> None:
    assert not of_data(service, operation)


@pytest.mark.parametrize(
    ("service", "operation"), [("s3", "PutObject"), ("kms", "Decrypt"), ("secretsmanager", "GetSecretValue")]
)
def test_what_serves_data_is_not(service: str, operation: str) -> None:
    assert of_data(service, operation)
