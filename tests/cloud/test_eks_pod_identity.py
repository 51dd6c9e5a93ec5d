"""A Pod gets the credentials of its ServiceAccount's role, and no others, without any that are written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from kubernetes import client, config

from operators.kubernetes.client import Client
from operators.kubernetes.manifest import Owner
from operators.kubernetes.pod_identity import credentials_finding
from tests.fixtures.cloud import REGION, Cloud, code_of
from tests.fixtures.eks import NAME, run, service_role
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
INVALID = "InvalidParameterException"

PODS, ACTIONS = "pods.eks.amazonaws.com", ("sts:AssumeRole", "sts:TagSession")
WHO = """
import boto3, botocore.exceptions
try:
    print(boto3.client("sts").get_caller_identity()["Arn"], flush=True)
except botocore.exceptions.BotoCoreError as error:
    print("none:", error, flush=True)
"""


@pytest.fixture(scope="module")
def association(cloud: Cloud, eks: Any) -> dict[str, Any]:
    """Of the ServiceAccount `reader` in the namespace default, whose role is `pod-reader`."""
    role = service_role(cloud, "pod-reader", PODS, actions=ACTIONS)
    eks.create_addon(clusterName=NAME, addonName="eks-pod-identity-agent")
    created = eks.create_pod_identity_association(
        clusterName=NAME, namespace="default", serviceAccount="reader", roleArn=role, tags={"team": "platform"}
    )
    return created["association"]


def identity_in_a_pod(cloud: Cloud, admin: dict[str, str], name: str, account: str) -> str:
    """What a boto3 client in a Pod of the ServiceAccount says who it is."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "serviceAccountName": account,
            "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    "name": "main",
                    "image": "aura-local/python",
                    "args": ["-c", WHO],
                    "env": [
                        {"name": "AWS_ENDPOINT_URL", "value": cloud.site.endpoint_url},
                        {"name": "AWS_EC2_METADATA_DISABLED", "value": "true"},
                        {"name": "AWS_DEFAULT_REGION", "value": REGION},
                    ],
                }
            ],
        },
    }
    manifest = cloud.site.home / f"{name}.json"
    manifest.write_text(json.dumps(pod))
    if run(admin, "kubectl", "get", "serviceaccount", account).returncode != 0:
        assert run(admin, "kubectl", "create", "serviceaccount", account).returncode == 0
    created = run(admin, "kubectl", "create", "-f", str(manifest))
    assert created.returncode == 0, created.stderr
    return until("the Pod to say who it is", lambda: run(admin, "kubectl", "logs", name).stdout)


