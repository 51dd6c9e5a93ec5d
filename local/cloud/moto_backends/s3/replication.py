"""Replication in moto's classes: the configuration as it was put, and the status of each version."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.s3.responses import S3Response

from local.cloud.context import ACCOUNT
from local.cloud.moto_backends.s3.replication_rules import Configuration, Rule, Version, parse

_response_dict: Any = FakeKey.response_dict
_STATUS, _TAGS = "aura_replication_status", "aura_replicated_tags"
_SINCE = "aura_replication_since"
REPLICA = "REPLICA"

Stored = FakeKey | FakeDeleteMarker


def install() -> None:
    """Replaces methods of moto's classes."""
    S3Backend.put_bucket_replication = _put
    S3Response.get_bucket_replication = _get
    FakeKey.response_dict = property(_headers)  # pyright: ignore[reportAttributeAccessIssue]


@dataclass(frozen=True)
class Source:
    """A bucket with a replication configuration."""

    bucket: FakeBucket
    configuration: Configuration

    def pending(self) -> Iterator[tuple[Stored, Rule]]:
        """Versions whose copy is due, each with its rule, the oldest of a key first."""
        for versions in list(dict.values(self.bucket.keys)):
            for stored in versions:
                rule = self._due(stored)
                if rule is not None:
                    yield stored, rule

    def status(self, stored: Stored) -> str:
        """x-amz-replication-status; empty for a version that no rule holds for."""
        known = getattr(stored, _STATUS, "")
        return "PENDING" if self._due(stored) else known

    def _due(self, stored: Stored) -> Rule | None:
        known = getattr(stored, _STATUS, "")
        if known in (REPLICA, "FAILED") or (known and getattr(stored, _TAGS) == tags_of(stored)):
            return None
        return self.configuration.rule_for(described(stored))


def sources() -> list[Source]:
    """All buckets that replicate. Call under the context's lock."""
    found = (source(bucket) for bucket in list(_backend().buckets.values()))
    return [each for each in found if each is not None]


def source(bucket: FakeBucket) -> Source | None:
    given = getattr(bucket, "replication", None)
    return Source(bucket, parse(given, getattr(bucket, _SINCE))) if given else None


def described(stored: Stored) -> Version:
    marker = isinstance(stored, FakeDeleteMarker)
    written = stored.last_modified.replace(tzinfo=UTC)
    kms = not marker and stored.encryption == "aws:kms"
    return Version(stored.name, written, tags_of(stored), marker, getattr(stored, _STATUS, "") == REPLICA, kms)


def tags_of(stored: Stored) -> dict[str, str]:
    if isinstance(stored, FakeDeleteMarker):
        return {}
    return _backend().tagger.get_tag_dict_for_resource(stored.arn)


def replicated(stored: Stored, completed: bool) -> None:
    """Records the end of a copy; tags that change later are copied again."""
    setattr(stored, _STATUS, "COMPLETED" if completed else "FAILED")
    setattr(stored, _TAGS, tags_of(stored))


def copy(stored: Stored, to: FakeBucket, rule: Rule) -> None:
    """Puts the replica into `to`, with the version and the time of `stored`; one that is there is replaced."""
    replica = _marker(stored) if isinstance(stored, FakeDeleteMarker) else _object(stored, to, rule)
    setattr(replica, _STATUS, REPLICA)
    others = [each for each in to.keys.getlist(stored.name, []) if each.version_id != stored.version_id]
    to.keys.setlist(stored.name, sorted([*others, replica], key=lambda each: each.last_modified))
    if isinstance(replica, FakeKey):
        _backend().tagger.delete_all_tags_for_resource(replica.arn)
        _backend().tagger.tag_resource(replica.arn, [{"Key": k, "Value": v} for k, v in tags_of(stored).items()])


def bucket(name: str) -> FakeBucket | None:
    return _backend().buckets.get(name)


def _object(stored: FakeKey, to: FakeBucket, rule: Rule) -> FakeKey:
    default = ((to.encryption or {}).get("Rule") or {}).get("ApplyServerSideEncryptionByDefault") or {}
    replica: Any = FakeKey(
        name=stored.name,
        value=stored.value,
        account_id=ACCOUNT,
        region_name=to.region_name,
        storage=rule.storage_class or stored.storage_class,
        etag=stored.etag.strip('"'),
        is_versioned=True,
        version_id=stored.version_id,
        bucket_name=to.name,
        encryption="aws:kms" if rule.kms_key else default.get("SSEAlgorithm") or stored.encryption,
        kms_key_id=rule.kms_key or default.get("KMSMasterKeyID"),
        lock_mode=stored.lock_mode,
        lock_legal_status=stored.lock_legal_status,
        lock_until=stored.lock_until,
        checksum_value=stored.checksum_value,
        checksum_type=stored.checksum_type,
        checksum_parts=stored.checksum_parts,
    )
    replica.checksum_algorithm = stored.checksum_algorithm
    replica.website_redirect_location = stored.website_redirect_location
    replica.last_modified = stored.last_modified
    replica.set_metadata(dict(stored.metadata))
    return replica


def _marker(stored: FakeDeleteMarker) -> FakeDeleteMarker:
    replica: Any = FakeDeleteMarker(stored.key)
    replica._version_id, replica.last_modified = stored.version_id, stored.last_modified
    return replica


def _backend() -> S3Backend:
    return s3_backends[ACCOUNT]["aws"]


def _put(self: Any, bucket_name: str, replication: dict[str, Any]) -> None:
    """Keeps the document, which moto has as xmltodict reads it, in the form in which it is returned."""
    rules = replication["Rule"] if isinstance(replication["Rule"], list) else [replication["Rule"]]
    found = self.get_bucket(bucket_name)
    found.replication = {"Role": replication.get("Role", ""), "Rules": [_as_model(rule) for rule in rules]}
    setattr(found, _SINCE, datetime.now(UTC))


def _as_model(rule: dict[str, Any]) -> dict[str, Any]:
    """A rule in the form of botocore's model, with an id."""
    known = _typed(rule)
    known.setdefault("ID", "".join(random.choices(string.ascii_letters + string.digits, k=48)))
    both = (known.get("Filter") or {}).get("And")
    if both and "Tag" in both:
        tags = both.pop("Tag")
        both["Tags"] = tags if isinstance(tags, list) else [tags]
    return known


def _typed(part: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _typed(value) if isinstance(value, dict) else int(value) if key in ("Priority", "Minutes") else value or ""
        for key, value in part.items()
        if not key.startswith("@")
    }


def _get(self: Any) -> Any:
    self.data["Action"] = "GetBucketReplication"
    given = self.backend.get_bucket_replication(self.bucket_name)
    if not given:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    return self.serialized(ActionResult({"ReplicationConfiguration": given}))


def _headers(self: Any) -> dict[str, Any]:
    answer = _response_dict.fget(self)
    own = bucket(self.bucket_name or "")
    of = source(own) if own is not None else None
    status = of.status(self) if of else getattr(self, _STATUS, "")
    return {**answer, "x-amz-replication-status": status} if status else answer
