"""Jobs run in the order of lanes and needs, and a failure stops only the jobs that depend on it."""

from __future__ import annotations

from threading import Barrier, Lock

from hypothesis import given
from hypothesis import strategies as st

from local.toolchain.catalog import TOOLS
from local.toolchain.provision.lanes import DependencyFailed, Job, run


def nothing() -> None:
    pass


def failing() -> None:
    raise OSError("broken")


def test_lanes_run_in_parallel() -> None:
    meeting = Barrier(2, timeout=20)  # breaks unless both jobs run at the same time

    def meet() -> None:
        meeting.wait()

    assert run([Job("a", "one", (), meet), Job("b", "two", (), meet)]) == {"a": None, "b": None}


def test_a_failure_stops_only_the_jobs_that_need_it() -> None:
    results = run(
        [
            Job("broken", "one", (), failing),
            Job("behind it in its lane", "one", (), nothing),
            Job("dependent", "two", ("broken",), nothing),
            Job("dependent of the dependent", "three", ("dependent",), nothing),
            Job("independent", "two", (), nothing),
        ]
    )
    assert isinstance(results["broken"], OSError)
    assert isinstance(results["dependent"], DependencyFailed)
    assert isinstance(results["dependent of the dependent"], DependencyFailed)
    assert results["behind it in its lane"] is None
    assert results["independent"] is None


def test_a_need_without_a_job_counts_as_done() -> None:
    assert run([Job("a", "one", ("installed already",), nothing)]) == {"a": None}


@given(st.data())
def test_every_job_runs_once_after_its_needs_and_in_the_order_of_its_lane(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 8))
    order: list[str] = []
    lock = Lock()

    def job(number: int) -> Job:
        def action() -> None:
            with lock:
                order.append(str(number))

        needs = data.draw(st.sets(st.integers(0, number - 1))) if number else set[int]()
        lane = data.draw(st.sampled_from(["one", "two", "three"]))
        return Job(str(number), lane, tuple(map(str, needs)), action)

    jobs = [job(number) for number in range(count)]
    assert run(jobs) == {job.name: None for job in jobs}
    assert sorted(order) == sorted(job.name for job in jobs)
    for job_ in jobs:
        before = set(order[: order.index(job_.name)])
        assert before >= set(job_.needs)
        assert before >= {other.name for other in jobs[: jobs.index(job_)] if other.lane == job_.lane}


def test_no_tool_needs_a_later_one_of_its_own_lane() -> None:
    """That would be a deadlock."""
    for position, tool in enumerate(TOOLS):
        later = {other.name for other in TOOLS[position:] if other.lane == tool.lane}
        assert later.isdisjoint(tool.needs), tool.name
