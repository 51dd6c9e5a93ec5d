"""Secrets of a cluster are encrypted with a key from when it is associated; it is associated once."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from moto.kms.models import Key, kms_backends

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.service.errors import AwsError
from local.cloud.svc.eks.api import Eks
from local.cloud.svc.eks.model import Cluster, EksState
from local.site import Site
from tests.fixtures.cloud import REGION


@pytest.fixture
def key() -> Key:
    return kms_backends[ACCOUNT][REGION].create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)


@pytest.fixture
def cluster(tmp_path: Path) -> tuple[Eks, EksState]:
    """An active cluster `c` whose secrets are not encrypted."""
    eks = Eks(CloudContext(Site(tmp_path)))
    state = eks.state(REGION)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    state.clusters["c"] = Cluster(REGION, "c", "c-1", "arn:c", {"version": "1.36"}, "127.0.0.1", "sg", now, "ACTIVE")
    return eks, state


def config(key: str, *resources: str) -> dict[str, Any]:
    return {"clusterName": "c", "encryptionConfig": [{"provider": {"keyArn": key}, "resources": list(resources)}]}


def test_a_key_is_associated_once(cluster: tuple[Eks, EksState], key: Key) -> None:
    eks, state = cluster
    update = eks.associate_encryption_config(state, config(key.arn, "secrets"))["update"]
    assert update["type"] == "AssociateEncryptionConfig"
    described = eks.describe_cluster(state, {"name": "c"})["cluster"]
    assert described["encryptionConfig"] == config(key.arn, "secrets")["encryptionConfig"]
    assert update["id"] in eks.list_updates(state, {"name": "c"})["updateIds"]
    with pytest.raises(AwsError) as refused:
        eks.associate_encryption_config(state, config(key.arn, "secrets"))
    assert refused.value.code == "InvalidRequestException"


@pytest.mark.parametrize("wrong", ["a disabled key", "an unknown key", "another resource", "nothing"])
def test_what_cannot_encrypt_secrets_is_refused(cluster: tuple[Eks, EksState], key: Key, wrong: str) -> None:
    eks, state = cluster
    if wrong == "a disabled key":
        key.key_state = "Disabled"
    inputs = {
        "another resource": config(key.arn, "pods"),
        "an unknown key": config(f"{key.arn}0", "secrets"),
        "nothing": {"clusterName": "c", "encryptionConfig": []},
    }.get(wrong, config(key.arn, "secrets"))
    with pytest.raises(AwsError) as refused:
        eks.associate_encryption_config(state, inputs)
    assert refused.value.code == "InvalidParameterException"
    assert "encryptionConfig" not in state.clusters["c"].inputs
    assert state.clusters["c"].history == {}
