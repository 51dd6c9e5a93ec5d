"""Every backend of moto that is admitted can be written and read back, and no other is made."""

from __future__ import annotations

import ast
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import backends
from moto.s3.models import FakeBucket, FakeKey

import local.cloud
from local.cloud.context import ACCOUNT, CloudContext
from local.cloud.moto_backends import registry
from local.cloud.moto_backends.admitted import ADMITTED
from local.cloud.state.store import Store
from local.site import Site

REGIONS = ("us-west-2", "us-east-1", "aws")


def regions_of(package: str) -> Any:
    find: Any = backends.get_backend
    return find(package)[ACCOUNT]


def instances(kind: type) -> int:
    gc.collect()
    return sum(isinstance(one, kind) for one in gc.get_objects())


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


def test_the_state_before_is_read_after_a_start_a_write_and_the_loss_of_the_newest(tmp_path: Path) -> None:
    store = Store(tmp_path, CloudContext(Site(tmp_path)))
    registry.clear()
    try:
        regions_of("s3")["aws"].create_bucket("before", "us-west-2")
        regions_of("s3")["aws"].put_object("before", "key", b"before")
        store.commit()
        registry.clear()
        started = Store(tmp_path, CloudContext(Site(tmp_path)))
        assert started.load()
        regions_of("s3")["aws"].put_object("before", "key", b"after")
        started.commit()
        (tmp_path / "state.pickle").write_bytes(b"damaged")
        registry.clear()
        last = Store(tmp_path, CloudContext(Site(tmp_path)))
        assert last.load() and "could not be read" in last.trouble
        assert regions_of("s3")["aws"].get_object("before", "key").value == b"before"
    finally:
        registry.clear()


def test_what_was_read_back_to_verify_it_or_to_undo_a_change_does_not_stay_in_memory(tmp_path: Path) -> None:
    store = Store(tmp_path, CloudContext(Site(tmp_path)))
    registry.clear()
    before = instances(FakeKey)
    try:
        s3 = regions_of("s3")["aws"]
        s3.create_bucket("bucket", "us-west-2")
        store.commit()
        for number in range(5):
            regions_of("s3")["aws"].put_object("bucket", "key", str(number).encode())
            store.commit()
            regions_of("s3")["aws"].put_object("bucket", "key", b"undone")
            store.revert()
        assert instances(FakeBucket) == 1
        assert instances(FakeKey) == before + 1
    finally:
        registry.clear()


@pytest.mark.parametrize("package", ["awslambda", "batch", "config", "ecs", "rds", "eks"])
def test_another_backend_is_not_made(tmp_path: Path, package: str) -> None:
    Store(tmp_path, CloudContext(Site(tmp_path)))
    with pytest.raises(NotImplementedError, match=package):
        regions_of(package)["us-east-1"]


def changed_in_moto(text: str) -> Iterator[str]:
    """Attributes of what is imported from moto that a module assigns."""
    nodes = list(ast.walk(ast.parse(text)))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("moto")]
    known = {alias.asname or alias.name for node in imports for alias in node.names}
    for node in nodes:
        for target in node.targets if isinstance(node, ast.Assign) else ():
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in known:
                yield ast.unparse(target)


def test_only_moto_backends_corrects_moto() -> None:
    root = Path(local.cloud.__path__[0])
    changed = {path.relative_to(root): [*changed_in_moto(path.read_text())] for path in root.rglob("*.py")}
    rooms = {path.parts[0] for path, names in changed.items() if names}
    assert rooms == {"moto_backends"}
