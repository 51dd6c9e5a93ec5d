"""A person's baseline of a quantity, as a running M-quantile: two numbers of state, O(1) a value.

The M-quantile (Breckling & Chambers, Biometrika 1988; 75:761) lies between mean and quantile. A value above the
baseline pulls it up with weight p, a value below pulls it down with weight 1 - p, in proportion to the distance but by
no more than `clip`. So a low p gives the resting value, and half an hour of sport moves it little. A decaying
histogram found the same events on the recordings with fifty times the state (docs/detection.md).
"""

from __future__ import annotations

MEMORY = 200
"""Values after which the baseline stops averaging all values and decays the old ones: 33 minutes at one each 10 s."""
_CLIP_FROM = 10
"""Values from which the distance is clipped; before that the baseline still converges."""

Baseline = tuple[float, int]
"""The baseline and the number of values in it, up to MEMORY."""
UNKNOWN: Baseline = (0.0, 0)


def update(baseline: Baseline, value: float, p: float, clip: float) -> Baseline:
    """The baseline after one more value."""
    current, count = baseline
    if count < MEMORY:
        count += 1
    distance = value - current
    if count == 1:
        return value, 1
    if count > _CLIP_FROM:
        distance = clip if distance > clip else -clip if distance < -clip else distance
    return current + 2.0 * (p if distance > 0.0 else 1.0 - p) * distance / count, count
