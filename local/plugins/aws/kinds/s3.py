"""Buckets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Literal, Tags
from local.plugins.provider.values import Values

_MOST_AT_ONCE = 1000
"""Keys that DeleteObjects takes."""
_EVERY_OBJECT = Call("ListObjectVersions", {"Bucket": "{id}"})


def _empty(call: Callable[[Call], Any], known: Values) -> None:
    """Delete every version of every object."""
    found = call(_EVERY_OBJECT)
    versions = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in versions]
    for at in range(0, len(objects), _MOST_AT_ONCE):
        chosen = objects[at : at + _MOST_AT_ONCE]
        call(Call("DeleteObjects", {"Bucket": "{id}", "Delete": {"Objects": Literal(chosen)}}))


KINDS = (
    Kind(
        type="aws:s3/bucket:Bucket",
        service="s3",
        create=Call(
            "CreateBucket",
            {"Bucket": "{bucket}", "CreateBucketConfiguration": {"LocationConstraint": "{elsewhere}"}},
        ),
        id="{bucket}",
        derive={"elsewhere": lambda known: None if known.get("region") == "us-east-1" else known.get("region")},
        read=Call("HeadBucket", {"Bucket": "{id}"}),
        found="@",
        purge=_empty,
        delete=Call("DeleteBucket", {"Bucket": "{id}"}),
        name="bucket",
        inputs=Inputs(source="internal/service/s3/bucket.go", replacing="bucket", steering="forceDestroy"),
        outputs={
            "arn": "'arn:aws:s3:::{id}'",
            "bucketDomainName": "'{id}.s3.amazonaws.com'",
            "bucketRegionalDomainName": "'{id}.s3.{region}.amazonaws.com'",
        },
        tags=Tags(
            create="",
            set=Call("PutBucketTagging", {"Bucket": "{id}", "Tagging": {"TagSet": "{tagSet}"}}),
            unset=None,
            path="TagSet",
            lookup=Call("GetBucketTagging", {"Bucket": "{id}"}),
        ),
    ),
)
