"""Who streams what: pure, so that the load generators and the comparison with the store agree without talking.

People of a group have the same heart, so a frame is made once for all of them; what a stressed person sends is their
own. Beats are synthesised (local/wearables/beats.py), at rest 75 a minute: ten beats every eight seconds, each frame
due when its last beat has happened.
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
A_GROUP = 30
STRESS_EVERY = 100
"""One in so many people has a stress episode."""
CALM_SECONDS = 185.0
"""Rest before an episode: no event is raised before 180 s of usable beats."""
EPISODE_SECONDS = 95.0
"""What an episode needs to be noticed, with some to spare."""
SPREAD_SECONDS = 20.0
"""Episodes begin within this time."""


@dataclass(frozen=True)
class Crowd:
    """`users` people who stream for `seconds`; the moment of the start is 0."""

    users: int
    seconds: float

    @property
    def groups(self) -> int:
        return -(-self.users // A_GROUP)

    @property
    def history(self) -> float:
        """Seconds of beats that a stressed person's wearable has kept and sends at the start: in a short run an
        episode could not be noticed otherwise."""
        return max(0.0, CALM_SECONDS + EPISODE_SECONDS + SPREAD_SECONDS - self.seconds)

    def members(self, group: int) -> range:
        """Numbers of the people of a group."""
        return range(group * A_GROUP, min(self.users, (group + 1) * A_GROUP))

    def hearts(self, group: int) -> Iterator[tuple[list[int], Heart]]:
        """The hearts of a group, each with the numbers of those who have it."""
        calm = [number for number in self.members(group) if not stressed(number)]
        if calm:
            yield calm, Heart(self, group, group)
        for number in self.members(group):
            if stressed(number):
                yield [number], Heart(self, group, number, upset=True)


@dataclass(frozen=True)
class Heart:
    """A series of beats and the frames it is sent in; the same arguments give the same."""

    crowd: Crowd
    group: int
    seed: int
    upset: bool = False

    @property
    def lag(self) -> float:
        """Seconds after the start at which the first frame is due: groups are spread over the time of a frame."""
        return self.group / self.crowd.groups * FRAME_SECONDS

    def beats(self) -> list[Beat]:
        """Beats, in ms from the start of the run: those of the first frame, and of the history, lie before it."""
        begin, end = self.lag - FRAME_SECONDS, self.crowd.seconds
        phases = (rest(end - begin, HEART_RATE),)
        if self.upset:
            begin -= self.crowd.history
            onset = end - EPISODE_SECONDS - (self.seed // STRESS_EVERY) % SPREAD_SECONDS
            phases = rest(onset - begin, HEART_RATE), stress(end - onset, HEART_RATE)
        return [(t + round(begin * 1000), rr) for t, rr in _synthesised(phases, self.seed) if t < (end - begin) * 1000]

    def frames(self, start: int) -> list[Timed]:
        """Whole frames for a start at `start` (Unix ms), numbered from 1; history comes first, in long ones."""
        beats = self.beats()
        past = sum(t < (self.lag - FRAME_SECONDS) * 1000 for t, _ in beats)
        long = [beats[i : min(past, i + MAX_SAMPLES_A_FRAME)] for i in range(0, past, MAX_SAMPLES_A_FRAME)]
        short = [beats[i : i + BEATS_A_FRAME] for i in range(past, len(beats) - BEATS_A_FRAME + 1, BEATS_A_FRAME)]
        due = [max(0.0, self.lag - 1)] * len(long) + [max(0.0, chunk[-1][0] / 1000) for chunk in short]
        return [
            Timed(moment, Frame(DEVICE, seq, [Sample(start + t, rr) for t, rr in chunk]))
            for seq, (moment, chunk) in enumerate(zip(due, long + short, strict=True), 1)
        ]


def name(number: int) -> str:
    """A person's user id."""
    return f"user-{number:06d}"


def stressed(number: int) -> bool:
    return number % STRESS_EVERY == STRESS_EVERY // 2


@cache
def _synthesised(phases: tuple[Phase, ...], seed: int) -> list[Beat]:
    return synthesise(list(phases), seed)
