"""`python -m services.users.migrate`: makes the tables and the topic, before the Pods of a rollout start."""

from __future__ import annotations

from pathlib import Path

from contracts import user_events
from contracts.platform import TOPIC_USER_EVENTS
from services.kit import logs, migrations
from services.kit.topics import ensure_topic
from services.users.settings import UsersSettings

VERSIONS = Path(__file__).with_name("migrations")


def main() -> None:
    settings = UsersSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("users", settings.pod_name, settings.log_level)
    migrations.upgrade(settings, VERSIONS)
    ensure_topic(
        settings.kafka_client,
        TOPIC_USER_EVENTS,
        partitions=user_events.PARTITIONS,
        retention_ms=user_events.RETENTION_MS,
    )


if __name__ == "__main__":
    main()
