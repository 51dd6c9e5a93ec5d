"""Replicas are created, promoted and exchanged while the endpoint is killed: each transition is completed or
undone, and no second copy takes writes unless it was promoted."""

from __future__ import annotations

import pytest

from tests.fixtures.cloud import Cloud
from tests.fuzz.campaign import Campaign
from tests.fuzz.pair_rounds import Rounds, Wrong, prepare

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(36000)]

_FAILOVERS = 0.7
"""Share of rounds that exchange the primary of the datastore; the others create and promote a read replica."""


def test_no_interruption_makes_a_second_primary(cloud: Cloud) -> None:
    campaign = Campaign.of_environment("pair")
    prepare(cloud)
    rounds = Rounds(cloud)
    for case, chance in campaign.cases():
        rounds.number, rounds.chance = case, chance
        transition = rounds.failover if chance.random() < _FAILOVERS else rounds.replica
        try:
            transition()
        except Wrong as wrong:
            campaign.found(case, wrong.args[0], wrong.args[1:])
            break  # what the next one finds would be its consequence
    campaign.report()
