"""The population of simulated users and their beats. Pure: load generators and verification compute the same.

The users of a group share one series of beats, so a frame is encoded once for all of them; stressed users have their
own series. Beats are synthesised (local/wearables/beats.py), 75 per minute at rest: ten beats every eight seconds, each
frame due at its last beat.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from contracts.stream import MAX_SAMPLES_A_FRAME, Frame, Sample
from local.wearables.beats import Beat, Phase, rest, stress, synthesise
from local.wearables.frames import BEATS_A_FRAME, Timed

DEVICE = "wearable-1"
HEART_RATE = 75.0
FRAME_SECONDS = 8.0
GROUP_SIZE = 30
STRESS_EVERY = 100
"""One in this many users has a stress episode."""
REST_SECONDS = 185.0
"""Rest before an episode: no event is raised before 180 s of usable beats."""
EPISODE_SECONDS = 95.0
"""Enough for an episode to be detected, with a margin."""
SPREAD_SECONDS = 20.0
"""Interval over which the starts of episodes are spread."""


@dataclass(frozen=True)
class Population:
    """`users` who stream for `seconds`; times are relative to the start of the run."""

    users: int
    seconds: float

    @property
    def groups(self) -> int:
        return -(-self.users // GROUP_SIZE)

    @property
    def history(self) -> float:
        """Seconds of stored beats that a stressed user's wearable sends at the start: without them no episode would be
        detected in a short run."""
        return max(0.0, REST_SECONDS + EPISODE_SECONDS + SPREAD_SECONDS - self.seconds)

    def members(self, group: int) -> range:
        """Numbers of the users of a group."""
        return range(group * GROUP_SIZE, min(self.users, (group + 1) * GROUP_SIZE))

    def series(self, group: int) -> Iterator[tuple[list[int], BeatSeries]]:
        """The series of a group, each with the numbers of its users."""
        calm = [number for number in self.members(group) if not stressed(number)]
        if calm:
            yield calm, BeatSeries(self, group, group)
        for number in self.members(group):
            if stressed(number):
                yield [number], BeatSeries(self, group, number, stressed=True)


@dataclass(frozen=True)
class BeatSeries:
    """A series of beats and its frames; deterministic in its arguments."""

    population: Population
    group: int
    seed: int
    stressed: bool = False

    @property
    def offset(self) -> float:
        """Seconds after the start at which the first frame is due: groups are spread over the interval of frames."""
        return self.group / self.population.groups * FRAME_SECONDS

    def beats(self) -> list[Beat]:
        """Beats, in ms from the start of the run: those of the first frame and of the history precede it."""
        begin, end = self.offset - FRAME_SECONDS, self.population.seconds
        phases = (rest(end - begin, HEART_RATE),)
        if self.stressed:
            begin -= self.population.history
            onset = end - EPISODE_SECONDS - (self.seed // STRESS_EVERY) % SPREAD_SECONDS
            phases = rest(onset - begin, HEART_RATE), stress(end - onset, HEART_RATE)
        return [(t + round(begin * 1000), rr) for t, rr in _synthesised(phases, self.seed) if t < (end - begin) * 1000]

    def frames(self, start: int) -> list[Timed]:
        """Complete frames of a run that starts at `start` (Unix ms), numbered from 1; history first, in long frames."""
        beats = self.beats()
        past = sum(t < (self.offset - FRAME_SECONDS) * 1000 for t, _ in beats)
        long = [beats[i : min(past, i + MAX_SAMPLES_A_FRAME)] for i in range(0, past, MAX_SAMPLES_A_FRAME)]
        short = [beats[i : i + BEATS_A_FRAME] for i in range(past, len(beats) - BEATS_A_FRAME + 1, BEATS_A_FRAME)]
        due = [max(0.0, self.offset - 1)] * len(long) + [max(0.0, chunk[-1][0] / 1000) for chunk in short]
        return [
            Timed(moment, Frame(DEVICE, seq, [Sample(start + t, rr) for t, rr in chunk]))
            for seq, (moment, chunk) in enumerate(zip(due, long + short, strict=True), 1)
        ]


def user_id(number: int) -> str:
    """The user id of a number."""
    return f"user-{number:06d}"


def stressed(number: int) -> bool:
    return number % STRESS_EVERY == STRESS_EVERY // 2


@cache
def _synthesised(phases: tuple[Phase, ...], seed: int) -> list[Beat]:
    return synthesise(list(phases), seed)
