"""Which reason an error of Kafka gives."""

from __future__ import annotations

import re

import pytest
from confluent_kafka import KafkaError

from operators.adapters.kafka.errors import reason


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (KafkaError._TRANSPORT, "", ""),
        (KafkaError._ALL_BROKERS_DOWN, "", ""),
        (KafkaError._TIMED_OUT, "", ""),
        (KafkaError._RESOLVE, "", ""),
        (KafkaError.REQUEST_TIMED_OUT, "", ""),
        (KafkaError.NOT_CONTROLLER, "", ""),
        (KafkaError._AUTHENTICATION, "", "Authentication"),
        (KafkaError.SASL_AUTHENTICATION_FAILED, "", "SaslAuthenticationFailed"),
        (KafkaError.TOPIC_EXCEPTION, "Topic 'a_b' collides with existing topics: a.b", "TopicCollision"),
        (KafkaError.TOPIC_EXCEPTION, "Topic name is invalid: it cannot be longer than 249", "InvalidTopic"),
        (KafkaError.POLICY_VIOLATION, "", "PolicyViolation"),
        (KafkaError.INVALID_CONFIG, "", "InvalidConfig"),
        (KafkaError.INVALID_PARTITIONS, "", "InvalidPartitions"),
        (KafkaError.INVALID_REPLICATION_FACTOR, "", "InvalidReplicationFactor"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "", "TopicAuthorizationFailed"),
        (KafkaError.CLUSTER_AUTHORIZATION_FAILED, "", "ClusterAuthorizationFailed"),
        (KafkaError.TOPIC_DELETION_DISABLED, "", "TopicDeletionDisabled"),
        (KafkaError.UNSUPPORTED_VERSION, "", "UnsupportedVersion"),
    ],
)
def test_unreachable_is_transport_and_timeouts_only(code: int, text: str, expected: str) -> None:
    assert reason(KafkaError(code).name(), text) == expected


def test_every_code_gives_a_reason_that_a_condition_accepts() -> None:
    codes = [value for name, value in vars(KafkaError).items() if name.strip("_").isupper() and isinstance(value, int)]
    assert len(codes) > 100
    found = {KafkaError(code).name(): reason(KafkaError(code).name(), "") for code in codes}
    assert [name for name, one in found.items() if one and not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", one)] == []
