"""Which region the commands ask: the one that has the lease."""

from __future__ import annotations

import pytest

from contracts import lease
from contracts.lease import Lease
from contracts.pair import witness_bucket
from local.observe.serving import FIRST, serving_region
from local.site import WITNESS
from tests.fixtures.cloud import Cloud

pytestmark = pytest.mark.integration


def test_it_is_the_first_until_another_one_has_the_lease(cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3", WITNESS), witness_bucket("aurawellness.com")
    assert serving_region(cloud.site) == FIRST, "there is no witness"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": WITNESS})
    assert serving_region(cloud.site) == FIRST, "there is no lease"
    for region in ("us-east-1", "us-west-2"):
        s3.put_object(Bucket=bucket, Key=lease.LEASE_KEY, Body=lease.encode(Lease(region, "region-1", 7, 1.0, 30.0)))
        assert serving_region(cloud.site) == region
    s3.put_object(Bucket=bucket, Key=lease.LEASE_KEY, Body=b"{}")
    assert serving_region(cloud.site) == FIRST, "nobody can read it"
