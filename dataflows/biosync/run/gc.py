"""When Python looks for garbage."""

from __future__ import annotations

import gc


def tune() -> None:
    """Thousands of people's states are live and never garbage: as often as usual, each look at all of them would stop
    the worker."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)
