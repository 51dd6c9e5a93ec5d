"""A bucket's replication configuration as a value, and which of its rules holds for a version of an object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Tags = dict[str, str]
_ARN = "arn:aws:s3:::"


@dataclass(frozen=True)
class Version:
    """What the rules ask about a version of an object, or about a delete marker."""

    key: str
    written: datetime
    tags: Tags
    marker: bool = False
    replica: bool = False
    """Whether replication made it; such a version is not replicated again."""
    kms: bool = False
    """Whether a KMS key encrypts it."""


@dataclass(frozen=True)
class Rule:
    """One rule. `bucket` is the name of the destination, `kms_key` what encrypts there, "" for the bucket's own."""

    id: str
    priority: int
    bucket: str
    prefix: str
    tags: Tags
    markers: bool
    encrypted: bool
    kms_key: str
    storage_class: str

    def holds_for(self, version: Version) -> bool:
        if version.replica or not version.key.startswith(self.prefix) or (version.kms and not self.encrypted):
            return False
        if version.marker:
            return self.markers and not self.tags  # a rule with tags does not replicate delete markers
        return self.tags.items() <= version.tags.items()


@dataclass(frozen=True)
class Configuration:
    """`since` is when the configuration was put: what was written before is not replicated."""

    role: str
    rules: tuple[Rule, ...]
    since: datetime

    def rule_for(self, version: Version) -> Rule | None:
        """The enabled rule of the highest priority, if any holds."""
        if version.written < self.since:
            return None
        holding = (rule for rule in self.rules if rule.holds_for(version))
        return max(holding, key=lambda rule: rule.priority, default=None)


def parse(given: Mapping[str, Any], since: datetime) -> Configuration:
    """From the form of botocore's `ReplicationConfiguration`; rules that are disabled are left out."""
    rules = (_rule(number, rule) for number, rule in enumerate(given["Rules"]) if rule["Status"] == "Enabled")
    return Configuration(given.get("Role", ""), tuple(rules), since)


def bucket_of(arn: str) -> str:
    """The name of a destination's bucket."""
    return arn.removeprefix(_ARN)


def _rule(number: int, given: Mapping[str, Any]) -> Rule:
    chosen = given.get("Filter") or {}
    both, tag = chosen.get("And") or {}, chosen.get("Tag")
    destination, criteria = given["Destination"], given.get("SourceSelectionCriteria") or {}
    return Rule(
        id=given.get("ID", ""),
        priority=given.get("Priority", -number),
        bucket=bucket_of(destination["Bucket"]),
        prefix=both.get("Prefix") or chosen.get("Prefix") or given.get("Prefix") or "",
        tags={each["Key"]: each["Value"] for each in ([tag] if tag else both.get("Tags") or [])},
        markers=_enabled(given.get("DeleteMarkerReplication")) or "Filter" not in given,
        encrypted=_enabled(criteria.get("SseKmsEncryptedObjects")),
        kms_key=(destination.get("EncryptionConfiguration") or {}).get("ReplicaKmsKeyID", ""),
        storage_class=destination.get("StorageClass", ""),
    )


def _enabled(part: Mapping[str, Any] | None) -> bool:
    return (part or {}).get("Status") == "Enabled"
