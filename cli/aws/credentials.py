"""Credentials for the local AWS endpoint."""

from __future__ import annotations

from dataclasses import dataclass

import boto3
from botocore.exceptions import ClientError

from local.site import Site

LOCAL_KEY = "local"
"""The account's own at the local endpoint, as is every key that AWS would not make; it is valid nowhere else."""


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=LOCAL_KEY, aws_secret_access_key=LOCAL_KEY)


@dataclass(frozen=True)
class StoredSecret:
    """The current value of a secret, since when it is that at the latest (Unix seconds), and the value before or ""."""

    current: str
    since: float
    previous: str


def stored_secret(site: Site, region: str, name: str) -> StoredSecret:
    """A Secrets Manager secret; raises botocore's ClientError when it does not exist."""
    client = session().client("secretsmanager", region_name=region, endpoint_url=site.endpoint_url)
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
