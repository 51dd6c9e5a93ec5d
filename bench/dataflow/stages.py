"""The computation without Kafka: person.step on frames, and each stage of it alone on what the one before gave."""

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
from dataflows.biosync.run.gc import tune
from dataflows.biosync.signal import order
from dataflows.biosync.signal.cleanse import Cleanser
from dataflows.biosync.signal.hrv import RollingWindows
from dataflows.biosync.signal.order import DeviceState
from dataflows.biosync.signal.partition import PartitionState, Record
from dataflows.biosync.signal.person import Person
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.signal.stress import StressDetector
from dataflows.biosync.state.log import StateLog

RULES = Rules()
_PARTITIONS = 12
_AT_ONCE = 20
"""Records a stage is given at a time: few enough that its input is still in the cache, as it is in the flow."""
_PASSES = 3
_T = TypeVar("_T")


def stages(crowd: Population) -> list[Measurement]:
    """The core, and its stages in the order of the flow."""
    values = [value for _, value in crowd.packed(_PARTITIONS)]
    whole = min(_core(values) for _ in range(_PASSES))
    passes = [_pass(values) for _ in range(_PASSES)]
    return [
        Measurement("pure core (person.step)", crowd.beats, whole, goal=750_000),
        *(Measurement(f"  {name}", crowd.beats, min(one[name] for one in passes)) for name in passes[0]),
    ]


def _core(values: list[bytes]) -> float:
    """CPU seconds of person.step; in a pass of its own: the stages' states would push people out of the cache."""
    tune()
    spent = 0.0
    persons = _Known(Person)
    for at in range(0, len(values), _AT_ONCE):
        frames = [frame for value in values[at : at + _AT_ONCE] for frame in unpack(value)]
        began = time.process_time()
        for frame in frames:
            persons[frame.user].step(frame, RULES)
        spent += time.process_time() - began
    return spent


def _pass(values: list[bytes]) -> dict[str, float]:
    """CPU seconds by stage."""
    tune()
    spent: dict[str, float] = defaultdict(float)
    devices: dict[str, DeviceState] = {}
    cleansers, rollings, stresses = _Known(Cleanser), _Known(RollingWindows), _Known(StressDetector)

    def timed(name: str, work: Callable[[], list[_T]]) -> list[_T]:
        began = time.process_time()
        given = work()
        spent[name] += time.process_time() - began
        return given

    def ordered() -> list[None]:
        for frame in frames:
            if (device := devices.get(frame.user)) is None:
                devices[frame.user] = order.new_device(frame)
            else:
                order.release(device, frame)
        return []

    def judged() -> list[None]:
        for user, closed in closings:
            for now, window, fresh in closed:
                if fresh:
                    stresses[user].evaluate(window, now, fresh, RULES.stress)
        return []

    for at in range(0, len(values), _AT_ONCE):
        some = values[at : at + _AT_ONCE]
        frames = timed("unpack", lambda some=some: [frame for value in some for frame in unpack(value)])
        timed("order", ordered)
        beats = timed(
            "cleanse",
            lambda frames=frames: [
                (f.user, cleansers[f.user].cleanse(zip(f.t, f.rr, strict=True), RULES.cleanse)) for f in frames
            ],
        )
        closings = timed(
            "hrv",
            lambda beats=beats: [
                (user, rollings[user].add(theirs, RULES.hrv.window, RULES.hrv.every)) for user, theirs in beats
            ],
        )
        timed("stress", judged)
    return spent


class _Known(dict[str, _T]):
    """State by user, made at the first look."""

    def __init__(self, make: Callable[[], _T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, user: str) -> _T:
        made = self[user] = self._make()
        return made


def people(crowd: Population) -> Iterator[Measurement]:
    """Everyone's state with its snapshots, as a worker has it: live a record at a time and a snapshot each second, in
    bulk all that a fetch gives and a snapshot each ten seconds' worth; then the state log alone."""
    second, packed = crowd.people // 8, crowd.packed(_PARTITIONS)
    yield best("unpack to snapshots, live", crowd.beats, lambda: _people(packed, second, 1))
    yield best("unpack to snapshots, in bulk", crowd.beats, lambda: _people(packed, 10 * second, 64))
    everyone = PartitionState("raw", 0, RULES, {})
    everyone.step([(0, pack(crowd.frames[: crowd.people]))])
    states = [(user, state) for user, state in everyone.changes().items() if state is not None]
    seconds = [dict(states[at : at + second]) for at in range(0, len(states), second)]

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            log = StateLog(Path(folder), None)
            for _ in range(crowd.rounds):
                for changes in seconds:
                    log.append(changes, everyone.state)
            log.close()

    yield best("  state log", crowd.beats, work)


def _people(packed: list[tuple[int, bytes]], between: int, at_once: int) -> None:
    """Snapshots after every `between` frames; at most `at_once` records of a partition in one step."""
    with tempfile.TemporaryDirectory() as folder:
        everyone = {partition: PartitionState("raw", partition, RULES, {}) for partition in range(_PARTITIONS)}
        logs = {partition: StateLog(Path(folder) / str(partition), None) for partition in range(_PARTITIONS)}
        records = enumerate(packed)
        while some := list(islice(records, max(1, between // PACKED))):
            batches: dict[int, list[Record]] = defaultdict(list)
            for offset, (partition, value) in some:
                batches[partition].append((offset, value))
                if len(batches[partition]) == at_once:
                    everyone[partition].step(batches.pop(partition))
            for partition, batch in batches.items():
                everyone[partition].step(batch)
            for partition, theirs in everyone.items():
                logs[partition].append(theirs.changes(), theirs.state)
        for log in logs.values():
            log.close()
