"""A database and its replica in another region, as the plugin makes, reads and promotes them on the local endpoint."""

from __future__ import annotations

import pytest

from local.plugins.provider.base import ProviderError
from tests.fixtures.cloud import KEY, REGION, Cloud
from tests.plugins.declared import Declared

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
ABROAD = "us-east-1"


@pytest.fixture
def environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ENDPOINT_URL": cloud.site.endpoint_url, "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.mark.usefixtures("environment")
def test_a_replica_is_promoted_in_place_and_then_nothing_is_left_to_change(cloud: Cloud) -> None:
    here = {"identifier": "declared", "instanceClass": "db.t4g.micro", "skipFinalSnapshot": True}
    source = Declared("aws:rds/instance:Instance", "source")
    source.create(
        **here, engine="postgres", engineVersion="15", allocatedStorage=20, username="aura", password="only-a-moment",
        storageEncrypted=True, kmsKeyId=cloud.key, backupRetentionPeriod=1,
    )  # fmt: skip
    group = Declared("aws:rds/parameterGroup:ParameterGroup", "declared", ABROAD)
    group.create(name="declared", family="postgres15", parameters=[{"name": "work_mem", "value": "8192"}])
    key = cloud.client("kms", ABROAD).create_key()["KeyMetadata"]["Arn"]
    there = {
        **here, "engine": "postgres", "engineVersion": "15", "storageEncrypted": True, "kmsKeyId": key,
        "backupRetentionPeriod": 2, "parameterGroupName": "declared",
    }  # fmt: skip
    replica = Declared("aws:rds/instance:Instance", "replica", ABROAD)
    replica.create(**there, replicateSourceDb=source.state["arn"])
    assert replica.drift() == []
    (live,) = cloud.client("rds", ABROAD).describe_db_instances(DBInstanceIdentifier="declared")["DBInstances"]
    assert live["DBParameterGroups"] == [{"DBParameterGroupName": "declared", "ParameterApplyStatus": "in-sync"}]
    assert (live["BackupRetentionPeriod"], live["KmsKeyId"]) == (2, key)
    with pytest.raises(ProviderError, match="no operation by which an instance follows"):
        replica.preview(**there, replicateSourceDb=source.state["arn"].replace(":db:declared", ":db:another"))

    id = replica.state["resourceId"]
    assert replica.update(**there)["resourceId"] == id
    (live,) = cloud.client("rds", ABROAD).describe_db_instances(DBInstanceIdentifier="declared")["DBInstances"]
    assert "ReadReplicaSourceDBInstanceIdentifier" not in live
    assert live["BackupRetentionPeriod"] == 2
    assert replica.drift() == []
    with pytest.raises(ProviderError, match="Nothing was changed"):
        replica.preview(**there, replicateSourceDb=source.state["arn"])
    for one in (replica, group, source):
        one.delete()
