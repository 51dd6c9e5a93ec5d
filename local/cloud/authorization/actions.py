"""The IAM action of an operation. Source: Service Authorization Reference."""

from __future__ import annotations

_PREFIXES = {
    "cloudwatch": "cloudwatch",
    "dynamodbstreams": "dynamodb",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "eks-auth": "eks-auth",
    "opensearch": "es",
    "s3control": "s3",
    "service-quotas": "servicequotas",
    "sesv2": "ses",
    "sso-admin": "sso",
}
"""botocore's name -> prefix of actions, where they differ."""
_S3 = {
    **dict.fromkeys(("ListObjects", "ListObjectsV2", "HeadBucket"), "ListBucket"),
    **dict.fromkeys(("ListMultipartUploads",), "ListBucketMultipartUploads"),
    **dict.fromkeys(("ListObjectVersions",), "ListBucketVersions"),
    **dict.fromkeys(("ListParts",), "ListMultipartUploadParts"),
    **dict.fromkeys(("HeadObject", "SelectObjectContent"), "GetObject"),
    **dict.fromkeys(("CompleteMultipartUpload", "CreateMultipartUpload", "UploadPart", "UploadPartCopy"), "PutObject"),
    **dict.fromkeys(("CopyObject", "PostObject"), "PutObject"),
    "ListBuckets": "ListAllMyBuckets",
    "DeleteObjects": "DeleteObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
}
ALWAYS = frozenset({"sts:GetCallerIdentity"})
"""Needs no permission, and cannot be denied."""


def action_of(service: str, operation: str) -> str:
    """Such as "secretsmanager:GetSecretValue", by botocore's names."""
    if service == "s3":
        operation = _S3.get(operation, operation)
    return f"{_PREFIXES.get(service, service)}:{operation}"
