"""A bucket keeps old versions."""

from __future__ import annotations

from collections.abc import Iterable

from infra.policies.declared import Stack
from infra.policies.rule import StackRule, Violation
from infra.policies.settings_of_buckets import BUCKET, settings

_VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"


def _check(stack: Stack) -> Iterable[Violation]:
    for bucket in stack.of(BUCKET):
        if not settings(stack, _VERSIONING, bucket):
            yield Violation(bucket, "has no BucketVersioning: an object that is overwritten would be lost")


RULE = StackRule(
    "bucket-versions",
    "A bucket has BucketVersioning.",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html
    "Objects come back after a mistake; and S3 replicates versioned buckets only.",
    _check,
)
