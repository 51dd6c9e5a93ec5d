"""A bucket encrypts with a key of the stack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.policies.declared import UNKNOWN, Resource, Stack
from infra.policies.rule import StackRule, Violation
from infra.policies.settings_of_buckets import BUCKET, settings

ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def _check(stack: Stack) -> Iterable[Violation]:
    for bucket in stack.of(BUCKET):
        takes_logs = any(settings(stack, "aws:s3/bucketLogging:BucketLogging", bucket, "targetBucket"))
        found = settings(stack, ENCRYPTION, bucket)
        for text in _judged(found[0], takes_logs) if found else ("nothing says with which key it encrypts",):
            yield Violation(bucket, text)


def _judged(encryption: Resource, takes_logs: bool) -> Iterator[str]:
    for rule in encryption.items("rules"):
        chosen = rule.get("applyServerSideEncryptionByDefault") or {}
        if chosen is UNKNOWN:
            return
        algorithm, key = chosen.get("sseAlgorithm"), chosen.get("kmsMasterKeyId")
        if takes_logs and algorithm == "AES256":
            continue
        if algorithm not in ("aws:kms", "aws:kms:dsse"):
            yield f"encrypts by {algorithm}, not with a key of the stack"
        elif not key:
            yield "encrypts with AWS's own key: kmsMasterKeyId is missing"


RULE = StackRule(
    "bucket-encryption",
    "A bucket encrypts with a KMS key of the stack; one that takes access logs, with AES256.",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html, "Permissions for log
    # delivery": S3 delivers access logs into no bucket whose default encryption is SSE-KMS.
    "As encryption-at-rest; S3 delivers access logs into no bucket that encrypts with a key of the account's.",
    _check,
)
