"""Of two operators one acts; the other takes over when it is killed."""

from __future__ import annotations

import urllib.request

import pytest

from tests.operators.conftest import NAMESPACE, World
from tests.operators.test_auraservice_on_cluster import SPEC

pytestmark = [pytest.mark.integration, pytest.mark.kill]


def holder(world: World) -> str:
    found = world.cluster.get("lease", "aura-operators", "-n", NAMESPACE)
    return found["spec"].get("holderIdentity", "")


def test_the_second_takes_over_from_a_killed_one(world: World) -> None:
    assert world.cluster.until(lambda: holder(world), 30) == "first"
    second = world.start("second", world.addresses[1])

    def healthy() -> bool:
        try:
            return urllib.request.urlopen(f"http://{world.addresses[1]}:8080/healthz", timeout=2).status == 200
        except OSError:
            return False

    world.cluster.until(healthy, 30)
    assert holder(world) == "first"
    world.running["first"].kill()
    world.apply("AuraService", "inherited", SPEC)
    world.cluster.until(lambda: holder(world) == "second", 60)
    world.cluster.until(lambda: world.get("deployment", "inherited"), 60)

    world.start("first", world.addresses[0])
    second.terminate()
    assert second.wait(timeout=30) == 0
    world.cluster.until(lambda: holder(world) == "first", 10)
