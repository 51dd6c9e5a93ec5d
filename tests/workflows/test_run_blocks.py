"""What the workflows run, executed here where it can be."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from local.site import CHECKOUT
from local.toolchain import tools
from tests.infra.to_aws import commands
from tests.workflows.blocks import FOLDER, block, blocks, execute

EXECUTED = {
    "deliver/images/Read images.toml",
    "deliver/build/Digest of this platform",
    "deploy/deploy/Images by digest",
    "recover/recover/Plan",
    "recover/recover/Report",
    # In tests/cloud/test_workflow_images.py:
    "deliver/index/References by digest",
    "deploy/mark/Tags by which the registry keeps what is deployed",
}
NOT_HERE = {
    "deliver/test/What the checkout needs": "Debian's packages in a fresh container",
    "deliver/test/.ci/run": "runs these tests",
    "deliver/index/One index of all platforms for each image": "buildx",
    "deploy/deploy/Python environment": "tests/toolchain/test_bootstrap.py runs bin/bootstrap",
    "deploy/deploy/No runbook is under way": "tests/cli/test_recovery_of_a_stack.py runs the command",
    "deploy/deploy/Still no runbook is under way": "the same command",
    "deploy/deploy/AWS resources and controllers": "README's command, which tests/features/test_to_aws.py runs",
    "deploy/deploy/Custom resources": "a cluster of EKS with the stack's name",
    "deploy/deploy/Wait until all are Ready": "a cluster of EKS with the stack's name",
    "recover/recover/Python environment": "tests/toolchain/test_bootstrap.py runs bin/bootstrap",
}
"""And why."""
IMAGES = tomllib.loads((CHECKOUT / "images.toml").read_text())
REGISTRY = "444455556666.dkr.ecr.us-west-2.amazonaws.com"


def test_every_block_is_executed_or_has_a_reason() -> None:
    assert {one.id for one in blocks()} == EXECUTED | NOT_HERE.keys()
    assert not EXECUTED & NOT_HERE.keys()


@pytest.mark.integration
def test_github_can_read_the_workflows() -> None:
    files = sorted(map(str, FOLDER.glob("*.yml")))
    done = subprocess.run(
        [tools.path("actionlint"), "-no-color", *files], capture_output=True, text=True, check=False, cwd=CHECKOUT
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_matrix_of_builds_is_what_images_toml_says(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "images.toml", tmp_path)
    outputs = execute(block("deliver/images/Read images.toml"), tmp_path, {})
    assert json.loads(outputs["names"]) == list(IMAGES["aura"])
    assert json.loads(outputs["platforms"]) == IMAGES["platforms"]


def test_builds_run_on_machines_of_their_platform() -> None:
    build = yaml.safe_load((FOLDER / "deliver.yml").read_text())["jobs"]["build"]
    assert build["runs-on"] == "${{ matrix.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || 'ubuntu-24.04' }}"
    assert set(IMAGES["platforms"]) == {"linux/amd64", "linux/arm64"}  # another one has another machine


def test_each_platforms_digest_is_an_artifact_of_its_own(tmp_path: Path) -> None:
    given = {"NAME": "auth", "PLATFORM": "linux/arm64", "DIGEST": "sha256:1"}
    outputs = execute(block("deliver/build/Digest of this platform"), tmp_path, given)
    assert outputs == {"artifact": "digest-auth-arm64"}
    assert (tmp_path / "digests" / "auth.arm64").read_text() == "sha256:1\n"


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ({"PLAN": "evaluate"}, ["evaluate", "--stack", "prod"]),
        ({"PLAN": "failover"}, ["failover", "--stack", "prod"]),
        (
            {"PLAN": "failover", "RESUME": "failover-1", "ANSWER": "lose 3 rows; and $(id)"},
            ["failover", "--stack", "prod", "--resume", "failover-1", "--answer", "lose 3 rows; and $(id)"],
        ),
        (
            {"PLAN": "failback", "RESUME": "failback-2", "SKIP": "await-gateway"},
            ["failback", "--stack", "prod", "--resume", "failback-2", "--skip", "await-gateway"],
        ),
    ],
)
def test_what_a_person_chose_is_the_command_line(tmp_path: Path, given: dict[str, str], arguments: list[str]) -> None:
    (tmp_path / "bin").mkdir()
    aura = tmp_path / "bin" / "aura"
    aura.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > arguments\n')
    aura.chmod(0o755)
    execute(block("recover/recover/Plan"), tmp_path, {"STACK": "prod", "RESUME": "", "SKIP": "", "ANSWER": ""} | given)
    assert (tmp_path / "arguments").read_text().splitlines() == arguments


@pytest.mark.parametrize("reports", [[], ["a failover", "and back"]])
def test_the_reports_are_the_summary_of_the_run(tmp_path: Path, reports: list[str]) -> None:
    folder = tmp_path / ".aura" / "runbooks" / "prod"
    for number, text in enumerate(reports):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.md").write_text(f"# {text}\n")
    summary = tmp_path / "summary"
    execute(block("recover/recover/Report"), tmp_path, {"STACK": "prod", "GITHUB_STEP_SUMMARY": str(summary)})
    found = summary.read_text() if summary.exists() else ""
    assert found == "".join(f"# {text}\n" for text in reports)


def references() -> list[str]:
    return [f"{REGISTRY}/aura/{name}@sha256:{number:064x}" for number, name in enumerate(IMAGES["aura"])]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("bin", "manifests"):
        shutil.copytree(CHECKOUT / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.integration
def test_every_image_of_every_overlay_is_deployed_by_digest(checkout: Path) -> None:
    execute(block("deploy/deploy/Images by digest"), checkout, {"REFERENCES": "\n".join(references())})
    overlays = [file.parent for file in (checkout / "manifests" / "overlays").rglob("kustomization.yaml")]
    assert overlays
    for overlay in overlays:
        rendered = subprocess.run(
            [tools.path("kubectl"), "kustomize", overlay], capture_output=True, text=True, check=True
        ).stdout
        images = [line.split("image: ")[1] for line in rendered.splitlines() if "image: " in line]
        assert sorted(image for image in images if "aura/" in image) == sorted(references())


def pin(checkout: Path, given: str) -> subprocess.CompletedProcess[str]:
    command = [checkout / "bin" / "pin-images", checkout / "manifests" / "images" / "kustomization.yaml"]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def test_a_person_pins_the_same_references_by_the_command_of_readme(checkout: Path) -> None:
    (checkout / "references.txt").write_text("\n".join(references()) + "\n")
    (command,) = commands(CHECKOUT / "README.md")[6]
    subprocess.run(["bash", "-c", command], cwd=checkout, check=True, timeout=60)
    pinned = yaml.safe_load((checkout / "manifests" / "images" / "kustomization.yaml").read_text())["images"]
    assert sorted(f"{one['newName']}@{one['digest']}" for one in pinned) == sorted(references())


def test_images_that_are_pinned_again_replace_the_earlier_ones(checkout: Path) -> None:
    file = checkout / "manifests" / "images" / "kustomization.yaml"
    assert pin(checkout, references()[0]).returncode == 0
    assert pin(checkout, references()[1]).returncode == 0
    pinned = yaml.safe_load(file.read_text())
    name = references()[1].partition("@")[0]
    assert pinned["images"] == [
        {"name": name.partition("/")[2], "newName": name, "digest": references()[1].partition("@")[2]}
    ]
    assert pinned["configurations"] == ["fields.yaml"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("", "no image on standard input"),
        (f"{REGISTRY}/aura/auth:1.4.0", "is no image by digest"),
        ("aura/auth@sha256:" + "0" * 64, "is no image by digest"),
        (f"{REGISTRY}/aura/auth@sha256:12", "is no image by digest"),
    ],
)
def test_what_is_no_image_by_digest_is_refused_and_the_file_stays(checkout: Path, given: str, said: str) -> None:
    file = checkout / "manifests" / "images" / "kustomization.yaml"
    before = file.read_text()
    done = pin(checkout, given)
    assert done.returncode == 1 and said in done.stderr
    assert file.read_text() == before
