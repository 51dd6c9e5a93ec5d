"""docs/compatibility.md says what the code does."""

from __future__ import annotations

from local.cloud.compatibility import page
from local.site import CHECKOUT


def test_the_document_is_as_the_code() -> None:
    stored = (CHECKOUT / "docs" / "compatibility.md").read_text()
    assert stored == page(), "run: python -m local.cloud.compatibility"
