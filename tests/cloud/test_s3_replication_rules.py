"""Which versions a replication configuration concerns, and which configurations S3 refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cloud.moto_backends.s3.replication_rules import Version, parse
from local.cloud.strict.s3.replication import refusal

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUT = NOW + timedelta(seconds=1)
TAG = {"Key": "k", "Value": "v"}
ENCRYPTED = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}


def rule(**given: Any) -> dict[str, Any]:
    whole = {"ID": "r", "Priority": 1, "Status": "Enabled", "Filter": {}, "Destination": {"Bucket": "arn:aws:s3:::to"}}
    return {**whole, "DeleteMarkerReplication": {"Status": "Disabled"}, **given}


def chosen(version: Version, *rules: dict[str, Any]) -> str | None:
    found = parse({"Role": "role", "Rules": list(rules)}, NOW).rule_for(version)
    return found.id if found else None


@pytest.mark.parametrize(
    ("version", "given", "holds"),
    [
        (Version("a/1", PUT, {}), {}, True),
        (Version("a/1", NOW - timedelta(seconds=1), {}), {}, False),
        (Version("a/1", PUT, {}), {"Status": "Disabled"}, False),
        (Version("a/1", PUT, {}), {"Filter": {"Prefix": "a/"}}, True),
        (Version("b/1", PUT, {}), {"Filter": {"Prefix": "a/"}}, False),
        (Version("a", PUT, {"k": "v", "l": "w"}), {"Filter": {"Tag": TAG}}, True),
        (Version("a", PUT, {"k": "x"}), {"Filter": {"Tag": TAG}}, False),
        (
            Version("a", PUT, {"k": "v"}),
            {"Filter": {"And": {"Prefix": "b", "Tags": [TAG]}}},
            False,
        ),
        (Version("a", PUT, {}, replica=True), {}, False),
        (Version("a", PUT, {}, kms=True), {}, False),
        (
            Version("a", PUT, {}, kms=True),
            {"SourceSelectionCriteria": ENCRYPTED},
            True,
        ),
        (Version("a", PUT, {}, marker=True), {}, False),
        (Version("a", PUT, {}, marker=True), {"DeleteMarkerReplication": {"Status": "Enabled"}}, True),
    ],
)
def test_what_a_rule_holds_for(version: Version, given: dict[str, Any], holds: bool) -> None:
    assert (chosen(version, rule(**given)) is not None) is holds


def test_the_rule_of_the_highest_priority_decides() -> None:
    assert chosen(Version("a", PUT, {}), rule(ID="low", Priority=1), rule(ID="high", Priority=7)) == "high"


VERSIONED = {"from": True, "to": True, "plain": False}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([rule()], ""),
        ([], "1 to 1000 rules"),
        ([rule(), rule(ID="s")], "duplicate priorities"),
        ([rule(), rule(Priority=2)], "unique"),
        ([rule(Destination={"Bucket": "arn:aws:s3:::from"})], "same as the source"),
        ([rule(Destination={"Bucket": "arn:aws:s3:::plain"})], "must have versioning enabled"),
        ([rule(Destination={"Bucket": "arn:aws:s3:::nowhere"})], "must exist"),
        ([rule(SourceSelectionCriteria=ENCRYPTED)], "ReplicaKmsKeyID"),
        (
            [rule(Filter={"Tag": TAG}, DeleteMarkerReplication={"Status": "Enabled"})],
            "not supported if any Tag",
        ),
        (
            [
                rule(
                    Destination={
                        "Bucket": "arn:aws:s3:::to",
                        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                    }
                )
            ],
            "Metrics must be enabled",
        ),
        (
            [
                rule(
                    Destination={
                        "Bucket": "arn:aws:s3:::to",
                        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 5}},
                    }
                )
            ],
            "Minutes must be 15",
        ),
    ],
)
def test_what_s3_refuses(rules: list[dict[str, Any]], says: str) -> None:
    refused = refusal("from", {"Role": "role", "Rules": rules}, VERSIONED.get)
    assert (refused.message if refused else "") == says or (says and refused and says in refused.message)


@pytest.mark.parametrize("member", ["Priority", "DeleteMarkerReplication"])
def test_a_rule_with_a_filter_says_all_that_belongs_to_it(member: str) -> None:
    given = {key: value for key, value in rule().items() if key != member}
    refused = refusal("from", {"Role": "role", "Rules": [given]}, VERSIONED.get)
    assert refused is not None and member in refused.message
