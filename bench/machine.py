"""The machine on which a benchmark runs."""

from __future__ import annotations

import platform
from pathlib import Path

import psutil


def describe() -> str:
    """Processor, cores, memory, kernel."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    memory = psutil.virtual_memory().total / (1 << 30)
    return f"{model}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"
