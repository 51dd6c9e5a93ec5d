"""A clock without steps that also runs while the machine is suspended: what a lease's term is measured by."""

from __future__ import annotations

import time


def elapsed() -> float:
    """Seconds since the machine started (CLOCK_BOOTTIME)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
