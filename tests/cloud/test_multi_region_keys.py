"""A multi-Region key: what one region encrypts, the other decrypts, and the primary moves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cloud.test_kept import restarted
from tests.fixtures.cloud import REGION, Cloud, code

pytestmark = pytest.mark.integration

EAST = "us-east-1"


@pytest.fixture
def west(cloud: Cloud) -> Any:
    return cloud.client("kms", REGION)


@pytest.fixture
def east(cloud: Cloud) -> Any:
    return cloud.client("kms", EAST)


@pytest.fixture
def key(west: Any) -> str:
    """Id of a key in the west with a replica in the east."""
    id = west.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    west.replicate_key(KeyId=id, ReplicaRegion=EAST, Description="in the east")
    return id


def roles(*clients: Any, key: str) -> list[str]:
    found = [client.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"] for client in clients]
    return [configuration["MultiRegionKeyType"] for configuration in found]


def test_the_replica_decrypts_what_the_primary_encrypted(cloud: Cloud, key: str, west: Any, east: Any) -> None:
    sealed = west.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    restarted(cloud)
    assert east.decrypt(KeyId=key, CiphertextBlob=sealed)["Plaintext"] == b"secret"
    assert east.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "in the east"
    assert roles(west, east, west, key=key) == ["PRIMARY", "REPLICA", "PRIMARY"]


def test_the_primary_moves_to_a_replica(cloud: Cloud, key: str, west: Any, east: Any) -> None:
    assert code(east.update_primary_region, KeyId=key, PrimaryRegion=REGION) == "UnsupportedOperationException"
    west.update_primary_region(KeyId=key, PrimaryRegion=EAST)
    restarted(cloud)
    assert roles(west, east, key=key) == ["REPLICA", "PRIMARY"]
    east.update_primary_region(KeyId=key, PrimaryRegion=REGION)
    assert roles(west, east, key=key) == ["PRIMARY", "REPLICA"]


def test_what_is_no_primary_with_a_replica_there_is_refused(key: str, west: Any, east: Any) -> None:
    single = west.create_key()["KeyMetadata"]["KeyId"]
    assert code(west.replicate_key, KeyId=single, ReplicaRegion=EAST) == "UnsupportedOperationException"
    assert code(west.replicate_key, KeyId=key, ReplicaRegion=EAST) == "AlreadyExistsException"
    assert code(east.replicate_key, KeyId=key, ReplicaRegion="us-east-2") == "UnsupportedOperationException"
    assert code(west.update_primary_region, KeyId=key, PrimaryRegion="us-east-2") == "NotFoundException"


def test_a_primary_is_deleted_after_its_replicas(key: str, west: Any, east: Any) -> None:
    west.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert west.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingReplicaDeletion"
    assert code(west.encrypt, KeyId=key, Plaintext=b"x") == "KMSInvalidStateException"
    east.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert west.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
