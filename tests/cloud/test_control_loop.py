"""The control loop: every backing is reconciled, none twice at once, and a failure delays only itself."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.cloud.context import CloudContext
from local.cloud.control_loop import MAX_BACKOFF_SECONDS, ControlLoop, backoff_after
from local.cloud.service.base import Backing, Service
from local.engines.runtime.process import EngineFailed
from local.loss import model
from local.site import Site
from tests.fixtures.waiting import until


class StubBacking:
    status = "available"

    def __init__(self, key: str, failures: int = 0) -> None:
        self.key = key
        self.failures = failures
        self.reconciled = 0
        self.at_once = 0
        self.gate = threading.Event()
        self.gate.set()

    def running(self) -> bool:
        return True

    def reconcile(self) -> None:
        self.at_once += 1
        assert self.at_once == 1
        self.gate.wait(10)
        self.reconciled += 1
        self.at_once -= 1
        if self.reconciled <= self.failures:
            raise EngineFailed("not yet")

    def stop(self) -> None: ...


class StubService(Service[None]):
    name = "rds"

    def __init__(self, context: CloudContext, known: list[StubBacking]) -> None:
        super().__init__(context)
        self.known = known

    def new_state(self, region: str) -> None: ...

    def backings(self) -> list[Backing]:
        return list(self.known)


def running_loop(tmp_path: Path, *known: StubBacking) -> ControlLoop:
    context = CloudContext(Site(tmp_path))
    services: list[Service[Any]] = [StubService(context, list(known))]
    return ControlLoop(context, services, save=lambda: None)


def test_slow_backing_is_not_reconciled_twice_at_once_and_delays_no_other(tmp_path: Path) -> None:
    slow, quick = StubBacking("slow"), StubBacking("quick")
    slow.gate.clear()
    loop = running_loop(tmp_path, slow, quick)
    for turn in range(3):
        loop.tick(0)
        until("the quick one's turn", lambda turn=turn: quick.reconciled == turn + 1)
    slow.gate.set()
    until("the slow one's first turn", lambda: slow.reconciled == 1)
    assert slow.reconciled == 1


def test_failed_backing_is_retried_after_its_backoff_and_then_has_no_failure(tmp_path: Path) -> None:
    backing = StubBacking("failing", failures=1)
    loop = running_loop(tmp_path, backing)
    loop.tick(time.monotonic())
    until("the failure", lambda: "failing" in loop.failures)
    assert loop.failures["failing"].message == "not yet"
    loop.tick(loop.failures["failing"].retry_at - 0.001)
    assert backing.reconciled == 1
    until("the failed turn to end", lambda: "failing" not in loop._busy)
    loop.tick(loop.failures["failing"].retry_at)
    until("the failure to be over", lambda: "failing" not in loop.failures)
    assert backing.reconciled == 2


@given(st.integers(min_value=0, max_value=1000))
def test_backoff_grows_up_to_a_limit(failures: int) -> None:
    assert backoff_after(failures) <= backoff_after(failures + 1) <= MAX_BACKOFF_SECONDS


def test_nothing_of_a_lost_region_is_reconciled_until_it_is_restored(tmp_path: Path) -> None:
    context = CloudContext(Site(tmp_path))
    lost, other, everywhere = (StubBacking(f"arn:aws:rds:{region}:1:db:x") for region in ("us-west-2", "us-east-1", ""))
    loop = running_loop(tmp_path, lost, other, everywhere)
    for number, change in enumerate((model.kill, model.partition), start=1):
        context.losses.change(lambda loss, change=change: change(loss, "us-west-2"))
        before = other.reconciled
        loop.tick(0)
        until("both turns", lambda before=before: other.reconciled == everywhere.reconciled == before + 1)
        assert lost.reconciled == number - 1
        context.losses.change(lambda loss: model.restore(loss, "us-west-2"))
        loop.tick(0)
        until("the lost region's turn", lambda number=number: lost.reconciled == number)
        until("both turns", lambda before=before: other.reconciled == everywhere.reconciled == before + 2)
