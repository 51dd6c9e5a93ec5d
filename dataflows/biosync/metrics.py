"""The Prometheus metrics of one worker of the dataflow. Each partition is read by one of them."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram

BEATS = Counter("biosync_beats_total", "Beats read from the topic")
FRAMES = Counter("biosync_frames_total", "Frames read from the topic, repeats included")
WINDOWS = Counter("biosync_windows_total", "HRV windows closed")
EVENTS = Counter("biosync_stress_events_total", "Stress events raised; those computed again after a restart included")
DROPPED = Counter(
    "biosync_dropped_beats_total", "Beats of valid frames that are not used, by reason (docs/detection.md)", ["reason"]
)
REJECTED = Counter(
    "biosync_rejected_records_total",
    "Records that can never be processed or written, because of what they are, by sink and class of the reason",
    ["sink", "reason"],
)
DISCARDED = Counter(
    "biosync_discarded_states_total", "States of persons that could not be read or kept: they start anew"
)
DEAD = Counter("biosync_dead_letters_total", "Records and frames sent to the dead letter topic")
LAG = Gauge(
    "biosync_consumer_lag_records",
    "Records of the partition that were not read yet",
    ["partition"],
)
LAG_SECONDS = Gauge(
    "biosync_consumer_lag_seconds",
    "Age of the record of the partition that was read last; 0 when there is none after it",
    ["partition"],
)
CPU = Counter("biosync_cpu_seconds_total", "Processor time that the worker took: no more than a core")
STORE = Histogram(
    "biosync_store_seconds",
    "Seconds of a write to the time-series store",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
STORE_RETRIES = Counter("biosync_store_retries_total", "Writes to the time-series store that had to be tried again")
SNAPSHOT = Histogram(
    "biosync_snapshot_seconds",
    "Seconds for which a worker writes what changed in a partition to its local log, and takes what goes to S3",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25),
)
STATE_TIME = Gauge(
    "biosync_state_snapshot_time_seconds",
    "When the newest snapshot of the partition that is in S3 was taken, in Unix seconds",
    ["partition"],
)
STATE_STORED = Gauge(
    "biosync_state_snapshot_size_bytes",
    "Bytes of the newest snapshot of the partition",
    ["partition"],
)
STATE_PERSONS = Gauge(
    "biosync_state_snapshot_persons",
    "Persons in the newest snapshot",
    ["partition"],
)
STATE_ORIGIN = Gauge(
    "biosync_state_origin",
    "1: where the state of the partition came from at the start: local, snapshot or topic",
    ["partition", "origin"],
)
STATE_BYTES = Counter("biosync_state_written_bytes_total", "Bytes of segments that were written to S3")
STATE_RETRIES = Counter("biosync_state_retries_total", "Writes of snapshots to S3 that had to be tried again")
STATE_SECONDS = Histogram(
    "biosync_state_upload_seconds",
    "Seconds from taking a partition's snapshot until it was in S3",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RESPONSES = Counter("biosync_responses_total", "Webhook requests by outcome", ["outcome"])
RESPONSE_SECONDS = Histogram(
    "biosync_response_seconds",
    "Seconds from the arrival of the beat that raised an event to the accepted webhook",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60),
)


def forget(gauge: Gauge, *labels: str) -> None:
    """Say no more what was said of these labels, if anything was."""
    with suppress(KeyError):
        gauge.remove(*labels)
