"""The Python environment: complete or rebuilt, shared by checkouts, and never in place of a foreign .venv."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.site import CHECKOUT
from local.toolchain.lookup import cache

pytestmark = pytest.mark.integration

BOOTSTRAP = CHECKOUT / "bin" / "bootstrap"


def lock_of(package: str) -> str:
    """The entry of requirements.lock for one package without dependencies."""
    entries = (CHECKOUT / "requirements.lock").read_text().split("\n" + package + "==")
    version, *rest = entries[1].splitlines()
    hashes = []
    for line in rest:
        if "--hash=" not in line:
            break
        hashes.append(line)
    return "\n".join([f"{package}=={version}", *hashes]) + "\n"


@pytest.fixture(scope="module")
def uv() -> Path:
    return Path(subprocess.run([BOOTSTRAP, "uv"], capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture
def home(tmp_path: Path, uv: Path) -> Path:
    """A cache folder with uv only."""
    shutil.copytree(uv.parent, tmp_path / "cache" / "aura" / uv.parent.relative_to(cache.folder()))
    return tmp_path / "cache"


def checkout(folder: Path, lock: str) -> Path:
    (folder / "bin").mkdir(parents=True)
    for name in ("bootstrap", "uv.txt"):
        shutil.copy(CHECKOUT / "bin" / name, folder / "bin")
    (folder / "requirements.lock").write_text(lock)
    return folder


def bootstrap(folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "bin" / "bootstrap"],
        env={**os.environ, "XDG_CACHE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def imports(folder: Path, module: str) -> bool:
    done = subprocess.run([folder / ".venv" / "bin" / "python", "-I", "-c", f"import {module}"], capture_output=True)
    return done.returncode == 0


def test_checkouts_with_the_same_lock_share_an_environment(tmp_path: Path, home: Path) -> None:
    one = checkout(tmp_path / "one", lock_of("iniconfig"))
    two = checkout(tmp_path / "two", lock_of("iniconfig"))
    first, second = bootstrap(one, home), bootstrap(two, home)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert imports(one, "iniconfig")
    assert (one / ".venv").readlink() == (two / ".venv").readlink()
    assert "installing" in first.stderr
    assert second.stderr == "", "the second installs nothing"


def test_another_lock_is_another_environment(tmp_path: Path, home: Path) -> None:
    folder = checkout(tmp_path / "one", lock_of("iniconfig"))
    assert bootstrap(folder, home).returncode == 0
    (folder / "requirements.lock").write_text(lock_of("pluggy"))
    assert bootstrap(folder, home).returncode == 0
    assert imports(folder, "pluggy")
    assert not imports(folder, "iniconfig")


def test_an_incomplete_environment_is_rebuilt(tmp_path: Path, home: Path) -> None:
    folder = checkout(tmp_path / "one", lock_of("iniconfig"))
    assert bootstrap(folder, home).returncode == 0
    environment = (folder / ".venv").readlink()
    (environment / "complete").unlink()
    for module in environment.glob("lib/*/site-packages/iniconfig/__init__.py"):
        module.unlink()
    assert bootstrap(folder, home).returncode == 0
    assert imports(folder, "iniconfig")


def test_a_package_with_another_hash_than_the_lock_is_refused(tmp_path: Path, home: Path) -> None:
    lock = "iniconfig==" + lock_of("iniconfig").split("==")[1].split()[0] + f" \\\n    --hash=sha256:{'0' * 64}\n"
    folder = checkout(tmp_path / "one", lock)
    done = bootstrap(folder, home)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert not (folder / ".venv").exists()


def test_a_foreign_folder_is_kept(tmp_path: Path, home: Path) -> None:
    folder = checkout(tmp_path / "one", lock_of("iniconfig"))
    (folder / ".venv").mkdir()
    (folder / ".venv" / "mine").touch()
    done = bootstrap(folder, home)
    assert done.returncode == 1
    assert "move it away" in done.stderr
    assert (folder / ".venv" / "mine").exists()
