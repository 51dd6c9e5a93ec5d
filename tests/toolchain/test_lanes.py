"""Jobs run in an order that respects lanes and needs, and one failure stops only what depends on it."""

from __future__ import annotations

from threading import Barrier, Lock

from hypothesis import given
from hypothesis import strategies as st

from local.toolchain.catalog import TOOLS
from local.toolchain.provision.lanes import Job, NeedFailed, run


def nothing() -> None:
    pass


def failing() -> None:
    raise OSError("broken")


def test_lanes_run_side_by_side() -> None:
    meeting = Barrier(2, timeout=20)  # breaks unless both jobs are under way at the same time

    def meet() -> None:
        meeting.wait()

    assert run([Job("a", "one", (), meet), Job("b", "two", (), meet)]) == {"a": None, "b": None}


def test_a_failure_stops_what_needs_it_and_nothing_else() -> None:
    ends = run(
        [
            Job("broken", "one", (), failing),
            Job("behind it in its lane", "one", (), nothing),
            Job("dependent", "two", ("broken",), nothing),
            Job("dependent of the dependent", "three", ("dependent",), nothing),
            Job("independent", "two", (), nothing),
        ]
    )
    assert isinstance(ends["broken"], OSError)
    assert isinstance(ends["dependent"], NeedFailed)
    assert isinstance(ends["dependent of the dependent"], NeedFailed)
    assert ends["behind it in its lane"] is None
    assert ends["independent"] is None


def test_a_need_that_is_no_job_counts_as_done() -> None:
    assert run([Job("a", "one", ("installed already",), nothing)]) == {"a": None}


@given(st.data())
def test_every_job_runs_once_after_what_it_needs_and_in_the_order_of_its_lane(data: st.DataObject) -> None:
    count = data.draw(st.integers(0, 8))
    order: list[str] = []
    lock = Lock()

    def job(number: int) -> Job:
        def work() -> None:
            with lock:
                order.append(str(number))

        needs = data.draw(st.sets(st.integers(0, number - 1))) if number else set[int]()
        lane = data.draw(st.sampled_from(["one", "two", "three"]))
        return Job(str(number), lane, tuple(map(str, needs)), work)

    jobs = [job(number) for number in range(count)]
    assert run(jobs) == {job.name: None for job in jobs}
    assert sorted(order) == sorted(job.name for job in jobs)
    for job_ in jobs:
        before = set(order[: order.index(job_.name)])
        assert before >= set(job_.needs)
        assert before >= {other.name for other in jobs[: jobs.index(job_)] if other.lane == job_.lane}


def test_no_tool_needs_a_later_one_of_its_own_lane() -> None:
    """Which would wait for ever."""
    for position, tool in enumerate(TOOLS):
        later = {other.name for other in TOOLS[position:] if other.lane == tool.lane}
        assert later.isdisjoint(tool.needs), tool.name
