"""A secret with a replica in another region: read there, written in its own, and promoted when that is lost."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.test_kept import restarted
from tests.fixtures.cloud import REGION, Cloud, code
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration

EAST = "us-east-1"


@pytest.fixture
def west(cloud: Cloud) -> Any:
    return cloud.client("secretsmanager", REGION)


@pytest.fixture
def east(cloud: Cloud) -> Any:
    return cloud.client("secretsmanager", EAST)


def replicated(cloud: Cloud, west: Any, name: str) -> str:
    """ARN of the key of the replica, in the east."""
    key = cloud.client("kms", EAST).create_key()["KeyMetadata"]["Arn"]
    west.create_secret(Name=name, SecretString="one", AddReplicaRegions=[{"Region": EAST, "KmsKeyId": key}])
    return key


def test_a_replica_has_the_values_and_its_own_key(cloud: Cloud, west: Any, east: Any) -> None:
    key = replicated(cloud, west, "test/replica")
    (status,) = west.describe_secret(SecretId="test/replica")["ReplicationStatus"]
    assert (status["Region"], status["KmsKeyId"], status["Status"]) == (EAST, key, "InSync")
    west.put_secret_value(SecretId="test/replica", SecretString="two")
    restarted(cloud)

    def found() -> dict[str, Any]:
        return east.get_secret_value(SecretId="test/replica")

    until("the new value to be replicated", lambda: found()["SecretString"] == "two")
    assert f":{EAST}:" in found()["ARN"]
    assert east.describe_secret(SecretId="test/replica")["PrimaryRegion"] == REGION


def test_a_replica_is_not_written_and_its_primary_not_deleted(cloud: Cloud, west: Any, east: Any) -> None:
    replicated(cloud, west, "test/read-only")
    refused = code(east.put_secret_value, SecretId="test/read-only", SecretString="three")
    assert refused == "InvalidParameterException"
    assert code(west.delete_secret, SecretId="test/read-only") == "InvalidParameterException"
    again = {"SecretId": "test/read-only", "AddReplicaRegions": [{"Region": EAST}]}
    assert code(west.replicate_secret_to_regions, **again) == "InvalidParameterException"


def test_a_promoted_replica_is_a_secret_of_its_own(cloud: Cloud, west: Any, east: Any) -> None:
    replicated(cloud, west, "test/promoted")
    assert code(west.stop_replication_to_replica, SecretId="test/promoted") == "InvalidParameterException"
    arn = east.stop_replication_to_replica(SecretId="test/promoted")["ARN"]
    assert f":{EAST}:" in arn
    restarted(cloud)
    east.put_secret_value(SecretId="test/promoted", SecretString="east")
    west.put_secret_value(SecretId="test/promoted", SecretString="west")
    assert east.get_secret_value(SecretId="test/promoted")["SecretString"] == "east"
    assert west.get_secret_value(SecretId="test/promoted")["SecretString"] == "west"
    assert not west.describe_secret(SecretId="test/promoted").get("ReplicationStatus")
    assert "PrimaryRegion" not in east.describe_secret(SecretId="test/promoted")


def test_a_removed_region_has_no_replica(cloud: Cloud, west: Any, east: Any) -> None:
    replicated(cloud, west, "test/removed")
    west.remove_regions_from_replication(SecretId="test/removed", RemoveReplicaRegions=[EAST])
    assert code(east.get_secret_value, SecretId="test/removed") == "ResourceNotFoundException"
    west.delete_secret(SecretId="test/removed", ForceDeleteWithoutRecovery=True)
