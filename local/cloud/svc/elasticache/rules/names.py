"""Identifiers, descriptions, tags, windows and numbers of days: what their text must be."""

from __future__ import annotations

import re

from local.cloud.service.errors import AwsError
from local.cloud.service.tags import check_tags
from local.cloud.svc.elasticache.rules.table import CREATE, VALUE, Request, Rule
from local.cloud.svc.elasticache.windows import daily, overlap, weekly

_IDENTIFIER = re.compile("[a-zA-Z](-?[a-zA-Z0-9])*")
_TOPIC = re.compile(r"arn:aws:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
MOST_TAGS = 50


def is_identifier(name: str, most: int) -> bool:
    """1 to `most` letters, digits and hyphens: a letter first, no hyphen last, no two together."""
    return len(name) <= most and _IDENTIFIER.fullmatch(name) is not None


COMMON = (
    Rule(
        VALUE,
        "The maintenance window {PreferredMaintenanceWindow} is not ddd:hh24:mi-ddd:hh24:mi of 1 to 24 hours.",
        lambda r: "PreferredMaintenanceWindow" in r and weekly(r["PreferredMaintenanceWindow"]) is None,
        CREATE,
    ),
    Rule(
        VALUE,
        "The snapshot window {SnapshotWindow} is not hh24:mi-hh24:mi of at least 60 minutes.",
        lambda r: "SnapshotWindow" in r and daily(r["SnapshotWindow"]) is None,
        CREATE,
    ),
    Rule(
        VALUE,
        "The snapshot window {SnapshotWindow} overlaps the maintenance window {PreferredMaintenanceWindow}.",
        lambda r: overlap(r["SnapshotWindow"] or "", r["PreferredMaintenanceWindow"] or ""),
        "User guide, Scheduling automatic backups",
    ),
    Rule(
        VALUE,
        "SnapshotRetentionLimit is {SnapshotRetentionLimit}; it must be 0 to 35 days.",
        lambda r: "SnapshotRetentionLimit" in r and not 0 <= r["SnapshotRetentionLimit"] <= 35,
        "User guide, Scheduling automatic backups",
    ),
    Rule(
        VALUE,
        "NotificationTopicArn {NotificationTopicArn} is not the ARN of an SNS topic.",
        lambda r: "NotificationTopicArn" in r and _TOPIC.fullmatch(r["NotificationTopicArn"]) is None,
        CREATE,
    ),
    Rule(
        VALUE,
        "NotificationTopicStatus must be active or inactive.",
        lambda r: "NotificationTopicStatus" in r and r["NotificationTopicStatus"] not in ("active", "inactive"),
        "API reference, ModifyReplicationGroup",
    ),
    Rule(
        VALUE,
        "ReplicationGroupDescription must have 1 to 255 characters.",
        lambda r: "ReplicationGroupDescription" in r and not 1 <= len(r["ReplicationGroupDescription"]) <= 255,
        "API reference, ModifyReplicationGroup",
    ),
)


def _bad_tags(request: Request) -> bool:
    try:
        check_tags(request["Tags"] or [])
    except AwsError:
        return True
    return False


TAGS = (
    Rule(
        "TagQuotaPerResourceExceeded",
        "A resource has 50 tags at most.",
        lambda r: len(r["Tags"] or []) > MOST_TAGS,
        "API reference, AddTagsToResource",
    ),
    Rule(
        VALUE,
        "A tag is invalid: a key occurs once, has 1 to 128 characters and no prefix aws:; a value has 0 to 256.",
        _bad_tags,
        "User guide, Tagging your resources",
    ),
)
