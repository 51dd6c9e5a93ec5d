"""Processor time and memory of the processes, as the kernel counts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Usage:
    """CPU seconds since the process began and resident MiB, by name; `busy`: CPU seconds of the whole machine."""

    cpu: dict[str, float]
    mib: dict[str, float]
    busy: float

    def since(self, before: Usage) -> dict[str, float]:
        """CPU seconds between two moments; a process started in between counts from its start."""
        spent = {name: seconds - before.cpu.get(name, 0.0) for name, seconds in self.cpu.items()}
        return {name: seconds if seconds >= 0 else self.cpu[name] for name, seconds in spent.items()}


def measure(processes: Mapping[str, Sequence[int]]) -> Usage:
    """`processes`: pids by name; those of their children count with them."""
    cpu: dict[str, float] = {}
    mib: dict[str, float] = {}
    for name, pids in processes.items():
        cpu[name] = mib[name] = 0.0
        for pid in pids:
            for member in _family(pid):
                try:
                    times, memory = member.cpu_times(), member.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                # What children that have ended took is in the fields of their parent.
                cpu[name] += times.user + times.system + times.children_user + times.children_system
                mib[name] += memory / (1 << 20)
    total = psutil.cpu_times()
    return Usage(cpu, mib, sum(total) - total.idle - total.iowait - total.guest - total.guest_nice)


def _family(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
