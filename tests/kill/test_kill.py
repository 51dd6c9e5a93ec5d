"""Whatever dies under load: what was acknowledged is stored, and all is as if nothing had died."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.engines.kafka import Kafka
from local.engines.redis import Redis
from tests.fixtures.engines import Database, ScratchEnvironment
from tests.kill.pipeline import BioSync
from tests.kill.plan import plan, seeds
from tests.kill.rounds import play

pytestmark = [pytest.mark.kill, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def path(scratch: ScratchEnvironment, kafka: Kafka, postgres: Database, redis: Redis) -> Iterator[BioSync]:
    made = BioSync(scratch.folder / "kill", scratch.addresses[3], kafka, postgres, redis)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.mark.parametrize("seed", seeds())
async def test_killed_at_any_moment_the_path_gives_what_an_uninterrupted_run_gives(
    path: BioSync, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    round_ = plan(seed)
    try:
        told = await play(path, round_)
    except BaseException as error:
        error.add_note(f"seed {seed}, {round_}; once more: {round_.repeat}")
        raise
    with capsys.disabled():
        print(f"\nseed {seed}: {told}", flush=True)
