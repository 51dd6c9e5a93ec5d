"""A cluster of Kafka whose brokers end in the middle of a start."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from local.engines.kafka import Kafka
from local.engines.runtime.process import EngineFailed
from tests.fixtures.engines import ScratchEnvironment
from tests.fixtures.waiting import until

pytestmark = pytest.mark.integration
PROMPT_SECONDS = 60.0
"""The start itself would wait for three times as long."""


@pytest.fixture
def cluster(scratch: ScratchEnvironment) -> Iterator[Kafka]:
    engine = Kafka(scratch.folder / "three-brokers", *scratch.addresses[5:8], light=True)
    engine.ensure()
    yield engine
    engine.delete()


def test_brokers_that_end_while_another_starts_are_launched_and_not_waited_for(cluster: Kafka) -> None:
    """Without two of three controllers the first broker cannot register."""
    first, *others = (broker.process for broker in cluster.brokers)
    first.kill()
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(cluster.start)
        until("the first to be launched", first.pid)
        for process in others:
            process.kill()
        with pytest.raises(EngineFailed, match="ended before it was ready"):
            starting.result(PROMPT_SECONDS)
    cluster.ensure()
    assert cluster.ready()
