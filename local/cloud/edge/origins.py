"""Distributions, their keys and what their origins answer, in moto.

The context's lock is not taken: as on AWS, no viewer waits for what the control planes do. Each thing is read by one
step, and containers are copied before they are gone through.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from moto.cloudfront.models import cloudfront_backends
from moto.s3.models import FakeDeleteMarker, s3_backends

from local.cloud.context import ACCOUNT


@dataclass(frozen=True)
class Object:
    content: bytes
    content_type: str
    etag: str


@dataclass(frozen=True)
class Answer:
    """Of an origin; without `object` its status says why."""

    status: int
    object: Object | None = None


def distribution(host: str) -> Any:
    """The enabled distribution of that name, its own or an alias; None if there is none."""
    for one in list(cloudfront_backends[ACCOUNT]["aws"].distributions.values()):
        config: Any = one.distribution_config  # moto sets its attributes from the request
        if config.Enabled and host in {one.domain_name, *(config.Aliases.get("Items") or [])}:
            return one
    return None


def trusted_keys(distribution: Any) -> dict[str, str] | None:
    """The PEM of each key that may sign for it, by id; None where nobody needs to."""
    groups = distribution.distribution_config.DefaultCacheBehavior.trusted_key_groups
    if not groups.items:
        return None
    backend = cloudfront_backends[ACCOUNT]["aws"]
    found = [backend.key_groups.get(group) for group in groups.items]
    named = [backend.public_keys.get(key) for group in found if group is not None for key in group.items]
    return {key.id: key.encoded_key for key in named if key is not None}


def fetch(distribution: Any, key: str, lost: Collection[str]) -> Answer:
    """What the origins of its behaviour answer, asked in their order; `lost` are regions that do not answer."""
    config = distribution.distribution_config
    buckets = {origin.id: origin.domain_name.partition(".s3.")[0] for origin in config.Origins["Items"]}
    target = config.DefaultCacheBehavior.target_origin_id
    asked, again = [target], set[int]()
    for group in config.OriginGroups.get("Items") or []:
        if group["Id"] == target:
            asked = [member["OriginId"] for member in group["Members"]["Items"]]
            again = {int(status) for status in group["FailoverCriteria"]["StatusCodes"]["Items"]}
    answer = Answer(502)
    for origin in asked:
        answer = _read(buckets[origin], key, distribution.arn, lost)
        if answer.status not in again:
            break
    return answer


def _read(bucket: str, key: str, distribution: str, lost: Collection[str]) -> Answer:
    """S3 says 403 of an object that is missing to who may not list the bucket."""
    backend = s3_backends[ACCOUNT]["aws"]
    found = backend.buckets.get(bucket)
    if found is None:
        return Answer(404)
    if found.region_name in lost:
        return Answer(503)
    if not _admitted(found.policy, distribution):
        return Answer(403)
    stored = backend.get_object(bucket, key)
    if stored is None or isinstance(stored, FakeDeleteMarker):
        return Answer(403)
    content_type = stored.metadata.get("Content-Type") or stored.metadata.get("content-type") or "binary/octet-stream"
    return Answer(200, Object(stored.value, content_type, stored.etag))


def _admitted(policy: Any, distribution: str) -> bool:
    """Whether the bucket lets this distribution read, by its origin access control."""
    statements = json.loads(policy)["Statement"] if policy else []
    return any(
        statement["Effect"] == "Allow"
        and statement.get("Principal") == {"Service": "cloudfront.amazonaws.com"}
        and "s3:GetObject" in statement["Action"]
        and distribution in str(statement.get("Condition"))
        for statement in statements
    )
