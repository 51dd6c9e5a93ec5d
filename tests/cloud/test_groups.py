"""Parameter groups of RDS and ElastiCache: what AWS refuses of the default ones."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fixtures.cloud import Cloud, code_of

pytestmark = pytest.mark.integration

RDS = ("rds", "DBParameterGroup", "db_parameter_group", "default.postgres15", "InvalidDBParameterGroupState")
ELASTICACHE = (
    "elasticache",
    "CacheParameterGroup",
    "cache_parameter_group",
    "default.redis7",
    "InvalidCacheParameterGroupState",
)


@pytest.mark.parametrize(("service", "noun", "operation", "name", "code"), [RDS, ELASTICACHE])
def test_a_default_parameter_group_can_be_read_but_neither_changed_nor_deleted(
    cloud: Cloud, service: str, noun: str, operation: str, name: str, code: str
) -> None:
    client: Any = cloud.client(service)
    setting = {"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}
    change = {"Parameters": [setting]} if service == "rds" else {"ParameterNameValues": [setting]}
    with pytest.raises(ClientError) as refused:
        getattr(client, f"delete_{operation}")(**{f"{noun}Name": name})
    assert code_of(refused.value) == code
    with pytest.raises(ClientError) as refused:
        getattr(client, f"modify_{operation}")(**{f"{noun}Name": name}, **change)
    assert code_of(refused.value) == code
    (found,) = getattr(client, f"describe_{operation}s")(**{f"{noun}Name": name})[f"{noun}s"]
    assert found[f"{noun}Name"] == name
