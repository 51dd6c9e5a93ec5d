"""Work in lanes: side by side between lanes, in order within one, and no job before those it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """`work` raises when it fails. `needs` names jobs; a name that is not among the jobs counts as done."""

    name: str
    lane: str
    needs: tuple[str, ...]
    work: Callable[[], None]


class NeedFailed(RuntimeError):
    """A job was not started because one that it needs failed; the message names that one."""


def run(jobs: Sequence[Job]) -> dict[str, BaseException | None]:
    """Runs all jobs, and goes on with the others when one fails. Gives what each raised, by name.

    A job must not need one that comes after it in its own lane: they would wait for each other for ever.
    """
    if not jobs:
        return {}
    ends: dict[str, Future[None]] = {job.name: Future() for job in jobs}
    lanes = list(dict.fromkeys(job.lane for job in jobs))
    with ThreadPoolExecutor(len(lanes), "lane") as pool:
        wait([pool.submit(_lane, [job for job in jobs if job.lane == lane], ends) for lane in lanes])
    return {name: end.exception() for name, end in ends.items()}


def _lane(jobs: Sequence[Job], ends: dict[str, Future[None]]) -> None:
    for job in jobs:
        try:
            for need in job.needs:
                if need in ends and ends[need].exception() is not None:
                    raise NeedFailed(need)
            job.work()
        except Exception as error:
            ends[job.name].set_exception(error)
        else:
            ends[job.name].set_result(None)
