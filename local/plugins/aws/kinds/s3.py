"""Buckets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.plugins.aws.inputs import Inputs
from local.plugins.aws.kind import Call, Kind, Tags
from local.plugins.provider.values import Values

_EVERY_OBJECT = Call("ListObjectVersions", {"Bucket": "{id}"})


def _empty(call: Callable[[Call], Any], known: Values) -> None:
    """Delete every version of every object."""
    while True:
        page = call(_EVERY_OBJECT)
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not versions:
            return
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in versions]
        call(Call("DeleteObjects", {"Bucket": "{id}", "Delete": {"Objects": objects}}))


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
