"""Whether a person exerts themselves, from the movement of the wrist: O(1) a sample.

A wrist at rest is still for most of the time, and gestures are bursts of it; who walks or rides a bicycle is never
still for long. So what tells exercise is the floor of the movement, not its mean: a low M-quantile of its logarithm
(baseline.py has the definition) that follows within two or three minutes. docs/detection.md has the figures.
"""

from __future__ import annotations

from math import log

import msgspec

P = 0.2
CLIP = 1.0
"""Largest distance that counts, in natural logarithms: a gesture is a hundred times rest."""
MEMORY = 60_000
"""ms over which the floor follows."""
SPAN = 5_000
"""ms that a sample stands for: it is the mean over as long before it. One that comes sooner counts for less."""
EXERTION = log(12.0)
"""Floor from which it is exercise, the logarithm of thousandths of g."""
LEAST = 1.0
"""Thousandths of g below which a wrist is still: the noise of the sensor."""


class Movement(msgspec.Struct, array_like=True):
    """The movement of one person; state of fixed size."""

    newest: int = 0
    """Unix ms of the newest sample; 0 before the first."""
    floor: float = 0.0
    exerted: int = 0
    """Unix ms of the last exertion, 0 for never: by movement, by a declared activity or by the heart rate itself."""

    def add(self, t: int, mg: float) -> None:
        """A sample: mean acceleration without gravity over SPAN before `t`, thousandths of g. One that is not newer
        than the newest changes nothing."""
        value = log(mg) if mg > LEAST else 0.0
        elapsed = t - self.newest
        if elapsed <= 0:
            return
        if not self.newest:
            self.floor = value
        self.newest = t
        distance = min(CLIP, max(-CLIP, value - self.floor))
        share = min(elapsed, SPAN) / MEMORY
        self.floor += 2.0 * (P if distance > 0.0 else 1.0 - P) * distance * share
        if self.floor >= EXERTION:
            self.exert(t)

    def exert(self, t: int) -> None:
        """The person exerts themselves at `t`, Unix ms."""
        if t > self.exerted:
            self.exerted = t

    def reset_clock(self) -> None:
        """The device's clock was set back: the floor begins anew, the timestamps are reset."""
        self.newest = self.exerted = 0
