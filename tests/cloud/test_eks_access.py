"""Access entries: what EKS refuses of them, and what access policies let a principal do."""

from __future__ import annotations

import base64
import json
import ssl
import urllib.request
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud, code_of
from tests.fixtures.eks import NAME, run, service_role
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
INVALID = "InvalidParameterException"
POLICY = "arn:aws:eks::aws:cluster-access-policy/AmazonEKS{}Policy"
NOBODY = "arn:aws:iam::123456789012:user/nobody"


class Api:
    """A cluster's API server, for the bearer of a token."""

    def __init__(self, cluster: dict[str, Any], token: str) -> None:
        self.url, self.token = cluster["endpoint"], token
        authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
        self.trust = ssl.create_default_context(cadata=authority)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, context=self.trust, timeout=10) as response:
            return json.loads(response.read())


@pytest.fixture(scope="module")
def reader(cloud: Cloud, eks: Any) -> dict[str, str]:
    """The credentials of an IAM user with an access entry, and its ARN."""
    iam = cloud.client("iam")
    arn = iam.create_user(UserName="eks-reader")["User"]["Arn"]
    key = iam.create_access_key(UserName="eks-reader")["AccessKey"]
    eks.create_access_entry(clusterName=NAME, principalArn=arn, kubernetesGroups=["readers"], username="reader")
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"], "arn": arn}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kubernetesGroups": ["system:masters"]}, INVALID),
        ({"kubernetesGroups": ["readers", "system:nodes"]}, INVALID),
        ({"username": "system:admin"}, INVALID),
        ({"username": "eks:someone"}, INVALID),
        ({"username": "john{{SessionName}}"}, INVALID),
        ({"principalArn": "nonsense"}, INVALID),
        ({"principalArn": NOBODY}, INVALID),
        ({"principalArn": "arn:aws:sts::123456789012:assumed-role/r/s"}, INVALID),
        ({"principalArn": "arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/X"}, INVALID),
        ({"type": "EC2_MAC"}, INVALID),
        ({"type": "EC2_LINUX"}, INVALID),  # a user is no node
    ],
)
def test_entry_that_cannot_be_made_is_refused(cloud: Cloud, eks: Any, change: dict[str, Any], code: str) -> None:
    iam = cloud.client("iam")
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName="eks-refused")
    principal = "arn:aws:iam::123456789012:user/eks-refused"
    with pytest.raises(ClientError) as refused:
        eks.create_access_entry(**{"clusterName": NAME, "principalArn": principal, **change})
    assert code_of(refused.value) == code
    assert principal not in eks.list_access_entries(clusterName=NAME)["accessEntries"]


def test_role_is_known_by_its_session(cloud: Cloud, eks: Any) -> None:
    arn = service_role(cloud, "eks-session", "ec2.amazonaws.com")
    entry = eks.create_access_entry(clusterName=NAME, principalArn=arn)["accessEntry"]
    assert entry["username"] == "arn:aws:sts::123456789012:assumed-role/eks-session/{{SessionName}}"
    with pytest.raises(ClientError) as twice:
        eks.create_access_entry(clusterName=NAME, principalArn=arn)
    assert code_of(twice.value) == "ResourceInUseException"


@pytest.mark.parametrize(
    ("policy", "scope", "code"),
    [
        (POLICY.format("AutoNode"), {"type": "cluster"}, "NotImplemented"),
        (POLICY.format("View").replace("eks::aws", "iam::aws"), {"type": "cluster"}, INVALID),
        (POLICY.format("View"), {"type": "cluster", "namespaces": ["default"]}, INVALID),
        (POLICY.format("View"), {"type": "namespace"}, INVALID),
        (POLICY.format("View"), {"type": "namespace", "namespaces": ["Upper"]}, INVALID),
        (POLICY.format("View"), {"type": "galaxy"}, INVALID),
    ],
)
def test_policy_that_cannot_be_associated_is_refused(
    eks: Any, reader: dict[str, str], policy: str, scope: dict[str, Any], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        eks.associate_access_policy(clusterName=NAME, principalArn=reader["arn"], policyArn=policy, accessScope=scope)
    assert code_of(refused.value) == code


def test_policy_grants_its_actions_within_its_scope(eks: Any, shell: dict[str, str], reader: dict[str, str]) -> None:
    theirs = {**shell, **{key: value for key, value in reader.items() if key != "arn"}}
    credential = json.loads(run(theirs, "aws", "eks", "get-token", "--cluster-name", NAME).stdout)
    api = Api(eks.describe_cluster(name=NAME)["cluster"], credential["status"]["token"])

    def may(verb: str, resource: str, namespace: str = "") -> bool:
        resource, _, group = resource.partition(".")
        asked = {"verb": verb, "resource": resource, "group": group, "namespace": namespace}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        answer = api.post(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {**review, "spec": {"resourceAttributes": asked}}
        )
        return answer["status"]["allowed"]

    assert not may("list", "pods", "default")
    associated = {"clusterName": NAME, "principalArn": reader["arn"]}
    eks.associate_access_policy(
        **associated,
        policyArn=POLICY.format("Edit"),
        accessScope={"type": "namespace", "namespaces": ["default", "team-*"]},
    )
    until("the policy to count", lambda: may("list", "pods", "default"))
    assert may("create", "deployments.apps", "team-a")
    assert not may("list", "pods", "kube-system")
    assert not may("list", "nodes")
    assert not may("create", "roles.rbac.authorization.k8s.io", "default")
    policies = {"associatedPolicyArn": POLICY.format("Edit")}
    assert eks.list_access_entries(clusterName=NAME, **policies)["accessEntries"] == [reader["arn"]]
    eks.disassociate_access_policy(**associated, policyArn=POLICY.format("Edit"))
    until("the policy to be gone", lambda: not may("list", "pods", "default"))
    assert POLICY.format("View") in [known["arn"] for known in eks.list_access_policies()["accessPolicies"]]
