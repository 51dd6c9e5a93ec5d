"""Container images have the tested versions and all modules that they run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.site import CHECKOUT
from local.toolchain import tools

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


def copied_from_the_checkout() -> list[str]:
    """Sources of the Dockerfile's COPY instructions that are no other stage's."""
    lines = [line.split() for line in (CHECKOUT / "Dockerfile").read_text().splitlines()]
    return [
        source
        for words in lines
        if words[:1] == ["COPY"] and not any(word.startswith("--from") for word in words)
        for source in words[1:-1]
    ]


def test_what_an_image_is_built_from_exists_and_reaches_the_builder() -> None:
    sources = copied_from_the_checkout()
    assert sources and [source for source in sources if not (CHECKOUT / source).exists()] == []
    admitted = {
        line.removeprefix("!") for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert set(sources) == admitted


def test_the_authorities_are_checked_where_the_image_is_built(tmp_path: Path) -> None:
    """A page of an error, or half a file, ends the build: the command is the Dockerfile's own."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text()
    (command,) = re.findall(r'RUN python -c "(.*)"', dockerfile)
    bundle = tmp_path / "bundle.pem"
    for text, ends_with in (("<html>", 1), (authority(), 0)):
        bundle.write_text(text)
        script = command.replace("/build/global-bundle.pem", str(bundle))
        assert subprocess.run([sys.executable, "-c", script], capture_output=True).returncode == ends_with


def authority() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "an authority")])
    today = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def write_entrypoint(name: str, file: Path) -> subprocess.CompletedProcess[str]:
    command = [CHECKOUT / ".venv/bin/python", CHECKOUT / "bin/write-entrypoint", CHECKOUT / "images.toml", name, file]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("name", IMAGES)
def test_an_images_entrypoint_runs_its_command(name: str, tmp_path: Path) -> None:
    assert write_entrypoint(name, tmp_path / "entrypoint").returncode == 0
    (tmp_path / "python").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "python").chmod(0o755)
    ran = subprocess.run(
        [tmp_path / "entrypoint", "--more"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert ran.stdout.split() == [*IMAGES[name]["command"][1:], "--more"]


def test_an_unknown_image_is_refused(tmp_path: Path) -> None:
    done = write_entrypoint("nothing", tmp_path / "entrypoint")
    assert done.returncode == 1
    assert "no image aura/nothing" in done.stderr
    assert not (tmp_path / "entrypoint").exists()


def steps_of(stage: str) -> list[str]:
    """The shell commands of a stage's RUN instructions."""
    text = (CHECKOUT / "Dockerfile").read_text().replace("\\\n", "")
    (body,) = re.findall(rf"^FROM .+ AS {stage}\n(.*?)(?=^FROM |\Z)", text, re.MULTILINE | re.DOTALL)
    return [line.removeprefix("RUN ") for line in body.splitlines() if line.startswith("RUN ")]


@pytest.mark.integration
def test_the_images_environment_installs_by_hash_and_has_what_each_image_runs(tmp_path: Path) -> None:
    """The Dockerfile's own commands, with folders of ours for those at the root, and with what uv has in its cache."""
    build, environment = tmp_path / "build", tmp_path / "environment"
    build.mkdir()
    for source in ("bin/uv.txt", "images.lock"):
        shutil.copy(CHECKOUT / source, build)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "python"], check=True)
    script = " && ".join(steps_of("environment"))
    for root, ours in (("/build", build), ("/opt/environment", environment), ("/usr/local", tmp_path / "python")):
        script = script.replace(f"{root}/", f"{ours}/").replace(f"{root} ", f"{ours} ")
    script = script.replace("--no-cache-dir ", "").replace("--no-cache ", "").replace("--compile-bytecode ", "")
    path = f"{tmp_path / 'python' / 'bin'}:/usr/bin:/bin"
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"PATH": path}
    done = subprocess.run(["bash", "-ec", script], env=environ, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-2000:]

    app = tmp_path / "app"
    for source in ("images.toml", *sorted(rooms_in_images())):
        copy = shutil.copytree if (CHECKOUT / source).is_dir() else shutil.copy
        app.mkdir(exist_ok=True)
        copy(CHECKOUT / source, app / source)
    programs = [f"{IMAGES[name]['command'][2]}.__main__" for name in IMAGES]
    imports = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    command = [environment / "bin" / "python", "-c", imports, *programs]
    ran = subprocess.run(command, cwd=app, env={"PATH": path}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]


@pytest.mark.integration
def test_the_model_of_the_images_is_the_one_of_the_lock(tmp_path: Path) -> None:
    """The Dockerfile's own commands, with folders of ours, and with what Maven has in its cache."""
    build, model = tmp_path / "build", tmp_path / "model"
    shutil.copytree(CHECKOUT / "local/toolchain/recipes/locks/maven/embedding-model", build)
    script = " && ".join(steps_of("model")).replace(" /model", f" {model}")
    assert str(model) in script
    done = subprocess.run(["bash", "-ec", script], cwd=build, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    folder = tools.model()
    for name in ("model.onnx", "tokenizer.json"):
        assert (model / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.integration
def test_a_model_that_is_not_the_one_of_the_lock_ends_the_build(tmp_path: Path) -> None:
    build = tmp_path / "build"
    shutil.copytree(CHECKOUT / "local/toolchain/recipes/locks/maven/embedding-model", build)
    lock = build / "lock"
    lock.write_text("0" * 8 + lock.read_text()[8:])
    script = " && ".join(steps_of("model")).replace(" /model", f" {tmp_path / 'model'}")
    done = subprocess.run(["bash", "-ec", script], cwd=build, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert not (tmp_path / "model").exists()
