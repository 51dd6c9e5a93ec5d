"""A new Cluster whose recovery fails for as long as CloudNativePG's Job would try it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from local.cloudnativepg import cluster as model
from local.cloudnativepg import controller as controllers
from local.cloudnativepg.attempts import SECONDS, Attempts
from local.cloudnativepg.controller import Controller, RecoveryFailed, Unrecoverable
from local.site import Site
from tests.cloudnativepg.test_decisions import cluster

WAITING = "ObjectStore timeseries has no backup of us-west-2"


def test_a_recovery_is_tried_for_ten_and_a_half_minutes_from_its_first_failure_on() -> None:
    attempts = Attempts()
    assert SECONDS == 630
    assert not attempts.failed("u", 100)
    assert not attempts.failed("u", 100 + SECONDS - 1)
    assert not attempts.exhausted("u")
    assert attempts.failed("u", 100 + SECONDS)
    assert attempts.exhausted("u")
    assert not attempts.exhausted("made again")


class Trial:
    """A controller of one new Cluster, whose every attempt ends with `error`; `said` are phases with their reasons."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Unrecoverable) -> None:
        self.said: list[tuple[str, str]] = []
        self.tried = 0
        self.now = 0.0
        api = SimpleNamespace()
        self._controller = Controller(api, Site.current(), "us-east-1", "aura")  # pyright: ignore[reportArgumentType]

        async def nothing(_: Any) -> str:
            return ""

        async def fails(_: Any) -> None:
            self.tried += 1
            raise error

        async def written(_: Any, __: bool, phase: str, reason: str) -> None:
            self.said.append((phase, reason))

        monkeypatch.setattr(controllers, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(self._controller, "_missing_class", nothing)
        monkeypatch.setattr(self._controller.instances, "ensure", fails)
        monkeypatch.setattr(self._controller, "_update_status", written)
        self._controller._clusters["timeseries"] = cluster()  # pyright: ignore[reportPrivateUsage]

    def after(self, seconds: float) -> None:
        self.now = seconds
        asyncio.run(self._controller._reconcile("timeseries"))  # pyright: ignore[reportPrivateUsage]


def test_the_controller_gives_up_with_a_status_and_retries_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch, RecoveryFailed(WAITING))
    trial.after(0)
    trial.after(SECONDS - 1)
    assert trial.said == [("Setting up primary", WAITING)] * 2
    trial.after(SECONDS)
    phase, reason = trial.said[-1]
    assert phase == model.UNRECOVERABLE
    assert reason.startswith(WAITING) and "Delete the Cluster and apply it again" in reason
    trial.after(SECONDS + 3600)
    assert (trial.tried, len(trial.said)) == (3, 3)


def test_what_keeps_an_attempt_from_being_made_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = Trial(monkeypatch, Unrecoverable("the Pod timeseries-1 is not ready"))
    for seconds in (0, SECONDS, 2 * SECONDS):
        trial.after(seconds)
    assert trial.tried == 3
    assert {phase for phase, _ in trial.said} == {"Setting up primary"}
