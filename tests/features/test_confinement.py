"""What Pods of the running platform cannot do: no broker that they do not need, no secret that is not theirs."""

from __future__ import annotations

import json
import os

import pytest

from local.node.runtime import groups
from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

LEVEL = "pod-security.kubernetes.io/enforce"
BROKER = """
import os, socket
host, port = os.environ["KAFKA_BOOTSTRAP"].split(",")[0].split(":")
try:
    socket.create_connection((host, int(port)), 3).close()
    print("connected", "KAFKA_PASSWORD" in os.environ)
except TimeoutError:
    print("dropped", "KAFKA_PASSWORD" in os.environ)
"""
SECRETS = """
import boto3, botocore, botocore.exceptions, os, sys
short = {"connect_timeout": 3, "read_timeout": 30, "retries": {"total_max_attempts": 1}}
for own in ({}, {"signature_version": botocore.UNSIGNED}):
    config = botocore.config.Config(**short, **own)
    client = boto3.client("secretsmanager", region_name=os.environ["AWS_REGION"], config=config)
    for name in sys.argv[1:]:
        try:
            print(name, "read", len(client.get_secret_value(SecretId=name)["SecretString"]) > 0)
        except botocore.exceptions.NoCredentialsError:
            print(name, "NoCredentials")
        except botocore.exceptions.ConnectTimeoutError:
            print(name, "dropped")
        except botocore.exceptions.ClientError as error:
            print(name, error.response["Error"]["Code"])
"""


def in_pod(platform: Platform, deployment: str, code: str, *argv: str) -> list[str]:
    """Lines that Python code prints in a Pod of the Deployment."""
    said = platform.kubectl("exec", "-q", "-n", "aura", f"deploy/{deployment}", "--", "python", "-c", code, *argv)
    return said.splitlines()


@pytest.mark.skipif(os.getuid() != 0 or groups.root() is None, reason="needs root and control groups (cgroup v2)")
def test_a_pod_that_needs_nothing_gets_nothing_from_kafka(platform: Platform) -> None:
    assert in_pod(platform, "ingest", BROKER) == ["connected True"]
    assert in_pod(platform, "region", BROKER) == ["dropped False"]


def test_secrets_manager_denies_access_to_a_pod_without_the_permission(platform: Platform) -> None:
    listed = json.loads(platform.run("aws", "secretsmanager", "list-secrets", "--output", "json"))["SecretList"]
    logins = [one["Name"] for one in listed if one["Name"].startswith("AmazonMSK_")]
    key, login = "aura/local/auth/signing-key", logins[0]
    missing = "MissingAuthenticationToken"
    first, unsigned = in_pod(platform, "auth", SECRETS, key)
    assert first == f"{key} NoCredentials"
    assert unsigned in (f"{key} dropped", f"{key} {missing}")  # by its NetworkPolicy, where that is enforced
    assert in_pod(platform, "operators", SECRETS, key, login) == [
        f"{key} read True",
        f"{login} AccessDeniedException",
        f"{key} {missing}",
        f"{login} {missing}",
    ]


def test_no_pod_can_write_its_root(platform: Platform) -> None:
    deployments = ("auth", "ingest", "recommend", "history", "users", "content", "payments", "bio-sync", "operators")
    for deployment in deployments:
        printed = in_pod(
            platform,
            deployment,
            "import os, pathlib\n"
            "pathlib.Path('/tmp/aura').write_text('x')\n"
            "try:\n    pathlib.Path('/var/tmp/aura').write_text('x')\n"
            "except OSError as error:\n    print(os.getuid(), error.strerror)",
        )
        assert printed in (["10001 Read-only file system"], [f"{os.getuid()} Read-only file system"]), deployment


def test_every_pod_is_one_that_its_restricted_namespace_admits(platform: Platform) -> None:
    def warnings(namespace: str, label: str) -> str:
        """Of the API server, about the Pods of the namespace, when its Pod Security level changes."""
        return platform.kubectl("label", "--dry-run=server", "--overwrite", "namespace", namespace, f"{LEVEL}{label}")

    assert platform.get("namespace", "aura")["metadata"]["labels"][LEVEL] == "restricted"
    assert "Warning" not in warnings("aura", "-version=v1.35")
    assert "existing pods in namespace" in warnings("kong", "=restricted")  # the stand-in of Kong listens on the node
