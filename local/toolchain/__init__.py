"""Builds, downloads and caches the programs that the local platform runs.

`tools` gives their paths. `python -m local.toolchain` (`make tools`) builds those that are missing, from the `catalog`.
"""

from local.toolchain.tools import crds

__all__ = ["crds"]
