"""A Pod gets the credentials of its ServiceAccount's role, and no others, without any that are written down."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fixtures.cloud import REGION, Cloud, until
from tests.fixtures.eks import NAME, run, service_role

pytestmark = pytest.mark.integration

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


def identity_in_a_pod(cloud: Cloud, shell: dict[str, str], name: str, account: str) -> str:
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
    if run(shell, "kubectl", "get", "serviceaccount", account).returncode != 0:
        assert run(shell, "kubectl", "create", "serviceaccount", account).returncode == 0
    created = run(shell, "kubectl", "create", "-f", str(manifest))
    assert created.returncode == 0, created.stderr
    return until("the Pod to say who it is", lambda: run(shell, "kubectl", "logs", name).stdout)


def test_pod_has_the_identity_of_its_role(
    cloud: Cloud, eks: Any, shell: dict[str, str], association: dict[str, Any]
) -> None:
    run(shell, "aws", "eks", "update-kubeconfig", "--name", NAME)
    seen = identity_in_a_pod(cloud, shell, "reading", "reader")
    assert seen.startswith("arn:aws:sts::123456789012:assumed-role/pod-reader/eks-tested-reading-"), seen
    spec = json.loads(run(shell, "kubectl", "get", "pod", "reading", "-o", "json").stdout)["spec"]
    variables = {variable["name"]: variable.get("value") for variable in spec["containers"][0]["env"]}
    token = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"
    assert variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == token
    assert not variables.keys() & {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_pod_without_an_association_has_no_credentials(cloud: Cloud, eks: Any, shell: dict[str, str]) -> None:
    run(shell, "aws", "eks", "update-kubeconfig", "--name", NAME)
    assert identity_in_a_pod(cloud, shell, "unknown", "nobody").startswith("none: Unable to locate credentials")
