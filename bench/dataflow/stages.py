"""The computation without Kafka: person.step on frames, and each stage of it alone on the output of the one before."""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from bench.dataflow.measurement import Measurement, best
from bench.dataflow.population import PACKED, Population
from contracts.records import pack, unpack
from dataflows.biosync.place import BEGINNING
from dataflows.biosync.run import gc_tuning
from dataflows.biosync.signal import order
from dataflows.biosync.signal.cleanse import Cleanser
from dataflows.biosync.signal.drops import Drops
from dataflows.biosync.signal.hrv import RollingWindows
from dataflows.biosync.signal.movement import Movement
from dataflows.biosync.signal.order import DeviceState
from dataflows.biosync.signal.partition import PartitionState, Record
from dataflows.biosync.signal.person import Person
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.stress import StressDetector
from dataflows.biosync.state.log import StateLog
from dataflows.biosync.state.manifest import encode_segment, parts

RULES = Rules()
DROPS = Drops()
_PARTITIONS = 12
_BATCH_SIZE = 20
"""Records a stage processes at a time: few enough that its input is still in the cache, as it is in the flow."""
_PASSES = 3
_T = TypeVar("_T")


def stages(population: Population) -> list[Measurement]:
    """The computation, and its stages in the order of the flow."""
    values = [value for _, value in population.packed(_PARTITIONS)]
    whole = min(_core(values) for _ in range(_PASSES))
    passes = [_pass(values) for _ in range(_PASSES)]
    return [
        Measurement("pure core (person.step)", population.beats, whole, goal=750_000),
        *(Measurement(f"  {name}", population.beats, min(one[name] for one in passes)) for name in passes[0]),
    ]


def _core(values: list[bytes]) -> float:
    """CPU seconds of person.step; in a pass of its own: the stages' states would evict the persons from the cache."""
    gc_tuning.tune()
    spent = 0.0
    persons = _States(Person)
    for at in range(0, len(values), _BATCH_SIZE):
        frames = [frame for value in values[at : at + _BATCH_SIZE] for frame in unpack(value)]
        began = time.process_time()
        for frame in frames:
            persons[frame.user].step(frame, RULES, DROPS)
        spent += time.process_time() - began
    return spent


def _pass(values: list[bytes]) -> dict[str, float]:
    """CPU seconds by stage."""
    gc_tuning.tune()
    spent: dict[str, float] = defaultdict(float)
    devices: dict[str, DeviceState] = {}
    cleansers, rollings, detectors = _States(Cleanser), _States(RollingWindows), _States(StressDetector)
    movements = _States(Movement)

    def timed(name: str, work: Callable[[], list[_T]]) -> list[_T]:
        began = time.process_time()
        result = work()
        spent[name] += time.process_time() - began
        return result

    def ordered() -> list[None]:
        for frame in frames:
            if (device := devices.get(frame.user)) is None:
                devices[frame.user] = order.new_device(frame, RULES.cleanse)
            else:
                order.release(device, frame, RULES.cleanse)
        return []

    def evaluated() -> list[None]:
        for user, windows in closed:
            for now, window, count, usable, of_a_heart in windows:
                if usable:
                    detectors[user].evaluate(window, now, of_a_heart, count, usable, movements[user], RULES.stress)
        return []

    for at in range(0, len(values), _BATCH_SIZE):
        chunk = values[at : at + _BATCH_SIZE]
        frames = timed("unpack", lambda chunk=chunk: [frame for value in chunk for frame in unpack(value)])
        timed("order", ordered)
        beats = timed(
            "cleanse",
            lambda frames=frames: [
                (f.user, cleansers[f.user].cleanse(f.t, f.rr, RULES.cleanse, DROPS)) for f in frames
            ],
        )
        closed = timed(
            "hrv",
            lambda beats=beats: [
                (user, rollings[user].add(usable, RULES.hrv.window, RULES.hrv.every)) for user, usable in beats
            ],
        )
        timed("stress", evaluated)
    return spent


class _States(dict[str, _T]):
    """State by user, created on first access."""

    def __init__(self, create: Callable[[], _T]) -> None:
        super().__init__()
        self._create = create

    def __missing__(self, user: str) -> _T:
        state = self[user] = self._create()
        return state


def partition_states(population: Population) -> Iterator[Measurement]:
    """Partition states with their snapshots, as in a worker: live with one record a step and a snapshot each second, in
    bulk with all records of a fetch and a snapshot each ten seconds' worth; then the state log alone."""
    second, packed, at = population.people // 8, population.packed(_PARTITIONS), _newest(population)
    yield best("unpack to snapshots, live", population.beats, lambda: _with_snapshots(packed, at, second, 1))
    yield best("unpack to snapshots, in bulk", population.beats, lambda: _with_snapshots(packed, at, 10 * second, 64))
    state = PartitionState("raw", 0, RULES, {})
    state.step([(0, _newest(population), pack(population.frames[: population.people]))])
    states = [(user, encoded) for user, encoded in state.changes().items() if encoded is not None]
    seconds = [dict(states[at : at + second]) for at in range(0, len(states), second)]

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            log = StateLog(Path(folder))
            log.reset()
            for _ in range(population.rounds):
                for changes in seconds:
                    log.append(0, BEGINNING, changes, b"", state.state)
            log.close()

    yield best("  state log", population.beats, work)


def snapshot_bytes(population: Population) -> float:
    """Bytes a person of a snapshot's segments (state/manifest.py), which has everybody: one is taken each minute."""
    state = PartitionState("raw", 0, RULES, {})
    state.step([(0, _newest(population), pack(population.frames))])
    changes = state.changes()
    return sum(len(encode_segment(part)) for part in parts(changes)) / len(changes)


def _newest(population: Population) -> int:
    return max(frame.received for frame in population.frames)


def _with_snapshots(packed: list[tuple[int, bytes]], at: int, between: int, at_once: int) -> None:
    """Snapshots after every `between` frames; at most `at_once` records, of the time `at`, of a partition in a step."""
    with tempfile.TemporaryDirectory() as folder:
        states = {partition: PartitionState("raw", partition, RULES, {}) for partition in range(_PARTITIONS)}
        logs = {partition: StateLog(Path(folder) / str(partition)) for partition in range(_PARTITIONS)}
        for log in logs.values():
            log.reset()
        records = enumerate(packed)
        while chunk := list(islice(records, max(1, between // PACKED))):
            batches: dict[int, list[Record]] = defaultdict(list)
            for offset, (partition, value) in chunk:
                batches[partition].append((offset, at, value))
                if len(batches[partition]) == at_once:
                    states[partition].step(batches.pop(partition))
            for partition, batch in batches.items():
                states[partition].step(batch)
            for partition, state in states.items():
                logs[partition].append(0, BEGINNING, state.changes(), b"", state.state)
        for log in logs.values():
            log.close()
