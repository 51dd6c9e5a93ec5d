"""Usage of containers and its rates: pure decisions."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.engines.runtime.process import RECORD_VARIABLE
from local.node.addons.metrics.points import NodePoints, Point, parse, pod_rates, rate
from local.node.resource_metrics import ContainerUsage, exposition
from local.node.runtime.execution import POD_UID_VARIABLE
from local.node.runtime.usage import ProcessSample, ProcessTable, Usage, by_container, parse_stat


def _process(pid: int, parent: int, cpu: float = 1.0) -> ProcessSample:
    return ProcessSample(pid, parent, "0", Usage(cpu, 10), 0.5)


def test_a_program_whose_name_has_parentheses_and_spaces_is_read() -> None:
    fields = " ".join(["S", "7", *["0"] * 9, "300", "200", "60", "40", *["0"] * 4, "999", "0", "5"])
    sample = parse_stat(f"42 (a) b (c)) {fields} 0 0")
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    assert (sample.pid, sample.parent, sample.start) == (42, 7, "999")
    assert sample.own == Usage(500 / tick, 5 * page)
    assert sample.ended_children == 100 / tick


def test_a_process_with_an_empty_environment_belongs_to_its_parents_container() -> None:
    processes = [_process(1, 0), _process(2, 1), _process(3, 2), _process(4, 1), _process(5, 9)]
    owned = by_container(processes, {2: ("pod", "main"), 4: ("pod", "side")})
    assert owned == {("pod", "main"): Usage(3.0, 20), ("pod", "side"): Usage(1.5, 10)}


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 12)), max_size=12), st.sets(st.integers(1, 12)))
def test_no_process_is_counted_twice_whatever_the_tree(links: list[tuple[int, int]], owned: set[int]) -> None:
    processes = [_process(pid, parent) for pid, parent in dict(links).items()]  # cycles too: pids are reused
    usage = by_container(processes, {pid: ("pod", str(pid)) for pid in owned})
    assert sum(one.memory_bytes for one in usage.values()) <= 10 * len(processes)


def test_the_processor_time_of_a_whole_tree_is_found() -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass"
    env = {**os.environ, POD_UID_VARIABLE: "uid-of-usage", RECORD_VARIABLE: "/pods/uid/containers/burner/0.process"}
    script = f"env -i {sys.executable} -c '{code}'; echo done; read -r _"
    with subprocess.Popen(
        ["/bin/sh", "-c", script], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdout is not None
        assert shell.stdout.readline() == "done\n"
        usage = ProcessTable().containers()["uid-of-usage", "burner"]
        shell.communicate("\n")
    assert usage.cpu_seconds > 0.2  # counted in ticks of the clock
    assert usage.memory_bytes > 0


def test_the_metrics_that_a_node_writes_are_read_back() -> None:
    used = [ContainerUsage("ns", "p", name, 100.0, Usage(cpu, 1000)) for name, cpu in (("a", 2.5), ("b", 0.25))]
    points = parse(exposition(used, Usage(1.0, 5000), 200.0))
    assert points == {
        ("ns", "p", "a"): Point(200.0, 2.5, 1000, 100.0),
        ("ns", "p", "b"): Point(200.0, 0.25, 1000, 100.0),
        (): Point(200.0, 3.75, 7000),
    }


@pytest.mark.parametrize(
    ("after", "cores"),
    [
        (Point(110.0, 7.0, 9, 50.0), 0.5),
        (Point(110.0, 2.0, 9, 50.0), 0.0),
        (Point(110.0, 1.0, 9, 50.0), None),  # a detached child ended, its time is nobody's
        (Point(110.0, 7.0, 9, 105.0), None),  # restarted
        (Point(100.0, 7.0, 9, 50.0), None),
    ],
)
def test_a_rate_needs_two_moments_of_one_run(after: Point, cores: float | None) -> None:
    found = rate(Point(100.0, 2.0, 9, 50.0), after)
    assert (found.cores if found else None) == cores


def test_a_pod_has_metrics_once_all_its_containers_have() -> None:
    node = NodePoints()
    one, two, other = ("ns", "p", "one"), ("ns", "p", "two"), ("ns", "q", "one")
    node.add({one: Point(0.0, 0.0, 1), other: Point(0.0, 0.0, 1)})
    node.add({one: Point(1.0, 1.0, 1), two: Point(1.0, 1.0, 1), other: Point(1.0, 1.0, 1)})
    rates = pod_rates([node])
    assert rates["ns", "p"] is None
    assert set(rates["ns", "q"] or {}) == {"one"}
    node.add({one: Point(2.0, 1.0, 1), two: Point(2.0, 1.0, 1)})
    rates = pod_rates([node])
    assert set(rates["ns", "p"] or {}) == {"one", "two"}
    assert ("ns", "q") not in rates
