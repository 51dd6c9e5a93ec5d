"""Clients of AWS: of the local endpoint, and of a stack's account with the user's own credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from cli.aws.stacks import Stack
from local.site import Site

_SHORT = Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1})
LOCAL_KEY = "local"
"""The account's own at the local endpoint, as is every key that AWS would not make; it is valid nowhere else."""


class WrongAccount(RuntimeError):
    """The credentials are of another account than the stack's; the text names both."""


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=LOCAL_KEY, aws_secret_access_key=LOCAL_KEY)


def local_client(site: Site, service: str, region: str) -> Any:
    return session().client(service, region_name=region, endpoint_url=site.endpoint_url)  # pyright: ignore[reportCallIssue, reportArgumentType]


def own_session(stack: Stack, profile: str | None) -> boto3.Session:
    """With the user's credentials, as any AWS tool finds them, of the first region whose STS answers: one may be lost.

    The witness's comes first, since nothing is done without it. A session of its own is made for each: one takes on
    roles at the STS of its own region. Raises WrongAccount and botocore's errors.
    """
    *regions, last = [*([stack.witness] if stack.witness else []), *reversed(stack.serving)]
    for region in regions:
        try:
            return _checked(boto3.Session(profile_name=profile, region_name=region), stack)
        except (ConnectionError, HTTPClientError):
            continue
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500:
                raise
    return _checked(boto3.Session(profile_name=profile, region_name=last), stack)


def own_client(stack: Stack, service: str, profile: str | None) -> Any:
    """A client in the stack's active region. Raises as `own_session`."""
    return own_session(stack, profile).client(service, region_name=stack.region)  # pyright: ignore[reportCallIssue, reportArgumentType]


def _checked(own: boto3.Session, stack: Stack) -> boto3.Session:
    account = own.client("sts", config=_SHORT).get_caller_identity()["Account"]
    if account != stack.account:
        raise WrongAccount(f"your AWS credentials are of account {account}, and the stack is in {stack.account}")
    return own


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
