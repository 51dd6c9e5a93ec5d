"""Tuning of Python's garbage collector."""

from __future__ import annotations

import gc


def tune() -> None:
    """Collect rarely: thousands of persons' states are long-lived, and with the default thresholds each
    full collection would traverse them all and block the worker."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
