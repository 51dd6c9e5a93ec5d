"""CPU time and memory of the processes, from the kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Usage:
    """CPU seconds since each process began and resident MiB, by name; `machine_seconds`: of the whole machine."""

    cpu: dict[str, float]
    mib: dict[str, float]
    machine_seconds: float

    def since(self, before: Usage) -> dict[str, float]:
        """CPU seconds between two moments; a process started in between counts from its start."""
        spent = {name: seconds - before.cpu.get(name, 0.0) for name, seconds in self.cpu.items()}
        return {name: seconds if seconds >= 0 else self.cpu[name] for name, seconds in spent.items()}


def measure(processes: Mapping[str, Sequence[int]]) -> Usage:
    """`processes`: pids by name; their children are included."""
    cpu: dict[str, float] = {}
    mib: dict[str, float] = {}
    for name, pids in processes.items():
        cpu[name] = mib[name] = 0.0
        for pid in pids:
            for member in _process_tree(pid):
                try:
                    times, memory = member.cpu_times(), member.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
                # The CPU time of ended children is in their parent's fields.
                cpu[name] += times.user + times.system + times.children_user + times.children_system
                mib[name] += memory / (1 << 20)
    total = psutil.cpu_times()
    return Usage(cpu, mib, sum(total) - total.idle - total.iowait - total.guest - total.guest_nice)


def waited(pid: int) -> float:
    """Seconds in which threads of the process could run and had no core: the second field of schedstat, in ns
    (https://docs.kernel.org/scheduler/sched-stats.html). Much of it says that others have the machine."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[1]) for task in tasks) / 1e9


def _process_tree(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
