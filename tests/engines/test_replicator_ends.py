"""When the replicator's process ends: whoever started it starts it again, from its saved places."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaException

from local.engines.kafka.replicator.copying import Copying
from local.engines.kafka.replicator.plan import Plan

AWAY = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}


@pytest.fixture
def copying() -> Copying:
    return Copying(Plan("ends", AWAY, AWAY, "west", ("beats",)), {})


@pytest.mark.parametrize(("number", "side"), [(0, "source"), (1, "target")])
def test_a_client_that_knows_no_broker_ends_it(copying: Copying, number: int, side: str) -> None:
    copying.step()
    copying._watches[number].on_statistics('{"brokers": {}}')
    with pytest.raises(KafkaException, match=f"the {side}'s client knows no broker"):
        copying.step()


def test_brokers_that_do_not_answer_end_nothing(copying: Copying) -> None:
    for _ in range(20):
        copying.step()
