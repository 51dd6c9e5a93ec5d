"""The computation without Kafka: person.step on frames, and each stage of it alone on what the one before gave."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.dataflow.crowd import PACKED, Crowd
from bench.dataflow.measured import Measured, best
from contracts.records import StoredFrame, pack, unpack
from dataflows.biosync import order
from dataflows.biosync.cleanse import Beat, Cleanser
from dataflows.biosync.hrv import Closing, Rolling
from dataflows.biosync.order import Device
from dataflows.biosync.people import People
from dataflows.biosync.person import Person
from dataflows.biosync.rules import Rules
from dataflows.biosync.statelog import StateLog
from dataflows.biosync.stress import Stress

RULES = Rules()
_PARTITIONS = 12


def core(crowd: Crowd) -> Measured:
    """Frames in, windows and events out."""

    def work() -> None:
        people: dict[str, Person] = {}
        for frame in crowd.frames:
            person = people.get(frame.user)
            if person is None:
                person = people[frame.user] = Person()
            person.step(frame, RULES)

    return best("pure core (person.step)", crowd.beats, work, goal=750_000)


def stages(crowd: Crowd) -> Iterator[Measured]:
    """Each stage, in the order of the flow."""
    records = [pack(frames) for _, frames in crowd.records(_PARTITIONS)]
    yield best("  unpack", crowd.beats, lambda: [unpack(record) for record in records])
    yield best("  order", crowd.beats, lambda: _order(crowd.frames))
    yield best("  cleanse", crowd.beats, lambda: _cleanse(crowd.frames))
    usable = _cleanse(crowd.frames)
    yield best("  hrv", crowd.beats, lambda: _hrv(usable))
    closings = _hrv(usable)
    yield best("  stress", crowd.beats, lambda: _stress(closings))


def live_and_bulk(crowd: Crowd) -> Iterator[Measured]:
    """Everyone's state with its snapshots, as a worker has it: a snapshot after each second's frames, or after all."""
    second, packed = crowd.people // 8, crowd.packed(_PARTITIONS)
    yield best("people and snapshots, live", crowd.beats, lambda: _people(packed, second), 2)
    yield best("people and snapshots, in bulk", crowd.beats, lambda: _people(packed, len(crowd.frames)), 2)


def snapshots(crowd: Crowd) -> Measured:
    """The state log alone: each second the states of those who sent in it."""
    everyone = People("raw", 0, RULES, {})
    everyone.step([(0, pack(crowd.frames[: crowd.people]))])
    states = [(user, state) for user, state in everyone.changes().items() if state is not None]
    seconds = [dict(states[at : at + crowd.people // 8]) for at in range(0, len(states), crowd.people // 8)]

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            log = StateLog(Path(folder), None)
            for _ in range(crowd.rounds):
                for changes in seconds:
                    log.append(changes, everyone.state)
            log.close()

    return best("  state log", crowd.beats, work)


def _order(frames: list[StoredFrame]) -> None:
    devices: dict[str, Device] = {}
    for frame in frames:
        device = devices.get(frame.user)
        if device is None:
            devices[frame.user] = order.first(frame)
        else:
            order.release(device, frame)


def _cleanse(frames: list[StoredFrame]) -> list[tuple[str, list[Beat]]]:
    people: dict[str, Cleanser] = {}
    usable: list[tuple[str, list[Beat]]] = []
    for frame in frames:
        person = people.get(frame.user)
        if person is None:
            person = people[frame.user] = Cleanser()
        usable.append((frame.user, person.usable(zip(frame.t, frame.rr, strict=True), RULES.cleanse)))
    return usable


def _hrv(usable: list[tuple[str, list[Beat]]]) -> list[tuple[str, list[Closing]]]:
    people: dict[str, Rolling] = {}
    closings: list[tuple[str, list[Closing]]] = []
    for user, beats in usable:
        person = people.get(user)
        if person is None:
            person = people[user] = Rolling()
        closings.append((user, person.add(beats, RULES.hrv.window, RULES.hrv.every)))
    return closings


def _stress(closings: list[tuple[str, list[Closing]]]) -> None:
    people: dict[str, Stress] = {}
    for user, closed in closings:
        person = people.get(user)
        if person is None:
            person = people[user] = Stress()
        for now, window, usable in closed:
            if usable:
                person.judge(window, now, usable, RULES.stress)


def _people(packed: list[tuple[int, bytes]], between: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        everyone = {partition: People("raw", partition, RULES, {}) for partition in range(_PARTITIONS)}
        logs = {partition: StateLog(Path(folder) / str(partition), None) for partition in range(_PARTITIONS)}
        records = enumerate(packed)
        each = max(1, between // PACKED)
        while some := list(islice(records, each)):
            for offset, (partition, value) in some:
                everyone[partition].step([(offset, value)])
            for partition, people in everyone.items():
                logs[partition].append(people.changes(), people.state)
        for log in logs.values():
            log.close()
