"""Never two regions at one time, whatever is delayed or lost, with clocks at the ends of their tolerance."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from contracts.lease import CLOCK_TOLERANCE_SECONDS
from tests.contracts.lease_model import EAST, WEST, Network, Pair

AHEAD, BEHIND = CLOCK_TOLERANCE_SECONDS, -CLOCK_TOLERANCE_SECONDS
LATE, LOST = Network(travels=26.0), Network(answered=False)

STEPS: list[Callable[[Pair], None]] = [
    lambda pair: pair.pass_time(5.0),
    lambda pair: pair.pass_time(26.0),
    lambda pair: pair.pass_time(35.0),
    lambda pair: pair.renew(1, roles_exchanged=True),
    lambda pair: pair.renew(1, LATE),
    lambda pair: pair.renew(1, LOST),
    lambda pair: pair.renew(3, roles_exchanged=True),
    lambda pair: pair.hand_over(4, EAST),
    lambda pair: pair.hand_over(5, WEST, LATE),
    lambda pair: pair.fence(4),
]


def test_all_short_interleavings() -> None:
    for west, run in ((BEHIND, AHEAD), (AHEAD, BEHIND)):
        for steps in product(STEPS, repeat=4):
            pair = Pair([west, west, run, run, run, west])
            pair.renew(0)
            for step in steps:
                step(pair)
                pair.check()


PAUSES = st.sampled_from([1.0, 5.0, 26.0, 31.0, 35.0])
"""Around the moments at which a term ends for its holder, and for others."""
DELAYS = st.sampled_from([0.0] * 8 + [1.0, 4.0, 26.0, 35.0])
NETWORKS = st.builds(Network, DELAYS, DELAYS, st.booleans())


class Interleavings(RuleBasedStateMachine):
    """Long ones, at random."""

    @initialize(offsets=st.lists(st.sampled_from([AHEAD, 0.0, BEHIND]), min_size=6, max_size=6))
    def start(self, offsets: list[float]) -> None:
        self.pair = Pair(offsets)

    @rule(seconds=PAUSES)
    def pass_time(self, seconds: float) -> None:
        self.pair.pass_time(seconds)

    @rule(who=st.integers(0, 3), network=NETWORKS, roles_exchanged=st.booleans())
    def renew(self, who: int, network: Network, roles_exchanged: bool) -> None:
        self.pair.renew(who, network, roles_exchanged)
        self.pair.check()

    @rule(who=st.integers(4, 5), to=st.sampled_from([WEST, EAST]), network=NETWORKS)
    def hand_over(self, who: int, to: str, network: Network) -> None:
        self.pair.hand_over(who, to, network)
        self.pair.check()

    @rule(who=st.integers(4, 5), network=NETWORKS)
    def fence(self, who: int, network: Network) -> None:
        self.pair.fence(who, network)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
