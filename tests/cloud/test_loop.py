"""The control loop: every body is stepped, none twice at once, and a failure delays only itself."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from local.cloud.loop import LONGEST_PAUSE_SECONDS, Loop, pause_after
from local.cloud.service import Body, Service
from local.cloud.world import World
from local.engines.runtime.process import EngineFailed
from local.site import Site


class StubBody:
    status = "available"

    def __init__(self, key: str, failures: int = 0) -> None:
        self.key = key
        self.failures = failures
        self.steps = 0
        self.at_once = 0
        self.gate = threading.Event()
        self.gate.set()

    def running(self) -> bool:
        return True

    def step(self) -> None:
        self.at_once += 1
        assert self.at_once == 1
        self.gate.wait(10)
        self.steps += 1
        self.at_once -= 1
        if self.steps <= self.failures:
            raise EngineFailed("not yet")

    def stop(self) -> None: ...


class StubService(Service[None]):
    name = "rds"

    def __init__(self, world: World, known: list[StubBody]) -> None:
        super().__init__(world)
        self.known = known

    def new_state(self, region: str) -> None: ...

    def bodies(self) -> list[Body]:
        return list(self.known)


def running_loop(tmp_path: Path, *known: StubBody) -> Loop:
    world = World(Site(tmp_path))
    services: list[Service[Any]] = [StubService(world, list(known))]
    return Loop(world, services, save=lambda: None)


def wait(condition: Any) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_slow_body_is_not_stepped_twice_at_once_and_holds_up_no_other(tmp_path: Path) -> None:
    slow, quick = StubBody("slow"), StubBody("quick")
    slow.gate.clear()
    loop = running_loop(tmp_path, slow, quick)
    for turn in range(3):
        loop.tick(0)
        wait(lambda turn=turn: quick.steps == turn + 1)
    slow.gate.set()
    wait(lambda: slow.steps == 1)
    assert slow.steps == 1


def test_failed_body_is_tried_again_after_its_pause_and_then_trouble_is_over(tmp_path: Path) -> None:
    body = StubBody("ill", failures=1)
    loop = running_loop(tmp_path, body)
    loop.tick(time.monotonic())
    wait(lambda: "ill" in loop.troubles)
    assert loop.troubles["ill"].what == "not yet"
    loop.tick(loop.troubles["ill"].again - 0.001)
    assert body.steps == 1
    wait(lambda: "ill" not in loop._busy)
    loop.tick(loop.troubles["ill"].again)
    wait(lambda: "ill" not in loop.troubles)
    assert body.steps == 2


@given(st.integers(min_value=0, max_value=1000))
def test_pauses_grow_up_to_a_limit(failures: int) -> None:
    assert pause_after(failures) <= pause_after(failures + 1) <= LONGEST_PAUSE_SECONDS
