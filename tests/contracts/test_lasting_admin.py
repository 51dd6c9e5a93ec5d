"""A client of Kafka's administration that outlives outages."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from contracts.lasting_admin import LastingAdmin

AWAY = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}


def test_it_is_made_anew_after_a_request_without_an_answer() -> None:
    lasting = LastingAdmin(AWAY)
    before = lasting._client
    with pytest.raises(KafkaException), lasting.asking() as admin:
        admin.list_topics(timeout=0.2)
    assert lasting._client is not before


@pytest.mark.parametrize(
    ("error", "renewed"),
    [
        (TimeoutError(), True),
        (KafkaException(KafkaError(KafkaError._TIMED_OUT)), True),
        (KafkaException(KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)), False),
        (KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)), False),
    ],
    ids=repr,
)
def test_a_refusal_is_an_answer(error: Exception, renewed: bool) -> None:
    lasting = LastingAdmin(AWAY)
    before = lasting._client
    with pytest.raises(type(error)), lasting.asking():
        raise error
    assert (lasting._client is not before) is renewed
