"""In which regions a service answers here."""

from __future__ import annotations

from functools import cache

import boto3

from local.site import REGIONS, WITNESS

_GLOBAL = frozenset(
    "account budgets cloudfront iam organizations route53 route53domains shield sts support".split()  # noqa: SIM905
)
"""Services with one endpoint for all regions; STS has one besides its regional ones. Source: AWS General Reference,
endpoints of each service."""
_OF_A_WITNESS = frozenset({"s3", "kms"})
"""What a region without engines has: a bucket and its key."""


def answers(service: str, region: str) -> bool:
    """Whether `service` (botocore's name) answers to a request that is signed for `region`.

    A regional service does in the regions of this site, and S3 and KMS do in that of the witness. A global one does for
    every region of the partition, because clients with an endpoint of their own sign for the region that they are
    configured with.
    """
    if service in _GLOBAL:
        return region in _existing()
    return region in REGIONS or (region == WITNESS and service in _OF_A_WITNESS)


@cache
def _existing() -> frozenset[str]:
    return frozenset(boto3.Session().get_available_regions("ec2"))
