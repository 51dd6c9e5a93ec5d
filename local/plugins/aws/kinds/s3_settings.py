"""Settings of a bucket that are resources of their own in Pulumi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Waiter, references

_BUCKET = {"Bucket": "{bucket}"}


def _setting(
    type: str, source: str, noun: str, fields: Mapping[str, Any], found: str, observe: Mapping[str, str], **more: Any
) -> Kind:
    put = Call(f"Put{noun}", {**_BUCKET, **fields})
    return Kind(
        type=type,
        service="s3",
        create=put,
        modify=put,
        id="{bucket}",
        upsert=True,
        read=more.pop("read", Call(f"Get{noun}", _BUCKET)),
        found=found,
        delete=more.pop("delete", Call(f"Delete{noun}", _BUCKET)),
        observe={"bucket": "", **observe},
        inputs=Inputs(
            source=f"internal/service/s3/{source}.go",
            in_place=" ".join({name.split(".")[0] for name in references(fields)}),
            replacing="bucket",
        ),
        **more,
    )


_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

KINDS = (
    _setting(
        "aws:s3/bucketVersioning:BucketVersioning",
        "bucket_versioning",
        "BucketVersioning",
        {"VersioningConfiguration": {"Status": "{versioningConfiguration.status}"}},
        "Status && @",
        {"versioningConfiguration": "{status: Status}"},
        delete=Call("PutBucketVersioning", {**_BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}),
        deleted=Waiter("Status", frozenset({"Suspended"})),
    ),
    _setting(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "bucket_server_side_encryption_configuration",
        "BucketEncryption",
        {"ServerSideEncryptionConfiguration": {"Rules": "{rules}"}},
        "ServerSideEncryptionConfiguration",
        {"rules": "Rules"},
    ),
    _setting(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "bucket_public_access_block",
        "PublicAccessBlock",
        {"PublicAccessBlockConfiguration": {name[0].upper() + name[1:]: f"{{{name}}}" for name in _BLOCKS}},
        "PublicAccessBlockConfiguration",
        {},
    ),
    _setting(
        "aws:s3/bucketPolicy:BucketPolicy",
        "bucket_policy",
        "BucketPolicy",
        {"Policy": "{policy}"},
        "@",
        {},
        documents=frozenset({"policy"}),
    ),
    _setting(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "bucket_lifecycle_configuration",
        "BucketLifecycleConfiguration",
        {"LifecycleConfiguration": {"Rules": "{rules}"}},
        "@",
        {"rules": "Rules"},
        delete=Call("DeleteBucketLifecycle", _BUCKET),
    ),
    _setting(
        "aws:s3/bucketLogging:BucketLogging",
        "bucket_logging",
        "BucketLogging",
        {
            "BucketLoggingStatus": {
                "LoggingEnabled": {"TargetBucket": "{targetBucket}", "TargetPrefix": "{targetPrefix}"}
            }
        },
        "LoggingEnabled",
        {},
        delete=Call("PutBucketLogging", {**_BUCKET, "BucketLoggingStatus": {}}),
    ),
    _setting(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "bucket_ownership_controls",
        "BucketOwnershipControls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "{rule.objectOwnership}"}]}},
        "OwnershipControls",
        {"rule": "{objectOwnership: Rules[0].ObjectOwnership}"},
    ),
)
