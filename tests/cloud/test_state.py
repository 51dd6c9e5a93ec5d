"""A state on disk refers to classes and functions by name: every name that one may hold leads to something."""

from __future__ import annotations

import io

import pytest

from local.cloud.state.store import Unpickler

RDS, CACHE = "local.cloud.svc.rds.model", "local.cloud.svc.elasticache.model"
MSK = "local.cloud.svc.msk.model"
NAMES = [
    *((RDS, name) for name in ("RdsState", "Instance", "SubnetGroup", "ParameterGroup")),
    *((CACHE, name) for name in ("CacheState", "Group", "Member", "SubnetGroup", "ParameterGroup")),
    *(
        ("local.cloud.svc.msk.model", name)
        for name in ("MskState", "Cluster", "Configuration", "Revision", "Operation")
    ),
    *(("local.cloud.svc.eks.model", name) for name in ("EksState", "Cluster", "NodeGroup", "Addon", "AccessEntry")),
    *(("local.cloud.store", f"_read_{kind}") for kind in ("private_key", "public_key", "certificate")),
    ("local.cloud.contents", "_restored"),
]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_what_a_state_on_disk_refers_to_is_found(module: str, name: str) -> None:
    reference = f"c{module}\n{name}\n.".encode()
    assert callable(Unpickler(io.BytesIO(reference)).load())
