"""Builds, fetches and caches the programs that the local platform runs.

`tools` says where they are; `provide` makes those that are missing; `python -m local.toolchain` does so with a display.
"""

from local.toolchain.tools import crds

__all__ = ["crds"]
