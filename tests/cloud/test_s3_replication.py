"""Objects that S3 copies to a bucket of another region."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.test_kept import restarted
from tests.fixtures.cloud import REGION, Cloud, code
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration

EAST = "us-east-1"
WEST_BUCKET, EAST_BUCKET = "test-replication-west", "test-replication-east"
SECONDS = 20


@pytest.fixture(scope="module")
def west(cloud: Cloud) -> Any:
    return cloud.client("s3", REGION)


@pytest.fixture(scope="module")
def east(cloud: Cloud) -> Any:
    return cloud.client("s3", EAST)


def role(cloud: Cloud, name: str, *actions: str) -> str:
    """ARN of a role of S3 that may do `actions` with every bucket here."""
    iam = cloud.client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_policy(trust)))
    buckets = [f"arn:aws:s3:::test-replication-*{rest}" for rest in ("", "/*")]
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": buckets}
    iam.put_role_policy(RoleName=name, PolicyName="replicate", PolicyDocument=json.dumps(_policy(allowed)))
    return created["Role"]["Arn"]


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def configuration(role: str, destination: str, **rule: Any) -> dict[str, Any]:
    whole = {
        "ID": "everything",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Enabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{destination}"},
    }
    return {"Role": role, "Rules": [{**whole, **rule}]}


READ = ("s3:GetReplicationConfiguration", "s3:GetObjectVersionForReplication")


@pytest.fixture(scope="module")
def pair(cloud: Cloud, west: Any, east: Any) -> Iterator[str]:
    """Two versioned buckets, each the replica of the other; the role's ARN. `before` was there before."""
    may = role(cloud, "test-replication", *READ, "s3:ReplicateObject", "s3:ReplicateDelete")
    west.create_bucket(Bucket=WEST_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    east.create_bucket(Bucket=EAST_BUCKET)
    for s3, bucket in ((west, WEST_BUCKET), (east, EAST_BUCKET)):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    west.put_object(Bucket=WEST_BUCKET, Key="before", Body=b"1")
    west.put_bucket_replication(Bucket=WEST_BUCKET, ReplicationConfiguration=configuration(may, EAST_BUCKET))
    east.put_bucket_replication(Bucket=EAST_BUCKET, ReplicationConfiguration=configuration(may, WEST_BUCKET))
    yield may


def status(s3: Any, bucket: str, key: str) -> str:
    return s3.head_object(Bucket=bucket, Key=key).get("ReplicationStatus", "")


def versions(s3: Any, bucket: str, key: str) -> set[tuple[str, bool, bool]]:
    """(version, whether it is the current one, whether it is a delete marker)."""
    found = s3.list_object_versions(Bucket=bucket, Prefix=key)
    every = [(v, False) for v in found.get("Versions", [])] + [(v, True) for v in found.get("DeleteMarkers", [])]
    return {(version["VersionId"], version["IsLatest"], marker) for version, marker in every}


def test_an_object_arrives_with_its_version_metadata_and_tags(pair: str, west: Any, east: Any) -> None:
    put = west.put_object(
        Bucket=WEST_BUCKET, Key="calm/sea", Body=b"waves", ContentType="audio/ogg", Metadata={"a": "b"}, Tagging="t=1"
    )
    until("the copy", lambda: status(west, WEST_BUCKET, "calm/sea") == "COMPLETED", SECONDS)
    replica = east.get_object(Bucket=EAST_BUCKET, Key="calm/sea")
    assert replica["Body"].read() == b"waves"
    assert (replica["VersionId"], replica["ETag"]) == (put["VersionId"], put["ETag"])
    assert (replica["ContentType"], replica["Metadata"]) == ("audio/ogg", {"a": "b"})
    assert replica["ReplicationStatus"] == "REPLICA"
    assert replica["LastModified"] == west.head_object(Bucket=WEST_BUCKET, Key="calm/sea")["LastModified"]
    assert east.get_object_tagging(Bucket=EAST_BUCKET, Key="calm/sea")["TagSet"] == [{"Key": "t", "Value": "1"}]


def test_what_was_there_before_the_configuration_is_not_copied(pair: str, west: Any, east: Any) -> None:
    west.put_object(Bucket=WEST_BUCKET, Key="later", Body=b"2")
    until("the copy", lambda: status(west, WEST_BUCKET, "later") == "COMPLETED", SECONDS)
    assert status(west, WEST_BUCKET, "before") == ""
    assert code(east.head_object, Bucket=EAST_BUCKET, Key="before") == "404"


def test_both_ways_end_in_equal_versions_without_a_loop(pair: str, west: Any, east: Any) -> None:
    west.put_object(Bucket=WEST_BUCKET, Key="both", Body=b"west")
    until("the copy to the east", lambda: status(west, WEST_BUCKET, "both") == "COMPLETED", SECONDS)
    east.put_object(Bucket=EAST_BUCKET, Key="both", Body=b"east")
    until("the copy to the west", lambda: status(east, EAST_BUCKET, "both") == "COMPLETED", SECONDS)
    assert west.get_object(Bucket=WEST_BUCKET, Key="both")["Body"].read() == b"east"
    assert versions(west, WEST_BUCKET, "both") == versions(east, EAST_BUCKET, "both")
    assert len(versions(west, WEST_BUCKET, "both")) == 2


def test_a_delete_marker_is_copied_and_the_deletion_of_a_version_is_not(pair: str, west: Any, east: Any) -> None:
    first = west.put_object(Bucket=WEST_BUCKET, Key="gone", Body=b"1")["VersionId"]
    marker = west.delete_object(Bucket=WEST_BUCKET, Key="gone")["VersionId"]
    until("the marker", lambda: (marker, True, True) in versions(east, EAST_BUCKET, "gone"), SECONDS)
    west.delete_object(Bucket=WEST_BUCKET, Key="gone", VersionId=first)
    west.put_object(Bucket=WEST_BUCKET, Key="after", Body=b"2")
    until("what was written after it", lambda: status(west, WEST_BUCKET, "after") == "COMPLETED", SECONDS)
    assert versions(east, EAST_BUCKET, "gone") == {(marker, True, True), (first, False, False)}


def test_tags_that_change_later_are_copied(pair: str, west: Any, east: Any) -> None:
    west.put_object(Bucket=WEST_BUCKET, Key="tagged", Body=b"1")
    until("the copy", lambda: status(west, WEST_BUCKET, "tagged") == "COMPLETED", SECONDS)
    tags = [{"Key": "teacher", "Value": "mia"}]
    west.put_object_tagging(Bucket=WEST_BUCKET, Key="tagged", Tagging={"TagSet": tags})
    until("the tags", lambda: east.get_object_tagging(Bucket=EAST_BUCKET, Key="tagged")["TagSet"] == tags, SECONDS)


def test_what_the_role_may_not_do_has_failed(cloud: Cloud, pair: str, west: Any, east: Any) -> None:
    may_read = role(cloud, "test-replication-reader", *READ)
    bucket = "test-replication-refused"
    west.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    west.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    west.put_bucket_replication(Bucket=bucket, ReplicationConfiguration=configuration(may_read, EAST_BUCKET))
    west.put_object(Bucket=bucket, Key="refused", Body=b"1")
    until("the refusal", lambda: status(west, bucket, "refused") == "FAILED", SECONDS)
    assert code(east.head_object, Bucket=EAST_BUCKET, Key="refused") == "404"


def test_the_configuration_is_returned_as_it_was_put_and_a_wrong_one_is_refused(pair: str, west: Any) -> None:
    assert west.get_bucket_replication(Bucket=WEST_BUCKET)["ReplicationConfiguration"] == configuration(
        pair, EAST_BUCKET
    ) | {"Rules": [{**configuration(pair, EAST_BUCKET)["Rules"][0], "Filter": {}}]}
    west.create_bucket(Bucket="test-replication-plain", CreateBucketConfiguration={"LocationConstraint": REGION})
    for destination in ("test-replication-plain", "test-replication-nowhere", WEST_BUCKET):
        wrong = configuration(pair, destination)
        refused = code(west.put_bucket_replication, Bucket=WEST_BUCKET, ReplicationConfiguration=wrong)
        assert refused == "InvalidRequest", destination
    plain = configuration(pair, EAST_BUCKET)
    refused = code(west.put_bucket_replication, Bucket="test-replication-plain", ReplicationConfiguration=plain)
    assert refused == "InvalidRequest"


def test_what_is_pending_when_the_endpoint_is_killed_is_copied_when_it_is_back(
    cloud: Cloud, pair: str, west: Any, east: Any
) -> None:
    names = [f"burst/{number}" for number in range(20)]
    for name in names:
        west.put_object(Bucket=WEST_BUCKET, Key=name, Body=name.encode())
    restarted(cloud)
    for name in names:
        until(name, lambda name=name: status(west, WEST_BUCKET, name) == "COMPLETED", SECONDS)
        assert east.get_object(Bucket=EAST_BUCKET, Key=name)["Body"].read() == name.encode()
