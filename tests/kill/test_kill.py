"""Processes killed under load: acknowledged data is stored, and the results equal those of an uninterrupted run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.engines.kafka import Kafka
from local.engines.redis import Redis
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.kill.pipeline import BioSync
from tests.kill.plan import plan, seeds
from tests.kill.rounds import run_round

pytestmark = [pytest.mark.kill, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def pipeline(scratch: ScratchEnvironment, kafka: Kafka, postgres: Database, redis: Redis) -> Iterator[BioSync]:
    pipeline = BioSync(scratch.folder / "kill", scratch.addresses[3], kafka, postgres, redis)
    try:
        pipeline.start()
        yield pipeline
    finally:
        pipeline.stop()


@pytest.mark.parametrize("seed", seeds())
async def test_after_kills_at_any_moment_the_results_equal_an_uninterrupted_run(
    pipeline: BioSync, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    round_ = plan(seed)
    try:
        summary = await run_round(pipeline, round_)
    except BaseException as error:
        error.add_note(f"seed {seed}, {round_}; repeat with: {round_.repeat}")
        raise
    with capsys.disabled():
        print(f"\nseed {seed}: {summary}", flush=True)
