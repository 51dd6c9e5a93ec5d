"""The whole path of a heart beat, which the campaigns share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.engines.kafka import Kafka
from local.engines.redis import Redis
from tests.dataflows.conftest import gate, s3
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.fixtures.revival import START_SECONDS
from tests.kill.pipeline import BioSync
from tests.operators.conftest import aws, definitions, installation, running_operators

__all__ = ["aws", "definitions", "gate", "installation", "pipeline", "running_operators", "s3"]


@pytest.fixture(scope="session")
def pipeline(scratch: ScratchEnvironment, postgres: Database, redis: Redis) -> Iterator[BioSync]:
    """With a broker of its own: other tests' streams have topics of the same names."""
    kafka = Kafka(scratch.folder / "fuzz-kafka", scratch.addresses[4])
    kafka.ensure(START_SECONDS)
    running = BioSync(scratch.folder / "fuzz", scratch.addresses[3], kafka, postgres, redis)
    try:
        running.start()
        yield running
    finally:
        running.stop()
        kafka.delete()
