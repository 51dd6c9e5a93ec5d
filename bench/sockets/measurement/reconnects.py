"""Reconnect storms: after a process is killed, and after all connections are dropped at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SECONDS = 150.0
KILL_AT, DROP_AT = 40.0, 85.0
KILLED_PROCESS = 0
"""Index of the ingest process that is killed with SIGKILL and restarted at once, as by a kubelet."""


@dataclass(frozen=True)
class Recovery:
    """Reconnected sockets, the time from the disruption to their last handshake, and the others' latency meanwhile."""

    sockets: int
    seconds: float
    half_seconds: float
    others_ack_p99_ms: float | None


def recovery(
    at: float, until: float, opened_at: NDArray[np.float64], ack_at: NDArray[np.float64], ack_ms: NDArray[np.float32],
    others: NDArray[np.bool_],
) -> Recovery:  # fmt: skip
    """Recovery from a disruption at `at` (seconds); `others` marks acknowledgements of users not affected."""
    reconnected = np.sort(opened_at[(opened_at >= at) & (opened_at < until)]) - at
    if not reconnected.size:
        return Recovery(0, 0.0, 0.0, None)
    latencies = ack_ms[others & (ack_at >= at) & (ack_at < at + reconnected[-1])]
    p99 = float(np.percentile(latencies, 99)) if latencies.size else None
    return Recovery(int(reconnected.size), float(reconnected[-1]), float(reconnected[reconnected.size // 2]), p99)
