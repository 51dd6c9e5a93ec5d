"""What is killed in a round and when: a function of the round's seed alone."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass

TARGETS = ("ingest", "kafka", "dataflow", "postgres", "recommend", "gateway", "redis")
INGESTS = 2
SECOND_KILL_PROBABILITY = 1 / 2
"""Share of the rounds in which another process dies while the first comes back."""


@dataclass(frozen=True)
class Kill:
    """SIGKILL of `victim`, `pause` seconds after the moment that the round waits for."""

    target: str
    delay: float


@dataclass(frozen=True)
class Round:
    """The first blow falls when `share` of all frames are acknowledged."""

    seed: int
    share: float
    kills: tuple[Kill, ...]

    @property
    def repeat(self) -> str:
        return f"AURA_KILL_SEED={self.seed} AURA_KILL_ROUNDS=1 make test-kill"


def plan(seed: int) -> Round:
    """Consecutive seeds take the victims in turn; all else is chance."""
    random_ = random.Random(seed)
    first = TARGETS[seed % len(TARGETS)]
    victims = [first]
    if random_.random() < SECOND_KILL_PROBABILITY:
        victims.append(random_.choice([victim for victim in TARGETS if victim != first]))
    named = [f"ingest-{random_.randint(1, INGESTS)}" if victim == "ingest" else victim for victim in victims]
    blows = [Kill(victim, random_.uniform(0, 2) if number else 0.0) for number, victim in enumerate(named)]
    return Round(seed, random_.uniform(0.02, 0.98), tuple(blows))


def seeds() -> list[int]:
    """AURA_KILL_ROUNDS of them (each victim once if unset), from AURA_KILL_SEED (chance if unset) on."""
    rounds = int(os.environ.get("AURA_KILL_ROUNDS") or len(TARGETS))
    first = int(os.environ.get("AURA_KILL_SEED") or random.SystemRandom().randrange(1_000_000))
    return list(range(first, first + rounds))
