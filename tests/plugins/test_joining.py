"""A resource that joins another one is created once that takes changes again."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from local.plugins.aws.api import AwsApi
from local.plugins.aws.kinds import find
from local.plugins.aws.lifecycle import ResourceLifecycle
from local.plugins.aws.waits import wait_joined
from local.plugins.provider.base import Operation, ProviderError
from local.plugins.provider.values import Values

GROUP = find("aws:elasticache/replicationGroup:ReplicationGroup")
INPUTS: Values = {"replicationGroupId": "east", "globalReplicationGroupId": "datastore"}


class Datastore(AwsApi):
    """Answers as ElastiCache does, with one status after the other."""

    def __init__(self, *statuses: str) -> None:
        super().__init__({"region": "us-east-1"})
        self.left = list(statuses)

    def call(self, service: str, operation: str, params: Values, region: str | None = None, attempts: int = 1) -> Any:
        assert (operation, params["GlobalReplicationGroupId"]) == ("DescribeGlobalReplicationGroups", "datastore")
        return {"GlobalReplicationGroups": [{"Status": self.left.pop(0)}]}


def join(datastore: Datastore, inputs: Values) -> list[str]:
    """What was reported."""
    assert GROUP is not None
    said: list[str] = []
    operation = Operation(said.append, said.append, threading.Event(), time.monotonic() + 30)
    wait_joined(ResourceLifecycle(datastore, GROUP, "secondary", {}), "east", inputs, operation)
    return said


def test_a_secondary_waits_until_its_datastore_is_no_longer_modifying() -> None:
    datastore = Datastore("modifying", "modifying", "available", "available")
    assert join(datastore, INPUTS) == ["joining datastore: modifying"] * 2
    assert datastore.left == ["available"]


def test_a_datastore_that_is_deleted_meanwhile_is_an_error() -> None:
    with pytest.raises(ProviderError, match="datastore is deleting after secondary joined it"):
        join(Datastore("modifying", "deleting"), INPUTS)


def test_a_group_of_no_datastore_waits_for_none() -> None:
    assert join(Datastore(), {"replicationGroupId": "east"}) == []
