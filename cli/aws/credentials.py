"""Clients of AWS: of the local endpoint, and of a stack's account with the user's own credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from cli.aws.stacks import Stack
from local.site import Site

LOCAL_KEY = "local"
"""The account's own at the local endpoint, as is every key that AWS would not make; it is valid nowhere else."""


class WrongAccount(RuntimeError):
    """The credentials are of another account than the stack's; the text names both."""


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=LOCAL_KEY, aws_secret_access_key=LOCAL_KEY)


def local_client(site: Site, service: str, region: str) -> Any:
    return session().client(service, region_name=region, endpoint_url=site.endpoint_url)  # pyright: ignore[reportCallIssue, reportArgumentType]


def own_client(stack: Stack, service: str, profile: str | None) -> Any:
    """With the user's credentials, as any AWS tool finds them. Raises WrongAccount and botocore's errors."""
    own = boto3.Session(profile_name=profile, region_name=stack.region)
    account = own.client("sts").get_caller_identity()["Account"]
    if account != stack.account:
        raise WrongAccount(f"your AWS credentials are of account {account}, and the stack is in {stack.account}")
    return own.client(service)  # pyright: ignore[reportCallIssue, reportArgumentType]


@dataclass(frozen=True)
class StoredSecret:
    """The current value of a secret, since when it is that at the latest (Unix seconds), and the value before or ""."""

    current: str
    since: float
    previous: str


def stored_secret(client: Any, name: str) -> StoredSecret:
    """A secret of Secrets Manager; raises botocore's ClientError when it does not exist."""
    current = client.get_secret_value(SecretId=name)
    try:
        previous = client.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS").get("SecretString", "")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ResourceNotFoundException":
            raise
        previous = ""
    # A value may have been stored long before it became the current one: the rotation is a change of the secret, too.
    changed = client.describe_secret(SecretId=name).get("LastChangedDate", current["CreatedDate"])
    return StoredSecret(current["SecretString"], max(changed, current["CreatedDate"]).timestamp(), previous)
