"""Prometheus metrics of ingest."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

connections = Gauge("aura_ingest_connections", "Open WebSockets")
refused = Counter("aura_ingest_refused_connections_total", "Connections that were closed by us", ["code"])
frames = Counter("aura_ingest_frames_total", "Frames read")
malformed = Counter("aura_ingest_malformed_total", "Messages that could not be read")
acks = Counter("aura_ingest_acks_total", "Frames that Kafka has and whose sender was told so")
ack_seconds = Histogram(
    "aura_ingest_ack_seconds",
    "From reading a frame to acknowledging it",
    buckets=(0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
records = Counter("aura_ingest_records_total", "Kafka records written")
unstored = Counter("aura_ingest_unstored_frames_total", "Frames that Kafka refused; their senders keep them")
backlog = Gauge("aura_ingest_backlog_bytes", "Frames read and not yet in Kafka")
stalls = Counter("aura_ingest_stalls_total", "Times that reading stopped because Kafka took nothing")
pushes = Counter("aura_ingest_pushes_total", "Pushes offered to a socket", ["how"])
seen = Counter("aura_ingest_seen_total", "Pushes that a client confirmed")
