"""Every backend of moto that is admitted can be written and read back, and no other is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from moto import backends

from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends import registry
from local.cloud.moto_backends.admitted import ADMITTED
from local.cloud.state.store import Store
from local.site import Site

REGIONS = ("us-west-2", "us-east-1", "aws")


def regions_of(package: str) -> Any:
    find: Any = backends.get_backend
    return find(package)[ACCOUNT]


def test_every_admitted_backend_is_read_back(tmp_path: Path) -> None:
    store = Store(tmp_path, CloudContext(Site(tmp_path)))
    registry.clear()
    try:
        for package in ADMITTED:
            for region in REGIONS:
                if region in regions_of(package):
                    regions_of(package)[region]
        made = set(registry.every())
        assert {package for package, _, _ in made} == ADMITTED
        store.commit()
        registry.clear()
        assert Store(tmp_path, CloudContext(Site(tmp_path))).load()
        assert set(registry.every()) == made
        assert all(vars(backend) for backend in registry.every().values())
    finally:
        registry.clear()


@pytest.mark.parametrize("package", ["awslambda", "batch", "config", "ecs", "rds", "eks"])
def test_another_backend_is_not_made(tmp_path: Path, package: str) -> None:
    Store(tmp_path, CloudContext(Site(tmp_path)))
    with pytest.raises(NotImplementedError, match=package):
        regions_of(package)["us-east-1"]
