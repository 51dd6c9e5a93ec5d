"""The whole path of a heart beat, which the campaigns share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.engines.kafka import Kafka
from local.engines.redis import Redis
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.kill.pipeline import BioSync
from tests.operators.conftest import aws, definitions, installation

__all__ = ["aws", "definitions", "installation", "pipeline"]


@pytest.fixture(scope="session")
def pipeline(scratch: ScratchEnvironment, kafka: Kafka, postgres: Database, redis: Redis) -> Iterator[BioSync]:
    running = BioSync(scratch.folder / "fuzz", scratch.addresses[3], kafka, postgres, redis)
    try:
        running.start()
        yield running
    finally:
        running.stop()
