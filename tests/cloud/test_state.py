"""A state on disk refers to classes and functions by name: every name that one may hold leads to something."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.cloud.state.objects import ObjectContents
from local.cloud.state.pickling import Unpickler

RDS, CACHE = "local.cloud.svc.rds.model", "local.cloud.svc.elasticache.model"
MSK = "local.cloud.svc.msk.model"
NAMES = [
    *((RDS, name) for name in ("RdsState", "Instance", "SubnetGroup", "ParameterGroup", "Snapshot", "Event")),
    *((RDS, name) for name in ("Restoration", "Following")),
    *((CACHE, name) for name in ("CacheState", "Group", "Member", "SubnetGroup", "ParameterGroup")),
    *((MSK, name) for name in ("MskState", "Cluster", "Configuration", "Revision", "Operation")),
    *(
        ("local.cloud.svc.eks.model", name)
        for name in (
            "EksState",
            "Cluster",
            "NodeGroup",
            "Addon",
            "AccessEntry",
            "Update",
            "PodIdentityAssociation",
            "NodeSession",
        )
    ),
    *(("local.cloud.store", f"_read_{kind}") for kind in ("private_key", "public_key", "certificate")),
    *(("local.cloud.state.store", f"_read_{kind}") for kind in ("private_key", "public_key", "certificate")),
    *(("local.cloud.state.pickling", name) for name in ("_backend", "_new_defaultdict", "_set_versions")),
    ("local.cloud.state.versions", "_restored_blocks"),
    ("local.cloud.contents", "_restored"),
]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_what_a_state_on_disk_refers_to_is_found(tmp_path: Path, module: str, name: str) -> None:
    reference = f"c{module}\n{name}\n.".encode()
    assert callable(Unpickler(reference, ObjectContents(tmp_path)).load())
