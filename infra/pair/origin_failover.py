"""CloudFront asks the other region's bucket for what the first one does not answer."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi_aws as aws

_FAILED = (403, 404, 500, 502, 503, 504)
"""Answers after which the other origin is asked. S3 says 403 for an object that it does not have, to who may not list
the bucket: what has not been replicated yet is served from where it was written."""


def failing_over(id: str, origins: Sequence[str]) -> aws.cloudfront.DistributionOriginGroupArgs:
    """A group of two origins, asked in this order whatever the roles of their regions are, for each request anew."""
    criteria = aws.cloudfront.DistributionOriginGroupFailoverCriteriaArgs(status_codes=list(_FAILED))
    members = [aws.cloudfront.DistributionOriginGroupMemberArgs(origin_id=origin) for origin in origins]
    return aws.cloudfront.DistributionOriginGroupArgs(origin_id=id, failover_criteria=criteria, members=members)
