"""What S3 refuses in a replication configuration.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html and ErrorResponses.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.cloud.moto_backends.s3.replication_rules import bucket_of
from local.cloud.service.errors import AwsError

_MOST_RULES = 1000
_MINUTES = 15
"""The only threshold that S3 Replication Time Control has."""

Versioned = Callable[[str], bool | None]
"""Whether versioning is enabled on the bucket with this name; None when there is no such bucket."""


def refusal(source: str, given: Mapping[str, Any], versioned: Versioned) -> AwsError | None:
    """Why `given`, in the form of botocore's `ReplicationConfiguration`, is refused for the bucket `source`."""
    if versioned(source) is False:
        return _invalid("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    rules = given.get("Rules") or []
    if not 1 <= len(rules) <= _MOST_RULES:
        return AwsError("MalformedXML", f"A replication configuration has 1 to {_MOST_RULES} rules.", 400)
    ids = [rule["ID"] for rule in rules if "ID" in rule]
    if len(set(ids)) < len(ids):
        return AwsError("InvalidArgument", "Rule Id must be unique", 400)
    priorities = [(rule["Priority"], rule["Destination"]["Bucket"]) for rule in rules if "Priority" in rule]
    if len({priority for priority, _ in priorities}) < len(priorities):
        return _invalid("Found duplicate priorities: each rule must have one of its own")
    return next((found for rule in rules if (found := _of_rule(source, rule, versioned))), None)


def _of_rule(source: str, rule: Mapping[str, Any], versioned: Versioned) -> AwsError | None:
    schema = "must be specified for this version of Cross Region Replication configuration schema"
    if "Filter" in rule:
        for member in ("DeleteMarkerReplication", "Priority"):
            if member not in rule:
                return _invalid(f"{member} {schema}")
        both = (rule["Filter"] or {}).get("And") or {}
        tagged = "Tag" in (rule["Filter"] or {}) or both.get("Tags")
        if tagged and rule["DeleteMarkerReplication"].get("Status") == "Enabled":
            return _invalid("Delete marker replication is not supported if any Tag filter is specified")
    destination = rule["Destination"]
    bucket = bucket_of(destination["Bucket"])
    if bucket == source:
        return _invalid("Destination bucket cannot be the same as the source bucket")
    match versioned(bucket):
        case None:
            return _invalid("Destination bucket must exist.")
        case False:
            return _invalid("Destination bucket must have versioning enabled.")
    return _of_encryption(rule) or _of_time(destination)


def _of_encryption(rule: Mapping[str, Any]) -> AwsError | None:
    chosen = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects")
    key = (rule["Destination"].get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID")
    if chosen and not key:
        return _invalid("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present")
    if key and not chosen:
        return _invalid("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present")
    return None


def _of_time(destination: Mapping[str, Any]) -> AwsError | None:
    time, metrics = destination.get("ReplicationTime"), destination.get("Metrics")
    if time and time.get("Status") == "Enabled" and (metrics or {}).get("Status") != "Enabled":
        return _invalid("Metrics must be enabled when ReplicationTime is enabled")
    for limit in (time and time.get("Time"), metrics and metrics.get("EventThreshold")):
        if limit and limit.get("Minutes") != _MINUTES:
            return _invalid(f"Minutes must be {_MINUTES}")
    return None


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidRequest", message, 400)
