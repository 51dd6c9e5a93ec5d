"""A dataflow whose snapshots go to a bucket of the local cloud."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from local.engines.kafka import Kafka
from tests.dataflows.harness import PARTITIONS, Harness
from tests.dataflows.s3_gate import Gate
from tests.dataflows.test_flow import metrics
from tests.fixtures.cloud import KEY, REGION
from tests.fixtures.waiting import until

BUCKET = "test-biosync-state"


class Stream(Harness):
    """A dataflow whose snapshots go through a gate to S3, each second."""

    def __init__(self, name: str, kafka: Kafka, database: str, folder: Path, s3: Any, gate: Gate) -> None:
        super().__init__(name, kafka.bootstrap, database, folder)
        self.s3, self.gate, self.prefix = s3, gate, f"aura/{name}"

    def settings(self) -> dict[str, str]:
        return super().settings() | {
            "STATE_BUCKET": BUCKET,
            "STATE_PREFIX": self.prefix,
            "SNAPSHOT_SECONDS": "0.5",
            "COMMIT_SECONDS": "0.2",
            "AWS_ENDPOINT_URL": self.gate.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": KEY,
        }

    def start(self, **environment: str) -> None:
        self._restored = len(self.events_of_log("state_restored"))
        super().start(**environment)

    def wipe(self) -> None:
        """The local disk is lost."""
        shutil.rmtree(self.state)

    def keys(self, folder: str) -> list[str]:
        """Keys below `<partition>/folder/`, the latest last."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=self.prefix).get("Contents", [])
        return sorted(one["Key"] for one in listed if f"/{folder}/" in one["Key"])

    def manifest(self, partition: int) -> dict[str, Any]:
        """The manifest of the latest epoch; {} before the first one."""
        known = [key for key in self.keys("manifests") if f"/{partition:04d}/" in key]
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=known[-1])["Body"].read()) if known else {}

    def events_of_log(self, event: str) -> list[dict[str, Any]]:
        text = self.log.read_text() if self.log.exists() else ""
        lines = [line for line in text.splitlines() if line.startswith("{") and line.endswith("}")]
        return [found for line in lines if (found := json.loads(line))["event"] == event]

    def origins(self) -> list[str]:
        """Where the last start had the states of its partitions from."""
        return [one["origin"] for one in self.restored()]

    def restored(self) -> list[dict[str, Any]]:
        """What the last start logged about each partition."""
        until("all restored", lambda: len(self.events_of_log("state_restored")) == self._restored + PARTITIONS, 60)
        return self.events_of_log("state_restored")[self._restored :]

    def frames(self) -> float:
        """Frames that this start has read."""
        return _metric(self, "biosync_frames_total")

    def snapshotted_once(self) -> None:
        """Wait until each partition has a snapshot of this epoch, of something that was read."""
        until("a snapshot of each partition", lambda: all(self.places()), 60)

    def places(self) -> list[int]:
        """The offset that each partition's newest snapshot of this epoch has come to; 0 without one."""
        newest = [self.manifest(partition).get("snapshots", [])[:1] for partition in range(PARTITIONS)]
        return [one[0]["place"][1] if one else 0 for one in newest]

    def snapshotted(self) -> None:
        """Wait until everything that was sent so far is in S3."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "ends"})
        ends = [consumer.get_watermark_offsets(TopicPartition(self.raw, p), 20)[1] for p in range(PARTITIONS)]
        consumer.close()

        until("snapshots of everything in S3", lambda: self.places() == ends, 30)


def _metric(stream: Stream, name: str) -> float:
    lines = [line for line in metrics(stream).splitlines() if line.startswith(f"{name} ")]
    return float(lines[0].split()[1]) if lines else 0.0
