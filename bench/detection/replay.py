"""A recording's windows, computed once, and what the detector makes of them at any threshold."""

from __future__ import annotations

from bench.detection.recordings import Recording
from dataflows.biosync.signal.cleanse import Cleanser
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import ClosedWindow, RollingWindows
from dataflows.biosync.signal.movement import Movement
from dataflows.biosync.signal.rules import Rules, StressRules
from dataflows.biosync.signal.stress import StressDetector


def closed_windows(recording: Recording) -> list[ClosedWindow]:
    """The windows of the recording's beats, each received at its own time."""
    rules, cleanser, rolling = Rules(), Cleanser(), RollingWindows()
    closed: list[ClosedWindow] = []
    for t, rr in recording.beats:
        beats = cleanser.cleanse([t], [rr], rules.cleanse, Drops())
        closed += rolling.add(beats, rules.hrv.window, rules.hrv.every)
    return closed


def events(recording: Recording, closed: list[ClosedWindow], rules: StressRules, moved: bool) -> list[float]:
    """Unix seconds of the events, with the recording's movement or without."""
    detector, movement = StressDetector(), Movement()
    samples = recording.motion if moved else []
    at = 0
    raised: list[float] = []
    for now, window, count, usable, of_a_heart in closed:
        while at < len(samples) and samples[at][0] <= now:
            movement.add(*samples[at])
            at += 1
        if usable and detector.evaluate(window, now, of_a_heart, count, usable, movement, rules) is not None:
            raised.append(now / 1000)
    return raised
