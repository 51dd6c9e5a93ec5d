"""Runs jobs in lanes: lanes run in parallel, the jobs of a lane in order, and each job after the jobs it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread


@dataclass(frozen=True)
class Job:
    """`action` raises when it fails. `needs` are names of jobs; a name without a job counts as done."""

    name: str
    lane: str
    needs: tuple[str, ...]
    action: Callable[[], None]


class DependencyFailed(RuntimeError):
    """A job was not started because a job it needs failed; the message is the name of that job."""


def run(jobs: Sequence[Job]) -> dict[str, BaseException | None]:
    """Runs all jobs; a failure stops only the jobs that need the failed one. Returns what each raised, by name.

    A job must not need a later job of its own lane: that would be a deadlock.
    """
    results: dict[str, Future[None]] = {job.name: Future() for job in jobs}
    for lane in dict.fromkeys(job.lane for job in jobs):
        # Daemon threads: an interrupt ends the program without waiting for the jobs.
        Thread(target=_lane, args=([job for job in jobs if job.lane == lane], results), name=lane, daemon=True).start()
    wait(results.values())
    return {name: result.exception() for name, result in results.items()}


def _lane(jobs: Sequence[Job], results: dict[str, Future[None]]) -> None:
    for job in jobs:
        try:
            for need in job.needs:
                if need in results and results[need].exception() is not None:
                    raise DependencyFailed(need)
            job.action()
        except Exception as error:
            results[job.name].set_exception(error)
        else:
            results[job.name].set_result(None)
