"""What a BioStream says while its database has no Secret yet."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest

from operators.adapters.standing import ALONE
from operators.adapters.timeseries import Store
from operators.biostream.ensure_tables import Tables
from operators.kubernetes.conditions import good
from tests.operators.test_store_topology import locations


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ({"url": ""}, "Secret timeseries-app with a uri does not exist yet"),
        ({"authority": ""}, "Secret timeseries-ca with a ca.crt does not exist yet"),
    ],
)
async def test_the_secret_and_the_cluster_that_makes_it_are_named(missing: dict[str, str], named: str) -> None:
    unused = cast(Store, None)
    tables = Tables(unused, lambda brokers: pytest.fail(f"{brokers} were asked"))
    found = dataclasses.replace(locations(False, None), url="uri", authority="pem")
    finding = await tables.ensure(dataclasses.replace(found, **missing), good("TopicsReady", "AsDeclared", ""), ALONE)
    assert finding.reason == "DatabaseMissing"
    assert finding.message.startswith(f"{named}; CloudNativePG makes it with Cluster timeseries: `kubectl get cluster")
