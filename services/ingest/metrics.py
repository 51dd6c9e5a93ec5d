"""Prometheus metrics of ingest."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

connections = Gauge("aura_ingest_connections", "Open WebSockets")
refused = Counter("aura_ingest_refused_connections_total", "Connections refused or closed by ingest", ["code"])
refused_frames = Counter(
    "aura_ingest_refused_frames_total",
    "Messages of which nothing was stored; malformed: it could not be decoded",
    ["reason"],
)
dropped_beats = Counter("aura_ingest_dropped_beats_total", "Beats left out of the frames that were stored", ["reason"])
records = Counter("aura_ingest_records_total", "Kafka records written")
unstored = Counter("aura_ingest_unstored_frames_total", "Frames that Kafka rejected; their senders keep them")
waiting = Gauge("aura_ingest_waiting_connections", "WebSockets whose reading is paused because Kafka accepts nothing")
backlog = Gauge("aura_ingest_backlog_bytes", "Frames read and not yet in Kafka")
stalls = Counter("aura_ingest_stalls_total", "Times that reading was paused because Kafka accepted nothing")
pushes = Counter("aura_ingest_pushes_total", "Pushes sent on a connection", ["how"])
seen = Counter("aura_ingest_seen_total", "Pushes that a client confirmed")


class FrameCounter(Collector):
    """Counts frames read. A plain int: the library's Counter costs a microsecond for each frame."""

    def __init__(self) -> None:
        self.read = 0

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily("aura_ingest_frames", "Frames read", value=self.read)


class AckHistogram(Collector):
    """Histogram of acknowledgement latency, plain numbers like FrameCounter."""

    bounds = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30)

    def __init__(self) -> None:
        self._counts = [0] * (len(self.bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self._sum += seconds

    def collect(self) -> Iterator[Metric]:
        total, buckets = 0, list[tuple[str, float]]()
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self._counts, strict=True):
            total += count
            buckets.append((bound, total))
        yield CounterMetricFamily("aura_ingest_acks", "Frames stored in Kafka and acknowledged", value=total)
        yield HistogramMetricFamily(
            "aura_ingest_ack_seconds", "From reading a frame to acknowledging it", buckets=buckets, sum_value=self._sum
        )


frames = FrameCounter()
acks = AckHistogram()
for collector in (frames, acks):
    REGISTRY.register(collector)
