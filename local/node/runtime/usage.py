"""Processor time and memory of containers, from /proc: what cgroups tell the kubelet of a real node."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.engines.runtime.process import RECORD_VARIABLE
from local.node.runtime.execution import POD_UID_VARIABLE

Owner = tuple[str, str]
"""UID of a Pod and name of one of its containers."""

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """`cpu_seconds` since the start; it includes children that have ended. `memory_bytes` are resident."""

    cpu_seconds: float
    memory_bytes: int

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_seconds + other.cpu_seconds, self.memory_bytes + other.memory_bytes)


NOTHING = Usage(0.0, 0)


@dataclass(frozen=True)
class ProcessSample:
    """A process of this machine. `start` in clock ticks since boot tells it from a later one with its pid."""

    pid: int
    parent: int
    start: str
    own: Usage
    ended_children: float
    """Seconds of processor time."""

    @property
    def usage(self) -> Usage:
        return Usage(self.own.cpu_seconds + self.ended_children, self.own.memory_bytes)


def parse_stat(text: str) -> ProcessSample:
    """A line of /proc/<pid>/stat. The name of the program, in parentheses, may contain anything."""
    fields = text[text.rindex(")") + 2 :].split()
    seconds = [int(fields[n]) / _TICK for n in (11, 12, 13, 14)]
    own = Usage(seconds[0] + seconds[1], max(0, int(fields[21])) * _PAGE)
    return ProcessSample(int(text.split(" ", 1)[0]), int(fields[1]), fields[19], own, seconds[2] + seconds[3])


def by_container(samples: Iterable[ProcessSample], owners: Mapping[int, Owner]) -> dict[Owner, Usage]:
    """Usage of each container. A process without an owner, because it emptied its environment, has its parent's."""
    processes = {sample.pid: sample for sample in samples}
    result: dict[Owner, Usage] = {}
    for sample in processes.values():
        ancestor, seen = sample, {sample.pid}
        while ancestor.pid not in owners and ancestor.parent in processes and ancestor.parent not in seen:
            ancestor = processes[ancestor.parent]
            seen.add(ancestor.pid)
        owner = owners.get(ancestor.pid)
        if owner is not None:
            result[owner] = result.get(owner, NOTHING) + sample.usage
    return result


class ProcessTable:
    """All processes of this machine, and which containers they belong to."""

    def __init__(self) -> None:
        self._owners: dict[tuple[int, str], Owner | None] = {}

    def containers(self) -> dict[Owner, Usage]:
        """Usage of every container of every node of this machine."""
        samples = [sample for pid in _pids() if (sample := _sample(pid)) is not None]
        # The owner of a process stays. One without is asked again: it may have been about to execute its program.
        self._owners = {key: self._owners.get(key) or _owner(s.pid) for s in samples for key in [(s.pid, s.start)]}
        return by_container(samples, {pid: owner for (pid, _), owner in self._owners.items() if owner is not None})

    def itself(self) -> Usage:
        """Of this process alone: the children of a node are its containers."""
        sample = _sample(os.getpid())
        return sample.own if sample else NOTHING


def _pids() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def _sample(pid: int) -> ProcessSample | None:
    try:
        return parse_stat(Path(f"/proc/{pid}/stat").read_text(errors="replace"))
    except (OSError, ValueError, IndexError):  # it has ended meanwhile
        return None


def _owner(pid: int) -> Owner | None:
    try:
        pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # ended, or of another user
        return None
    values = {name: value for name, _, value in (pair.partition(b"=") for pair in pairs)}
    uid, record = values.get(POD_UID_VARIABLE.encode()), values.get(RECORD_VARIABLE.encode())
    if uid is None or record is None:
        return None
    return uid.decode(errors="replace"), Path(record.decode(errors="replace")).parent.name
