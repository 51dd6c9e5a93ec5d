"""Workers of a stream are killed, hung, stopped, added and robbed of their disk, while S3 goes away and comes back:
rows and events are the offline ones. Prints for how long partitions stood still."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
from msgspec import structs

from contracts.records import StoredFrame
from local.engines.kafka import Kafka
from tests.dataflows.s3_gate import Gate
from tests.dataflows.stream import Stream
from tests.dataflows.test_flow import assert_holds, population
from tests.dataflows.workers import Workers
from tests.fixtures.engines import Database
from tests.fuzz.campaign import Campaign
from tests.fuzz.worker_rounds import Rounds, Wrong

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(36000)]
_PEOPLE, _SHARES = 8, 10
"""Of a day's beats, of which a share is sent before and one after what happens in a round. Then others come: an event
is answered for ten minutes only."""


class Load:
    """Frames of people, and all that were sent so far."""

    def __init__(self, stream: Stream) -> None:
        self.sent: list[StoredFrame] = []
        self._stream = stream
        self._groups = 0
        self._left: list[StoredFrame] = []
        self._share = 0

    def send(self) -> None:
        """The next share."""
        if not self._left:
            self._groups += 1
            group = f"{self._groups}"
            self._left = [structs.replace(one, user=f"{group}-{one.user}") for one in population(_PEOPLE)]
            self._share = -(-len(self._left) // _SHARES)
        share, self._left = self._left[: self._share], self._left[self._share :]
        self._stream.send(share)
        self.sent += share


def test_whatever_happens_to_workers_rows_and_events_are_complete(
    kafka: Kafka, postgres: Database, s3: Any, gate: Gate, tmp_path: Path
) -> None:
    campaign = Campaign.of_environment("workers")
    stream = Stream("fuzzed", kafka, postgres.create("fuzzed"), tmp_path, s3, gate)
    workers = Workers(stream, tmp_path)
    load = Load(stream)
    rounds = Rounds(workers)
    try:
        for case, chance in campaign.cases():
            load.send()
            try:
                happened = rounds.round(chance)
            except Wrong as wrong:
                campaign.found(case, wrong.args[0], wrong.args[1:])
                break  # what the next one finds would be its consequence
            load.send()
            print(f"round {case}: {happened}, {len(rounds.live)} workers", flush=True)
        if not campaign.findings:
            assert_holds(stream, load.sent)
    finally:
        rounds.close()
        workers.close()
        stream.close()
    _print(rounds.gaps, list(stream.receiver.requests.values()))
    campaign.report()


def _print(gaps: list[tuple[str, float]], requests: list[int]) -> None:
    seconds: dict[str, list[float]] = defaultdict(list)
    for happened, gap in gaps:
        seconds[happened].append(gap)
        seconds["all"].append(gap)
    print(f"\n{'':10}{'partitions':>12}{'p50 s':>8}{'p99 s':>8}{'longest':>9}")
    for happened, found in sorted(seconds.items()):
        percentiles = quantiles([*found, *found], n=100)
        print(f"{happened:10}{len(found):12}{percentiles[49]:8.1f}{percentiles[98]:8.1f}{max(found):9.1f}")
    print(f"{len(requests)} events were answered, {sum(one > 1 for one in requests)} of them more than once")
