"""Recordings with stress labels (the Stress-Predict layout), and the scoring of a detector's events on them."""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from contracts.visible import visible
from local.wearables.motion import Moved, read_motion
from local.wearables.recording import InvalidRecording, read_recording, read_text

GRACE = 60
"""Seconds after an episode in which an event still counts for it: a detector needs evidence before it raises one."""
MONITORED_BEATS = 15
MONITORED_WINDOW = 60
MIN_MONITORED = 60
MIN_BEFORE = 180


@dataclass(frozen=True)
class Episode:
    """A labelled stress task in Unix seconds, [start, end + GRACE). `evaluable`: enough beats in it and before it."""

    start: int
    end: int
    evaluable: bool


@dataclass(frozen=True)
class Recording:
    """One person's hour: beats (Unix ms, ms) within the labelled span, episodes, and monitored hours outside them."""

    name: str
    beats: list[tuple[int, float]]
    episodes: list[Episode]
    calm_hours: float
    motion: list[Moved]
    kind: str
    """The name of the data set's folder."""

    @property
    def person(self) -> str:
        """The same in each recording of a person; data sets name theirs apart."""
        group = "" if self.kind == "stress-predict" else "wise"
        return f"{group}{self.name.partition('_')[0]}"


@dataclass(frozen=True)
class Score:
    """Hits and the number of evaluable episodes, false alarms and the number of monitored calm hours."""

    hits: int
    episodes: int
    alarms: int
    hours: float
    latencies: tuple[float, ...] = ()
    """Seconds from the start of each episode that was found to its first event."""

    def __add__(self, other: Score) -> Score:
        return Score(
            self.hits + other.hits,
            self.episodes + other.episodes,
            self.alarms + other.alarms,
            self.hours + other.hours,
            self.latencies + other.latencies,
        )

    @property
    def recall(self) -> float:
        return self.hits / self.episodes if self.episodes else 0.0

    @property
    def alarms_an_hour(self) -> float:
        return self.alarms / self.hours if self.hours else 0.0


ZERO = Score(0, 0, 0, 0.0)


def read(folder: Path) -> Recording:
    """The recording in `folder` (IBI.csv, labels.csv); raises InvalidRecording."""
    labels = _labels(folder / "labels.csv")
    first, last = labels[0][0], labels[-1][1]
    beats = [beat for beat in read_recording(folder) if first * 1000 <= beat[0] < last * 1000]
    if not beats:
        raise InvalidRecording(f"{folder} has no beat in the time of its labels, {first} to {last} in Unix seconds")
    moments = [t / 1000 for t, rr in beats if 300 <= rr <= 2000]
    monitored = [
        bisect_right(moments, s) - bisect_right(moments, s - MONITORED_WINDOW) >= MONITORED_BEATS
        for s in range(first, last)
    ]
    episodes: list[Episode] = []
    calm = list(monitored)
    for start, end, label in labels:
        if label != 1:
            continue
        within = sum(monitored[start - first : end + GRACE - first])
        before = sum(monitored[: start - first])
        episodes.append(Episode(start, end + GRACE, within >= MIN_MONITORED and before >= MIN_BEFORE))
        for s in range(start, min(end + GRACE, last)):
            calm[s - first] = False
    motion = [sample for sample in read_motion(folder) if first * 1000 <= sample[0] < last * 1000]
    return Recording(folder.name, beats, episodes, sum(calm) / 3600, motion, folder.parent.name)


def _labels(file: Path) -> list[tuple[int, int, int]]:
    """Start and end in Unix seconds and the label of each task, after a line of headings."""
    form = "expected a line of headings, then `start,end,label` in Unix seconds"
    labels: list[tuple[int, int, int]] = []
    for number, row in enumerate(csv.reader(read_text(file).splitlines()), 1):
        if number == 1 or not row:
            continue
        try:
            start, end, label = row
            labels.append((int(float(start)), int(float(end)), int(label)))
        except ValueError:
            raise InvalidRecording(f"{file}, line {number}: {visible(','.join(row))}; {form}") from None
    if not labels:
        raise InvalidRecording(f"{file} has no label; {form}")
    return labels


def score(recording: Recording, events: list[float]) -> Score:
    """Count events (Unix seconds): recall over evaluable episodes, false alarms outside every episode."""
    evaluable = [episode for episode in recording.episodes if episode.evaluable]
    found = [[t - e.start for t in events if e.start <= t < e.end] for e in evaluable]
    latencies = tuple(min(each) for each in found if each)
    alarms = sum(not any(e.start <= t < e.end for e in recording.episodes) for t in events)
    return Score(len(latencies), len(evaluable), alarms, recording.calm_hours, latencies)
