"""What a bucket is set to: S3 has a resource for each setting."""

from __future__ import annotations

from infra.policies.declared import Resource, Stack

BUCKET = "aws:s3/bucket:Bucket"


def settings(stack: Stack, type: str, bucket: Resource, property: str = "bucket") -> list[Resource]:
    """Resources of `type` whose `property` names the bucket."""
    return [one for one in stack.of(type) if _names(one, property, bucket)]


def _names(setting: Resource, property: str, bucket: Resource) -> bool:
    name = setting.at(property)
    if isinstance(name, str):
        return name == bucket.at("bucket")
    return bucket.urn in setting.refers.get(property, ())
