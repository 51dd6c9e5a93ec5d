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
