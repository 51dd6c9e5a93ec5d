"""Errors of the admin client, without brokers."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.connections import kafka_client
from operators.adapters.kafka.admin import KafkaRefused, TopicAdmin


def test_settings_that_make_no_client_are_told_as_other_errors_are(tmp_path: Path) -> None:
    with pytest.raises(KafkaRefused, match=r"^Kafka at b:9094: .*ca\.location"):
        TopicAdmin(kafka_client("b:9094", "SSL", ca_file=str(tmp_path / "absent.pem")))
