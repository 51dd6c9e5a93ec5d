"""A state on disk refers to classes and functions by name: every name that one may hold leads to something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from local.cloud.context import CloudContext
from local.cloud.state.objects import ObjectContents
from local.cloud.state.pickling import Unpickler
from local.cloud.svc import services
from local.site import Site

RDS, CACHE, GLOBAL = (
    f"local.cloud.svc.{name}" for name in ("rds.model", "elasticache.model", "elasticache.global_group")
)
GROUPS, MSK, SEARCH = (f"local.cloud.{name}.model" for name in ("service.groups", "svc.msk", "svc.opensearch"))
NAMES = [
    *((RDS, name) for name in ("RdsState", "Instance", "SubnetGroup", "ParameterGroup", "Snapshot", "Event")),
    *((RDS, name) for name in ("Restoration", "Following")),
    ("local.cloud.svc.rds.replicated_backups", "ReplicatedBackups"),
    ("local.cloud.svc.rds.replication", "Health"),
    *((GROUPS, name) for name in ("SubnetGroup", "ParameterGroup")),
    *((CACHE, name) for name in ("CacheState", "Group", "Member", "SubnetGroup", "ParameterGroup")),
    *((CACHE, name) for name in ("Snapshot", "Endpoints", "Event")),
    *((GLOBAL, name) for name in ("GlobalGroup", "GlobalMember", "Upstream")),
    ("local.cloud.svc.elasticache.auth", "Auth"),
    *((MSK, name) for name in ("MskState", "Cluster", "Configuration", "Revision", "Operation", "Replicator")),
    *((SEARCH, name) for name in ("OpenSearchState", "Domain")),
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


def classes(kind: Any) -> Iterator[type]:
    """The dataclasses that an object with this annotation may hold."""
    for part in get_args(kind):
        yield from classes(part)
    if isinstance(kind, type) and is_dataclass(kind):
        yield kind
        for hint in get_type_hints(kind).values():
            yield from classes(hint)


def test_every_class_of_what_our_services_keep_is_among_them(tmp_path: Path) -> None:
    states = [service.new_state("us-west-2") for service in services(CloudContext(Site(tmp_path)))]
    held = {(found.__module__, found.__name__) for state in states for found in classes(type(state))}
    assert len(held) > 25
    assert held - set(NAMES) == set()
