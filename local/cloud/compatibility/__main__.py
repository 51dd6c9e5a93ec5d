"""Writes docs/compatibility.md."""

from __future__ import annotations

from local.cloud.compatibility.page import page
from local.site import CHECKOUT

if __name__ == "__main__":
    (CHECKOUT / "docs" / "compatibility.md").write_text(page())
