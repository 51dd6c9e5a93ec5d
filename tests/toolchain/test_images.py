"""Container images have the tested versions and all modules that they run."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from local.site import CHECKOUT

IMAGES = tomllib.loads((CHECKOUT / "images.toml").read_text())["aura"]


def pins(lock: str) -> set[str]:
    """`name==version` of every package, with its environment marker."""
    lines = (CHECKOUT / lock).read_text().splitlines()
    return {line.removesuffix(" \\") for line in lines if "==" in line and not line.startswith((" ", "#"))}


def test_images_have_the_tested_versions() -> None:
    image = {pin.split(" ;")[0] for pin in pins("images.lock")}
    tested = {pin.split(" ;")[0] for pin in pins("requirements.lock")}
    assert image <= tested
    assert "pytest" not in {pin.split("==")[0] for pin in image}


@pytest.mark.parametrize("lock", ["requirements.lock", "images.lock"])
def test_locks_name_no_index(lock: str) -> None:
    assert "://" not in (CHECKOUT / lock).read_text()


def rooms_in_images() -> set[str]:
    copies = [line.split() for line in (CHECKOUT / "Dockerfile").read_text().splitlines() if line.startswith("COPY ")]
    return {words[1] for words in copies if len(words) == 3 and (CHECKOUT / words[1] / "__init__.py").exists()}


def test_the_rooms_in_the_images_are_production_rooms() -> None:
    assert rooms_in_images() == {"contracts", "dataflows", "operators", "services"}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_has_the_module_that_it_runs(name: str) -> None:
    command = IMAGES[name]["command"]
    assert command[:2] == ["python", "-m"]
    module = Path(*command[2].split("."))
    assert module.parts[0] in rooms_in_images()
    assert (CHECKOUT / module / "__main__.py").exists() or (CHECKOUT / module.with_suffix(".py")).exists()


def write_entrypoint(name: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [CHECKOUT / ".venv/bin/python", CHECKOUT / "bin/write-entrypoint", CHECKOUT / "images.toml", name, file]
    return subprocess.run(command, capture_output=True, text=True)


def test_an_images_entrypoint_runs_its_command(tmp_path: Path) -> None:
    assert write_entrypoint("auth", tmp_path / "entrypoint").returncode == 0
    (tmp_path / "python").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "python").chmod(0o755)
    ran = subprocess.run(
        [tmp_path / "entrypoint", "--more"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert ran.stdout == "-m services.auth --more\n"


def test_an_unknown_image_is_refused(tmp_path: Path) -> None:
    done = write_entrypoint("nothing", tmp_path / "entrypoint")
    assert done.returncode == 1
    assert "no image aura/nothing" in done.stderr
    assert not (tmp_path / "entrypoint").exists()
