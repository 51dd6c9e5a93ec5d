"""Only the jars of the lock are accepted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from local.toolchain.recipes.context import BuildFailed
from local.toolchain.recipes.maven import POMS, verify


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    folder = tmp_path / "lib"
    folder.mkdir()
    for name in ("a.jar", "b.jar"):
        (folder / name).write_text(name)
    return folder


@pytest.fixture
def lock(jars: Path) -> str:
    return "\n".join(f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}" for jar in sorted(jars.iterdir()))


def test_the_jars_of_the_lock_pass(jars: Path, lock: str) -> None:
    verify(jars, lock)


def test_a_changed_jar_is_refused(jars: Path, lock: str) -> None:
    (jars / "a.jar").write_text("something else")
    with pytest.raises(BuildFailed, match=r"a\.jar"):
        verify(jars, lock)


def test_an_additional_jar_is_refused(jars: Path, lock: str) -> None:
    (jars / "c.jar").write_text("c.jar")
    with pytest.raises(BuildFailed, match=r"c\.jar.*none"):
        verify(jars, lock)


def test_a_missing_jar_is_refused(jars: Path, lock: str) -> None:
    (jars / "b.jar").unlink()
    with pytest.raises(BuildFailed, match=r"b\.jar.*absent"):
        verify(jars, lock)


def test_every_pom_has_a_lock_with_one_digest_a_line() -> None:
    for pom in POMS.glob("*/pom.xml"):
        lines = [line.split() for line in (pom.parent / "lock").read_text().splitlines()]
        assert lines
        assert all(len(digest) == 64 and name.endswith(".jar") for digest, name in lines), pom
