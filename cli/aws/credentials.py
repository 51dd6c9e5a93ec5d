"""Credentials for the local AWS endpoint."""

from __future__ import annotations

import boto3

from local.site import Site

LOCAL_KEY = "local"
"""The local endpoint accepts any key, because it enforces no permissions; this one is valid nowhere else."""


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=LOCAL_KEY, aws_secret_access_key=LOCAL_KEY)


def secret_value(site: Site, region: str, name: str) -> str:
    """The current value of a Secrets Manager secret; raises botocore's ClientError when it does not exist."""
    client = session().client("secretsmanager", region_name=region, endpoint_url=site.endpoint_url)
    return client.get_secret_value(SecretId=name)["SecretString"]
