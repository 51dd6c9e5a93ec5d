"""The client of an EKS cluster with the caller's own credentials, on an API server that verifies its tokens."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from runbooks.adapters.aws import Connect
from runbooks.adapters.eks import EksLogin
from runbooks.adapters.kubernetes import RegionCluster
from runbooks.ports import Refused, Unreachable
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.fixtures.eks import NAME

pytestmark = pytest.mark.integration


def connect(endpoint: str, key: str = KEY, secret: str = KEY) -> Connect:
    session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret)

    def to(service: str, region: str, config: Config) -> Any:
        return session.client(service, region_name=region, endpoint_url=endpoint, config=config)  # pyright: ignore[reportCallIssue, reportArgumentType]

    return to


@pytest.fixture
def login(cloud: Cloud, eks: Any) -> EksLogin:
    """Of who created the cluster."""
    return EksLogin(connect(cloud.site.endpoint_url), REGION, NAME)


def test_the_api_server_knows_the_caller_by_an_own_token_each_time(login: EksLogin) -> None:
    for _ in range(2):
        assert client.CoreV1Api(login()).read_namespace("kube-system").status


def test_who_has_no_access_entry_is_refused(cloud: Cloud, eks: Any) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="passer-by")
    key = iam.create_access_key(UserName="passer-by")["AccessKey"]
    login = EksLogin(connect(cloud.site.endpoint_url, key["AccessKeyId"], key["SecretAccessKey"]), REGION, NAME)
    cluster = RegionCluster(REGION, login)
    with pytest.raises(Refused, match="401"):
        cluster.role()


def test_a_token_is_for_one_cluster(cloud: Cloud, login: EksLogin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "token", EksLogin(connect(cloud.site.endpoint_url), REGION, "another").token)
    with pytest.raises(ApiException) as refused:
        client.CoreV1Api(login()).list_namespace()
    assert refused.value.status == 401


def test_a_cluster_that_does_not_exist_is_refused_by_name(cloud: Cloud) -> None:
    with pytest.raises(Refused, match="EKS of us-west-2: ResourceNotFoundException"):
        EksLogin(connect(cloud.site.endpoint_url), REGION, "missing")()


def test_an_eks_that_does_not_answer_is_unreachable_and_no_refusal() -> None:
    with pytest.raises(Unreachable, match="EKS of us-west-2 does not answer"):
        EksLogin(connect("http://127.0.0.1:9"), REGION, NAME)()
