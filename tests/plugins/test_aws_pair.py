"""Kinds that cross regions, on the local endpoint: made, seen as declared, changed in place, and gone."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local.cloud.context import ACCOUNT
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.plugins.declared import Declared

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
OTHER = "us-east-1"


@pytest.fixture(autouse=True)
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.site.endpoint_url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.fixture
def keys() -> Iterator[tuple[Declared, Declared]]:
    """A multi-region key and its replica."""
    primary = Declared("aws:kms/key:Key", "pair-kinds")
    primary.create(multiRegion=True, description="pair", tags={"name": "pair-kinds"})
    replica = Declared("aws:kms/replicaKey:ReplicaKey", "pair-kinds", OTHER)
    replica.create(primaryKeyArn=primary.state["arn"], description="pair", deletionWindowInDays=7)
    yield primary, replica
    replica.delete()
    primary.delete()


def test_a_replica_has_the_keys_id_in_its_own_region(keys: tuple[Declared, Declared]) -> None:
    primary, replica = keys
    assert replica.id == primary.id and replica.id.startswith("mrk-")
    assert replica.state["arn"] == primary.state["arn"].replace(REGION, OTHER)
    assert replica.drift() == []
    replica.update(primaryKeyArn=primary.state["arn"], description="another", deletionWindowInDays=7)
    assert replica.drift() == [] and primary.drift() == []


def test_a_secret_is_copied_and_no_longer(cloud: Cloud, keys: tuple[Declared, Declared]) -> None:
    secret = Declared("aws:secretsmanager/secret:Secret", "pair-kinds")
    copy = [{"region": OTHER, "kmsKeyId": keys[1].state["arn"]}]
    secret.create(name="pair-kinds", recoveryWindowInDays=0, replicas=copy)
    assert secret.drift() == []
    there = cloud.client("secretsmanager", OTHER)
    assert there.describe_secret(SecretId="pair-kinds")["PrimaryRegion"] == REGION
    secret.update(name="pair-kinds", recoveryWindowInDays=0, replicas=[])
    with pytest.raises(there.exceptions.ResourceNotFoundException):
        there.describe_secret(SecretId="pair-kinds")
    secret.delete()


def test_a_secret_is_deleted_with_its_copy(cloud: Cloud, keys: tuple[Declared, Declared]) -> None:
    """AWS deletes none that has copies; the provider takes them away first."""
    secret = Declared("aws:secretsmanager/secret:Secret", "pair-kinds-deleted")
    copy = [{"region": OTHER, "kmsKeyId": keys[1].state["arn"]}]
    secret.create(name="pair-kinds-deleted", recoveryWindowInDays=0, replicas=copy)
    secret.delete()
    for region in (REGION, OTHER):
        client = cloud.client("secretsmanager", region)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_secret(SecretId="pair-kinds-deleted")


def test_records_of_one_name_fail_over_by_health_checks(cloud: Cloud) -> None:
    zone = Declared("aws:route53/zone:Zone", "pair-kinds.example")
    zone.create(name="pair-kinds.example")
    made = []
    for region, way in ((REGION, "PRIMARY"), (OTHER, "SECONDARY")):
        check = Declared("aws:route53/healthCheck:HealthCheck", region)
        asked = {"type": "HTTPS", "fqdn": f"gateway.{region}.example", "port": 443, "enableSni": True}
        check.create(**asked, resourcePath="/active", requestInterval=10, failureThreshold=3, tags={"Name": region})
        check.update(**asked, resourcePath="/active", requestInterval=10, failureThreshold=2, tags={"Name": region})
        assert check.drift() == []
        record = Declared("aws:route53/record:Record", region)
        record.create(
            zoneId=zone.id,
            name="api.pair-kinds.example",
            type="CNAME",
            ttl=30,
            records=[f"gateway.{region}.example"],
            setIdentifier=region,
            healthCheckId=check.id,
            failoverRoutingPolicies=[{"type": way}],
        )
        made += [check, record]
    assert [one.drift() for one in made] == [[], [], [], []]
    found = cloud.client("route53").list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    ways = {one["SetIdentifier"]: one["Failover"] for one in found if one["Type"] == "CNAME"}
    assert ways == {REGION: "PRIMARY", OTHER: "SECONDARY"}
    for one in reversed(made):
        one.delete()
    zone.delete()


def test_a_buckets_replication_is_set(cloud: Cloud) -> None:
    s3, names = cloud.client("s3"), ("pair-kinds-west", "pair-kinds-east")
    for name in names:
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    trust = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    cloud.client("iam").create_role(RoleName="pair-kinds", AssumeRolePolicyDocument=document)
    replication = Declared("aws:s3/bucketReplicationConfig:BucketReplicationConfig", "pair-kinds")
    rule = {
        "id": "other-region",
        "status": "Enabled",
        "priority": 1,
        "filter": {"prefix": ""},
        "deleteMarkerReplication": {"status": "Enabled"},
        "destination": {"bucket": f"arn:aws:s3:::{names[1]}"},
    }
    role = f"arn:aws:iam::{ACCOUNT}:role/pair-kinds"
    replication.create(bucket=names[0], role=role, rules=[rule])
    (stored,) = s3.get_bucket_replication(Bucket=names[0])["ReplicationConfiguration"]["Rules"]
    assert (stored["ID"], stored["Destination"]["Bucket"]) == ("other-region", f"arn:aws:s3:::{names[1]}")
    assert replication.drift() == []
    replication.delete()
    for name in names:
        s3.delete_bucket(Bucket=name)
    cloud.client("iam").delete_role(RoleName="pair-kinds")
