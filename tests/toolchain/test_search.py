"""Precedence among several installations of a program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.toolchain.lookup import cache
from local.toolchain.lookup.search import find
from local.toolchain.spec.tool import Programs, Tool
from local.toolchain.spec.version import Range
from tests.toolchain.recipes import Writing


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ASSETS", raising=False)


@pytest.fixture
def engine(tmp_path: Path) -> Tool:
    """A tool of two programs, of version 2."""
    return Tool(
        "engine",
        "2.5",
        lane="one",
        recipes=(Writing("engine", tmp_path / "log"),),
        programs=Programs(
            ("engine", "enginectl"), ("--version",), "engine v", Range((2,), (3,)), variables=("ASSETS",)
        ),
    )


def install(folder: Path, version: str, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names or ("engine", "enginectl"):
        (folder / name).write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "engine v{version}"\n')
        (folder / name).chmod(0o755)
    return folder


def on_path(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    monkeypatch.setenv("PATH", os.pathsep.join(map(str, folders)))


def build(tool: Tool) -> Path:
    with cache.add(tool) as folder:
        (folder / "engine").write_text("built")
    return cache.entry_path(tool)


def test_neither_installed_nor_built(engine: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(monkeypatch)
    assert find(engine) is None


def test_an_installed_program_of_a_supported_version_precedes_the_cache(
    engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(engine)
    on_path(monkeypatch, install(tmp_path / "bin", "2.9"))
    found = find(engine)
    assert found and (found.folder, found.version, found.cached) == (tmp_path / "bin", "2.9", False)


@pytest.mark.parametrize("version", ["1.9", "3.0"])
def test_an_unsupported_version_is_skipped(
    version: str, engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, install(tmp_path / "bin", version))
    assert find(engine) is None
    built = build(engine)
    found = find(engine)
    assert found and (found.folder, found.cached) == (built, True)


def test_a_later_folder_on_path_is_used_when_the_first_is_unsupported(
    engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, install(tmp_path / "old", "1.0"), install(tmp_path / "new", "2.0"))
    found = find(engine)
    assert found and found.folder == tmp_path / "new"


def test_a_folder_with_only_some_of_the_programs_does_not_count(
    engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, install(tmp_path / "half", "2.0", "engine"), install(tmp_path / "whole", "2.1"))
    found = find(engine)
    assert found and found.folder == tmp_path / "whole"


@pytest.mark.parametrize("below", [".", "bin"])
def test_the_folder_of_a_variable_precedes_path(
    below: str, engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assets").mkdir()
    install(tmp_path / "assets" / below, "2.2")
    monkeypatch.setenv("ASSETS", str(tmp_path / "assets"))
    on_path(monkeypatch, install(tmp_path / "bin", "2.9"))
    found = find(engine)
    assert found and found.version == "2.2"


def test_a_program_that_cannot_run_counts_as_absent(
    engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install(tmp_path / "bin", "2.0")
    (folder / "engine").write_bytes(b"\x7fELF of another machine")
    on_path(monkeypatch, folder)
    assert find(engine) is None


def test_the_version_of_a_replaced_program_is_read_again(
    engine: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path(monkeypatch, install(tmp_path / "bin", "1.0"))
    assert find(engine) is None
    install(tmp_path / "bin", "2.0.1")
    found = find(engine)
    assert found and found.version == "2.0.1"
