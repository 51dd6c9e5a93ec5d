"""The overlays as kustomize renders them."""

from __future__ import annotations

import functools
import subprocess
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


def objects(stack: str, region: str = "us-west-2") -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(text(stack, region)))


def of_kind(stack: str, kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in objects(stack) if one["kind"] == kind}
