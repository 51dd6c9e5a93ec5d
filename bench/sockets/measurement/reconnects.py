"""Reconnect storms: what happens to everybody when a process dies, or when all are cut off at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SECONDS = 150.0
KILL_AT, DROP_AT = 40.0, 85.0
VICTIM = 0
"""Number of the ingest process that is killed with SIGKILL and started again at once, as a kubelet does."""


@dataclass(frozen=True)
class Return:
    """How many came back, how long that took from the blow to the last handshake, and what others felt meanwhile."""

    sockets: int
    seconds: float
    half_seconds: float
    others_ack_p99_ms: float | None


def returned(
    at: float, until: float, opened_at: NDArray[np.float64], ack_at: NDArray[np.float64], ack_ms: NDArray[np.float32],
    others: NDArray[np.bool_],
) -> Return:  # fmt: skip
    """What followed a blow at `at` (seconds); `others` marks acknowledgements of people who were not hit."""
    back = np.sort(opened_at[(opened_at >= at) & (opened_at < until)]) - at
    if not back.size:
        return Return(0, 0.0, 0.0, None)
    felt = ack_ms[others & (ack_at >= at) & (ack_at < at + back[-1])]
    p99 = float(np.percentile(felt, 99)) if felt.size else None
    return Return(int(back.size), float(back[-1]), float(back[back.size // 2]), p99)
