from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts import crd

ROOT = Path(__file__).parents[2]


def test_manifests_match_the_models() -> None:
    stored = (ROOT / "manifests" / "crds" / "platform.yaml").read_text()
    assert stored == crd.definitions(), "run: python -m contracts.crd > manifests/crds/platform.yaml"


@pytest.mark.parametrize("kind", crd.KINDS, ids=lambda kind: kind.name)
def test_every_member_has_a_description(kind: crd.Kind) -> None:
    def undescribed(node: dict[str, Any], path: str) -> list[str]:
        found = [] if "description" in node else [path]
        for name, member in node.get("properties", {}).items():
            found += undescribed(member, f"{path}.{name}")
        return found + (undescribed(node["items"], f"{path}[]") if "properties" in node.get("items", {}) else [])

    version = crd.definition(kind)["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    ignored = ("apiVersion", "kind", "metadata", "status.conditions")
    missing = [path for path in undescribed(schema, "") if path and not path.removeprefix(".").startswith(ignored)]
    assert missing == []


@pytest.mark.parametrize("kind", crd.KINDS, ids=lambda kind: kind.name)
def test_descriptions_tell_the_bounds_of_durations(kind: crd.Kind) -> None:
    def bounded(node: dict[str, Any], path: str) -> list[tuple[str, str, str]]:
        rules = [rule["message"] for rule in node.get("x-kubernetes-validations", [])]
        bounds = [message.removeprefix("must be ") for message in rules if message.startswith("must be ")]
        found = [(path, bound, node.get("description", "")) for bound in bounds]
        for name, member in node.get("properties", {}).items():
            found += bounded(member, f"{path}.{name}")
        return found

    version = crd.definition(kind)["spec"]["versions"][0]
    found = bounded(version["schema"]["openAPIV3Schema"], "")
    assert found
    assert [(path, bound) for path, bound, description in found if bound not in description] == []