def test_pod_has_the_identity_of_its_role(
    cloud: Cloud, eks: Any, admin: dict[str, str], association: dict[str, Any]
) -> None:
    seen = identity_in_a_pod(cloud, admin, "reading", "reader")
    assert seen.startswith("arn:aws:sts::123456789012:assumed-role/pod-reader/eks-tested-reading-"), seen
    spec = json.loads(run(admin, "kubectl", "get", "pod", "reading", "-o", "json").stdout)["spec"]
    variables = {variable["name"]: variable.get("value") for variable in spec["containers"][0]["env"]}
    token = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"
    assert variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == token
    assert not variables.keys() & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_pod_without_an_association_has_no_credentials(cloud: Cloud, eks: Any, admin: dict[str, str]) -> None:
    assert identity_in_a_pod(cloud, admin, "unknown", "nobody").startswith("none: Unable to locate credentials")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "ResourceInUseException"),
        ({"namespace": "Upper"}, INVALID),
        ({"namespace": "n" * 64}, INVALID),
        ({"serviceAccount": "under_score"}, INVALID),
        ({"roleArn": "arn:aws:iam::123456789012:role/nobody"}, INVALID),
        ({"roleArn": "nonsense"}, INVALID),
        ({"tags": {"aws:mine": "x"}}, INVALID),
        ({"clusterName": "none"}, "ResourceNotFoundException"),
        ({"targetRoleArn": "arn:aws:iam::210987654321:role/other"}, "NotImplemented"),
    ],
)
def test_association_that_cannot_be_is_refused(
    eks: Any, association: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    same = {key: association[key] for key in ("clusterName", "namespace", "serviceAccount", "roleArn")}
    other = {"serviceAccount": "another"} if change else {}
    with pytest.raises(ClientError) as refused:
        eks.create_pod_identity_association(**{**same, **other, **change})
    assert code_of(refused.value) == code


@pytest.mark.parametrize(
    ("service", "actions"), [("ec2.amazonaws.com", ACTIONS), (PODS, ACTIONS[:1]), (PODS, ACTIONS[1:])]
)
def test_role_must_trust_pods(cloud: Cloud, eks: Any, service: str, actions: tuple[str, ...]) -> None:
    name = f"pod-untrusted-{service.split('.')[0]}-{len(actions)}-{actions[0].split(':')[1]}"
    role = service_role(cloud, name, service, actions=actions)
    with pytest.raises(ClientError, match="Trust policy of the role provided is invalid"):
        eks.create_pod_identity_association(
            clusterName=NAME, namespace="default", serviceAccount="another", roleArn=role
        )


def test_associations_are_listed_and_updated(cloud: Cloud, eks: Any, association: dict[str, Any]) -> None:
    id = association["associationId"]
    listed = eks.list_pod_identity_associations(clusterName=NAME, namespace="default", serviceAccount="reader")
    assert [known["associationId"] for known in listed["associations"]] == [id]
    assert eks.list_pod_identity_associations(clusterName=NAME, namespace="elsewhere")["associations"] == []
    assert eks.list_tags_for_resource(resourceArn=association["associationArn"])["tags"] == {"team": "platform"}
    other = service_role(cloud, "pod-other", PODS, actions=ACTIONS)
    eks.update_pod_identity_association(clusterName=NAME, associationId=id, roleArn=other)
    found = eks.describe_pod_identity_association(clusterName=NAME, associationId=id)["association"]
    assert found["roleArn"] == other
    eks.update_pod_identity_association(clusterName=NAME, associationId=id, roleArn=association["roleArn"])


def test_only_a_pods_own_token_is_exchanged(
    cloud: Cloud, eks: Any, admin: dict[str, str], association: dict[str, Any]
) -> None:
    auth = cloud.client("eks-auth")

    def token(account: str, audience: str, *bound: str) -> str:
        created = run(admin, "kubectl", "create", "token", account, f"--audience={audience}", *bound)
        assert created.returncode == 0, created.stderr
        return created.stdout.strip()

    def code(token: str) -> str:
        with pytest.raises(ClientError) as refused:
            auth.assume_role_for_pod_identity(clusterName=NAME, token=token)
        return code_of(refused.value)

    to_pod = ("--bound-object-kind=Pod", "--bound-object-name=reading")
    answer = auth.assume_role_for_pod_identity(clusterName=NAME, token=token("reader", PODS, *to_pod))
    assert answer["subject"] == {"namespace": "default", "serviceAccount": "reader"}
    assert answer["podIdentityAssociation"]["associationId"] == association["associationId"]
    assert answer["credentials"]["accessKeyId"].startswith("ASIA")
    head, payload, signature = token("reader", PODS, *to_pod).split(".")
    assert code(f"{head}.{payload}.{signature[::-1]}") == "InvalidTokenException"
    assert code(token("reader", "sts.amazonaws.com", *to_pod)) == "InvalidTokenException"
    assert code(token("reader", PODS)) == "InvalidTokenException"
    assert code("k8s-aws-v1.x.y") == "InvalidTokenException"
    assert code(token("nobody", PODS, *to_pod[:1], "--bound-object-name=unknown")) == "ResourceNotFoundException"
    eks.delete_pod_identity_association(clusterName=NAME, associationId=association["associationId"])
    assert code(token("reader", PODS, *to_pod)) == "ResourceNotFoundException"


async def test_pods_from_before_the_association_are_replaced_one_at_a_time_as_soon_as_there_is_one(
    cloud: Cloud,
    eks: Any,
    admin: dict[str, str],
    association: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = Owner("AuraService", "default", "later", "uid")
    later = datetime.now(UTC) + timedelta(minutes=1)
    for variable in admin:  # of the command by which its kubeconfig logs in
        monkeypatch.setenv(variable, admin[variable])

    def create(name: str) -> None:
        container = {"name": "main", "image": "aura-local/python"}
        about = {"name": name, "labels": owner.labels}
        spec = {"serviceAccountName": "later", "nodeSelector": {"no": "node"}, "containers": [container]}
        manifest = cloud.site.home / "later.json"
        manifest.write_text(json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec}))
        created = run(admin, "kubectl", "create", "-f", str(manifest))
        assert created.returncode == 0, created.stderr

    def names() -> list[str]:
        return run(admin, "kubectl", "get", "pods", "-l", "app.kubernetes.io/name=later", "-o", "name").stdout.split()

    assert run(admin, "kubectl", "create", "serviceaccount", "later").returncode == 0
    create("later-1")
    create("later-2")
    configuration = client.Configuration()
    config.load_kube_config(admin["KUBECONFIG"], client_configuration=configuration)
    api = Client(configuration)
    try:
        assert (await credentials_finding(api, owner, later)).reason == "NoRole"
        assert names() == ["pod/later-1", "pod/later-2"]
        eks.create_pod_identity_association(
            clusterName=NAME, namespace="default", serviceAccount="later", roleArn=association["roleArn"]
        )
        first = await credentials_finding(api, owner, later)
        assert first.reason == "CredentialsMissing" and "later-1 is replaced" in first.message
        assert names() == ["pod/later-2"]
        create("later-3")
        await credentials_finding(api, owner, later)
        assert names() == ["pod/later-3"]
        assert (await credentials_finding(api, owner, later)).reason == "Given"
    finally:
        await api.close()
