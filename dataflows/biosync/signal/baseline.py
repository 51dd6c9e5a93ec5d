"""A person's usual level of a quantity, as a running M-quantile: two numbers of state, O(1) a value.

The M-quantile (Breckling & Chambers, Biometrika 1988; 75:761) lies between mean and quantile: a value above the level
pulls it up with weight p, one below pulls it down with weight 1 - p, in proportion to the distance, but never more
than `clip`. So a low p gives the resting level, and half an hour of sport moves it by little. A fading histogram
found the same events on the recordings with fifty times the state (docs/detection.md).
"""

from __future__ import annotations

LEARNS_FOR = 200
"""Values after which the level stops averaging everything and fades the old ones: 33 minutes at one each 10 s."""
_SETTLED = 10
"""Values from which the distance is clipped; before, the level has yet to find the person."""

Level = tuple[float, int]
"""The level and how many values it has seen, up to LEARNS_FOR."""
UNKNOWN: Level = (0.0, 0)


def learn(level: Level, value: float, p: float, clip: float) -> Level:
    """The level after one more value."""
    at, seen = level
    if seen < LEARNS_FOR:
        seen += 1
    distance = value - at
    if seen == 1:
        return value, 1
    if seen > _SETTLED:
        distance = clip if distance > clip else -clip if distance < -clip else distance
    return at + 2.0 * (p if distance > 0.0 else 1.0 - p) * distance / seen, seen
