"""For how long the recovery of a new Cluster is tried. Pure; moments are seconds of one clock."""

from __future__ import annotations

SECONDS = 10.0 + 20 + 40 + 80 + 160 + 320
"""CloudNativePG recovers by a Job, whose Pod Kubernetes repeats six times at these intervals (its `backoffLimit`). It
makes no other Job (cloudnative-pg, pull request 11035). An attempt here costs no Pod, so there are more of
them meanwhile."""


class Attempts:
    """Of Clusters by uid: a Cluster that is deleted and made again has all of its time again."""

    def __init__(self) -> None:
        self._first: dict[str, float] = {}
        self._exhausted: set[str] = set()

    def failed(self, uid: str, now: float) -> bool:
        """Counts a failure; whether it was the last attempt."""
        if now - self._first.setdefault(uid, now) >= SECONDS:
            self._exhausted.add(uid)
        return uid in self._exhausted

    def exhausted(self, uid: str) -> bool:
        """Whether it is tried no more."""
        return uid in self._exhausted
