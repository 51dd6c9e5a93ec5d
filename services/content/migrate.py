"""`python -m services.content.migrate`: makes the tables and the topic, before the Pods of a rollout start."""

from __future__ import annotations

from pathlib import Path

from contracts import content_events
from contracts.platform import TOPIC_CONTENT_EVENTS
from services.content.settings import ContentSettings
from services.kit import logs, migrations
from services.kit.topics import ensure_topic

VERSIONS = Path(__file__).with_name("migrations")


def main() -> None:
    settings = ContentSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("content", settings.pod_name, settings.log_level)
    migrations.upgrade(settings, VERSIONS)
    ensure_topic(settings.kafka_client, TOPIC_CONTENT_EVENTS, partitions=content_events.PARTITIONS, retention_ms=None)


if __name__ == "__main__":
    main()
