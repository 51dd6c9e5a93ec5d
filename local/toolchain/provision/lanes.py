"""Work in lanes: side by side between lanes, in order within one, and no job before those it needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Thread


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
    ends: dict[str, Future[None]] = {job.name: Future() for job in jobs}
    for lane in dict.fromkeys(job.lane for job in jobs):
        # Daemons: an interrupt must end the program now, not after the jobs.
        Thread(target=_lane, args=([job for job in jobs if job.lane == lane], ends), name=lane, daemon=True).start()
    wait(ends.values())
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
