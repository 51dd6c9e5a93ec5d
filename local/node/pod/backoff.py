"""How long a container that ended waits for its next start."""

from __future__ import annotations

from dataclasses import dataclass

INITIAL_SECONDS = 1.0
MAX_SECONDS = 60.0
RESET_SECONDS = 60.0
"""Seconds; a kubelet with ReduceDefaultCrashLoopBackOffDecay doubles from 1 s to 60 s, too."""


@dataclass(frozen=True)
class Backoff:
    """`crashes` in a row so far. The first restart is immediate, then 1, 2, 4 ... seconds."""

    crashes: int = 0

    def after(self, ran_seconds: float) -> tuple[Backoff, float]:
        """Next state, and the seconds to wait, when a run of `ran_seconds` has ended."""
        crashes = 0 if ran_seconds >= RESET_SECONDS else self.crashes
        delay = 0.0 if crashes == 0 else min(MAX_SECONDS, INITIAL_SECONDS * 2 ** (crashes - 1))
        return Backoff(crashes + 1), delay


def should_restart(policy: str, exit_code: int) -> bool:
    """Whether a container with this restartPolicy is started again after it ended with `exit_code`."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
