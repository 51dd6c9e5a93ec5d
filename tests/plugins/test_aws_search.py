"""A domain under the aws plugin, on the local endpoint: what it declares, what changes in place, and its end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.fixtures.cloud import KEY, REGION, Cloud, code
from tests.plugins.declared import Declared

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
NAME = "declared-search"
ROLE = "AWSServiceRoleForAmazonOpenSearchService"


@pytest.fixture
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": cloud.site.endpoint_url, "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.fixture
def logs(environment: None) -> Iterator[str]:
    """ARN of a log group to which domains may write."""
    group = Declared("aws:cloudwatch/logGroup:LogGroup", NAME)
    arn = group.create(name=f"/{NAME}")["arn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "es.amazonaws.com"}, "Action": "logs:CreateLogStream"}
    policy = Declared("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", NAME)
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**allow, "Resource": f"{arn}:*"}]})
    policy.create(policyName=NAME, policyDocument=document)
    assert policy.drift() == []
    yield arn
    policy.delete()
    group.delete()


def declaration(cloud: Cloud, logs: str, password: str = "Some-Password-1", gib: int = 10) -> dict[str, Any]:
    return {
        "domainName": NAME,
        "engineVersion": "OpenSearch_2.19",
        "clusterConfig": {"instanceType": "t3.small.search", "instanceCount": 1},
        "ebsOptions": {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": gib},
        "vpcOptions": {"subnetIds": cloud.subnets[:1]},
        "encryptAtRest": {"enabled": True, "kmsKeyId": cloud.key},
        "nodeToNodeEncryption": {"enabled": True},
        "domainEndpointOptions": {"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        "advancedSecurityOptions": {
            "enabled": True,
            "internalUserDatabaseEnabled": True,
            "masterUserOptions": {"masterUserName": "aura", "masterUserPassword": password},
        },
        "logPublishingOptions": [
            {"logType": "ES_APPLICATION_LOGS", "cloudwatchLogGroupArn": logs},
            {"logType": "AUDIT_LOGS", "cloudwatchLogGroupArn": logs},
        ],
        "tags": {"team": "content"},
    }


def test_a_domain_is_made_changed_in_place_and_deleted(cloud: Cloud, logs: str) -> None:
    api, domain = cloud.client("opensearch"), Declared("aws:opensearch/domain:Domain", "search")
    made = domain.create(**declaration(cloud, logs))
    assert made["endpoint"] == api.describe_domain(DomainName=NAME)["DomainStatus"]["Endpoints"]["vpc"]
    assert api.list_tags(ARN=made["arn"])["TagList"] == [{"Key": "team", "Value": "content"}]
    assert domain.drift() == []
    changed = declaration(cloud, logs, password="Another-Password-2", gib=20)
    assert domain.update(**changed)["endpoint"] == made["endpoint"]
    assert api.describe_domain(DomainName=NAME)["DomainStatus"]["EBSOptions"]["VolumeSize"] == 20
    assert domain.drift() == []
    for replacing in ({"encryptAtRest": {"enabled": True, "kmsKeyId": "other"}}, {"nodeToNodeEncryption": {}}):
        assert domain.diff(**{**changed, **replacing}).replaces != []
    domain.delete()
    assert code(api.describe_domain, DomainName=NAME) == "ResourceNotFoundException"


@pytest.mark.usefixtures("environment")
def test_the_role_of_the_service_has_the_name_that_aws_gives_it(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    with suppress(iam.exceptions.NoSuchEntityException):  # an account has one: of tests of the bootstrap
        iam.delete_service_linked_role(RoleName=ROLE)
    role = Declared("aws:iam/serviceLinkedRole:ServiceLinkedRole", "search")
    made = role.create(awsServiceName="opensearchservice.amazonaws.com", tags={"team": "content"})
    assert made["name"] == ROLE
    assert role.drift() == []
    role.delete()
    assert code(iam.get_role, RoleName=ROLE) == "NoSuchEntity"
