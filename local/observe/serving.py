"""Which region serves: the one that has the lease."""

from __future__ import annotations

from typing import Any

import boto3
import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from contracts import lease
from contracts.pair import witness_bucket
from contracts.platform import API_HOST
from local.observe.aws import CLIENT_CONFIG
from local.site import REGIONS, WITNESS, Site

FIRST = next(iter(REGIONS))
"""Where a platform of one region runs, and a pair begins."""
_BUCKET = witness_bucket(API_HOST.partition(".")[2])


def serving_region(site: Site) -> str:
    """As the witness says; FIRST where it has no lease or does not answer."""
    session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local")
    s3: Any = session.client("s3", region_name=WITNESS, endpoint_url=site.endpoint_url, config=CLIENT_CONFIG)
    try:
        return lease.decode(s3.get_object(Bucket=_BUCKET, Key=lease.LEASE_KEY)["Body"].read()).region
    except (BotoCoreError, ClientError, msgspec.MsgspecError):
        return FIRST
