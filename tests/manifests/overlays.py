"""The overlays as kustomize renders them."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from local.site import CHECKOUT
from local.toolchain import tools

STACKS = ("local", "staging", "prod")


@functools.cache
def text(stack: str, region: str = "us-west-2") -> str:
    folder = CHECKOUT / "manifests" / "overlays" / stack / region
    argv = [str(tools.path("kubectl")), "kustomize", str(folder)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def with_qdrant(folder: Path) -> str:
    """Production's overlay with the component of Qdrant, in the folder as `manifests/`."""
    shutil.copytree(CHECKOUT / "manifests", folder / "manifests")
    overlay = folder / "manifests" / "overlays" / "prod" / "us-west-2"
    file = overlay / "kustomization.yaml"
    file.write_text(file.read_text() + "\ncomponents: [../../../components/qdrant]\n")
    argv = [str(tools.path("kubectl")), "kustomize", str(overlay)]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def objects(stack: str, region: str = "us-west-2") -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text(stack, region)))


def of_kind(stack: str, kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects(stack) if one["kind"] == kind}
