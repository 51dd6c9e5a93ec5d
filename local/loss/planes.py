"""Which calls of AWS are of data planes: they go on while every control plane is refused. Pure.

Sources: AWS Fault Isolation Boundaries, "Control planes and data planes" and the appendices on global and partitional
services; the user guides of each service.
"""

from __future__ import annotations

_DATA = {
    "s3": frozenset(
        {
            *("GetObject", "PutObject", "DeleteObject", "DeleteObjects", "HeadObject", "HeadBucket", "CopyObject"),
            *("ListObjects", "ListObjectsV2", "ListObjectVersions", "PostObject", "GetObjectAttributes"),
            *("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"),
            *("AbortMultipartUpload", "ListParts", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"),
        }
    ),
    "kms": frozenset(
        {
            *("Encrypt", "Decrypt", "ReEncrypt", "Sign", "Verify", "GenerateMac", "VerifyMac", "GenerateRandom"),
            *("GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateDataKeyPair", "GetPublicKey"),
        }
    ),
    "secretsmanager": frozenset({"GetSecretValue", "BatchGetSecretValue"}),
    "sts": frozenset({"AssumeRole", "AssumeRoleWithWebIdentity", "GetCallerIdentity", "GetSessionToken"}),
    "eks-auth": frozenset({"AssumeRoleForPodIdentity"}),
    "ecr": frozenset(
        {"GetAuthorizationToken", "BatchGetImage", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer"}
    ),
    "cloudwatch": frozenset({"PutMetricData", "GetMetricData", "GetMetricStatistics"}),
    "logs": frozenset({"PutLogEvents", "GetLogEvents", "FilterLogEvents"}),
    "sqs": frozenset({"SendMessage", "SendMessageBatch", "ReceiveMessage", "DeleteMessage", "DeleteMessageBatch"}),
    "sns": frozenset({"Publish", "PublishBatch"}),
    "dynamodb": frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem"}),
}
"""botocore's name of a service -> operations."""


def of_data(service: str, operation: str) -> bool:
    """Whether the operation serves data with what exists; all others create, change or describe resources."""
    return operation in _DATA.get(service, frozenset())
