"""Which processes a round kills, and when: a pure function of the seed."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

TARGETS = ("ingest", "kafka", "dataflow", "postgres", "recommend", "gateway", "redis")
INGESTS = 2
SECOND_KILL_PROBABILITY = 1 / 2
"""Share of the rounds in which a second process is killed while the first one restarts."""


@dataclass(frozen=True)
class Kill:
    """SIGKILL of `target`, `delay` seconds after the previous event of the round."""

    target: str
    delay: float


@dataclass(frozen=True)
class Round:
    """The first kill happens when `share` of all frames are acknowledged."""

    seed: int
    share: float
    kills: tuple[Kill, ...]

    @property
    def repeat(self) -> str:
        return f"AURA_KILL_SEED={self.seed} AURA_KILL_ROUNDS=1 make test-kill"


def plan(seed: int) -> Round:
    """Consecutive seeds cycle through the targets; everything else is random."""
    random_ = random.Random(seed)
    first = TARGETS[seed % len(TARGETS)]
    targets = [first]
    if random_.random() < SECOND_KILL_PROBABILITY:
        targets.append(random_.choice([target for target in TARGETS if target != first]))
    named = [f"ingest-{random_.randint(1, INGESTS)}" if target == "ingest" else target for target in targets]
    kills = [Kill(target, random_.uniform(0, 2) if number else 0.0) for number, target in enumerate(named)]
    return Round(seed, random_.uniform(0.02, 0.98), tuple(kills))


def seeds() -> list[int]:
    """AURA_KILL_ROUNDS of them (each target once if unset), starting with AURA_KILL_SEED (random if unset)."""
    rounds = int(os.environ.get("AURA_KILL_ROUNDS") or len(TARGETS))
    first = int(os.environ.get("AURA_KILL_SEED") or random.SystemRandom().randrange(1_000_000))
    return list(range(first, first + rounds))
