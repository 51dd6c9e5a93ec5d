"""A bucket blocks public access."""

from __future__ import annotations

from collections.abc import Iterable

from infra.policies.declared import Stack
from infra.policies.rule import StackRule, Violation
from infra.policies.settings_of_buckets import BUCKET, settings

_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def _check(stack: Stack) -> Iterable[Violation]:
    for bucket in stack.of(BUCKET):
        if not settings(stack, _BLOCK, bucket):
            yield Violation(bucket, "has no BucketPublicAccessBlock: a later ACL or policy could open it")


RULE = StackRule(
    "bucket-public-access-block",
    "A bucket has a BucketPublicAccessBlock.",
    "With it S3 itself refuses an ACL or a policy that would open the bucket, whoever writes it.",
    _check,
)
