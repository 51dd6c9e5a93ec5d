"""Looks at a region from outside."""

from __future__ import annotations

from dataclasses import dataclass

from runbooks.adapters.probes import EveryProbe


@dataclass
class Answer:
    name: str
    answer: str | None

    def answers(self) -> str | None:
        return self.answer


def test_a_region_serves_only_when_its_gateway_and_its_health_checkers_are_told_so() -> None:
    gateway, listener = Answer("the gateway", "https: 200"), Answer("the listener", None)
    both = EveryProbe((gateway, listener))
    assert (both.answers(), both.name) == (None, "the gateway and the listener")
    listener.answer = "http: 200"
    assert both.answers() == "https: 200; http: 200"
    gateway.answer = None
    assert both.answers() is None
