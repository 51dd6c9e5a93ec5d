"""The documents name files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = "bench|cli|contracts|dataflows|docs|infra|local|manifests|operators|runbooks|services|tests"
PATH = re.compile(rf"[`(]((?:{ROOMS})/[\w./-]*|(?:\w+/)*\w+\.(?:png|svg|md))[`)]")
"""A path in backticks below a room, or the target of a link."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_document_names_only_files_that_exist(document: Path) -> None:
    named = PATH.findall(document.read_text())
    missing = [name for name in named if not any((base / name).exists() for base in (ROOT, document.parent))]
    assert missing == []


def test_the_architecture_names_files_of_every_room() -> None:
    named = {name.split("/")[0] for name in PATH.findall((ROOT / "docs" / "architecture.md").read_text())}
    assert {"contracts", "infra", "operators", "services", "dataflows", "local", "manifests"} <= named
