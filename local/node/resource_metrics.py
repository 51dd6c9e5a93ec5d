"""The answer of a kubelet's /metrics/resource, in the text format of Prometheus. No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local.node.runtime.usage import Usage


@dataclass(frozen=True)
class ContainerUsage:
    """A running container, since `started_at` in Unix seconds."""

    namespace: str
    pod: str
    container: str
    started_at: float
    usage: Usage


def exposition(containers: Iterable[ContainerUsage], node: Usage, now: float) -> str:
    """Counters at `now`, Unix seconds. `node` is what the node itself uses, without its containers."""
    moment = round(now * 1000)
    start: list[str] = []
    cpu: list[str] = []
    memory: list[str] = []
    total = node
    for one in containers:
        labels = f'{{container="{one.container}",namespace="{one.namespace}",pod="{one.pod}"}}'
        start.append(f"container_start_time_seconds{labels} {one.started_at:.3f} {moment}")
        cpu.append(f"container_cpu_usage_seconds_total{labels} {one.usage.cpu_seconds:.3f} {moment}")
        memory.append(f"container_memory_working_set_bytes{labels} {one.usage.memory_bytes} {moment}")
        total += one.usage
    lines = [
        *("# TYPE container_cpu_usage_seconds_total counter", *cpu),
        *("# TYPE container_memory_working_set_bytes gauge", *memory),
        *("# TYPE container_start_time_seconds gauge", *start),
        "# TYPE node_cpu_usage_seconds_total counter",
        f"node_cpu_usage_seconds_total {total.cpu_seconds:.3f} {moment}",
        "# TYPE node_memory_working_set_bytes gauge",
        f"node_memory_working_set_bytes {total.memory_bytes} {moment}",
    ]
    return "\n".join(lines) + "\n"
