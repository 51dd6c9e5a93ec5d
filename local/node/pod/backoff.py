"""Restart back-off and restart policy."""

from __future__ import annotations

from dataclasses import dataclass

INITIAL_SECONDS = 1.0
MAX_SECONDS = 60.0
RESET_SECONDS = 60.0
"""A run this long resets the back-off. From 1 to 60 s, as a kubelet with ReduceDefaultCrashLoopBackOffDecay."""


@dataclass(frozen=True)
class Backoff:
    """`crashes` is their consecutive number. The first restart is immediate, the next after 1, 2, 4 ... seconds."""

    crashes: int = 0

    def after(self, ran_seconds: float) -> tuple[Backoff, float]:
        """Next state and delay in seconds, after a run of `ran_seconds`."""
        crashes = 0 if ran_seconds >= RESET_SECONDS else self.crashes
        delay = 0.0 if crashes == 0 else min(MAX_SECONDS, INITIAL_SECONDS * 2 ** (crashes - 1))
        return Backoff(crashes + 1), delay


def should_restart(policy: str, exit_code: int) -> bool:
    """Whether a container with this restartPolicy is restarted after `exit_code`."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
