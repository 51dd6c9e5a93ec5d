"""`python -m services.payments.migrate`: makes the tables and the topic, before the Pods of a rollout start."""

from __future__ import annotations

from pathlib import Path

from contracts import entitlement_events
from contracts.platform import TOPIC_ENTITLEMENT_EVENTS
from services.kit import logs, migrations
from services.kit.topics import ensure_topic
from services.payments.settings import PaymentsSettings

VERSIONS = Path(__file__).with_name("migrations")


def main() -> None:
    settings = PaymentsSettings()  # pyright: ignore[reportCallIssue]  fields come from the environment
    logs.configure("payments", settings.pod_name, settings.log_level)
    migrations.upgrade(settings, VERSIONS)
    ensure_topic(
        settings.kafka_client, TOPIC_ENTITLEMENT_EVENTS, partitions=entitlement_events.PARTITIONS, retention_ms=None
    )


if __name__ == "__main__":
    main()
