"""What a replicator measures, in a file that whoever started it reads."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.engines.runtime.files import write


@dataclass
class Measure:
    """Of a topic, of the last period."""

    latency: float = 0.0
    """The longest time between a record's timestamp and its arrival at the target, in milliseconds."""
    lag: int = 0
    """Records of the source that are not copied yet."""
    bytes_per_second: float = 0.0


@dataclass
class Measures:
    """`since` is on the monotonic clock."""

    since: float = field(default_factory=time.monotonic)
    latency: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    size: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def arrived(self, topic: str, milliseconds: float, size: int) -> None:
        self.latency[topic] = max(self.latency[topic], milliseconds)
        self.size[topic] += size

    def take(self, lags: dict[str, int], now: float) -> dict[str, Measure]:
        """By topic; a new period begins."""
        seconds = max(now - self.since, 0.001)
        found = {
            topic: Measure(self.latency.get(topic, 0.0), lag, self.size.get(topic, 0) / seconds)
            for topic, lag in lags.items()
        }
        self.since = now
        self.latency.clear()
        self.size.clear()
        return found


def publish(file: Path, measures: dict[str, Measure]) -> None:
    content = {"at": time.time(), "topics": {topic: asdict(measure) for topic, measure in measures.items()}}
    write(file, json.dumps(content).encode())


def read(file: Path) -> tuple[float, dict[str, Measure]]:
    """When they were published, in seconds of the epoch, and those of each topic; 0 and nothing without the file."""
    try:
        content = json.loads(file.read_text())
    except FileNotFoundError:
        return 0.0, {}
    return content["at"], {topic: Measure(**measure) for topic, measure in content["topics"].items()}
