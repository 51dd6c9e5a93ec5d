"""Manual changes of what the operators declared are reverted."""

from __future__ import annotations

import pytest

from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def deployment(platform: Platform, name: str) -> dict:
    found = platform.get("deployments", "-n", "aura")["items"]
    return next((d for d in found if d["metadata"]["name"] == name), {})


@pytest.mark.parametrize("name", ["recommend", "auth"])
def test_a_deployment_deleted_by_hand_is_back(platform: Platform, name: str) -> None:
    before = deployment(platform, name)["metadata"]["uid"]
    platform.kubectl("delete", "deployment", "-n", "aura", name)

    until(
        f"deployment {name} to be declared again",
        lambda: deployment(platform, name).get("metadata", {}).get("uid") not in (None, before),
        seconds=5,
    )
    platform.kubectl("rollout", "status", "-n", "aura", f"deployment/{name}", "--timeout=60s")


def test_an_image_edited_by_hand_is_put_back(platform: Platform) -> None:
    def image() -> str:
        return deployment(platform, "recommend")["spec"]["template"]["spec"]["containers"][0]["image"]

    declared = image()
    container = deployment(platform, "recommend")["spec"]["template"]["spec"]["containers"][0]["name"]
    platform.kubectl("set", "image", "-n", "aura", "deployment/recommend", f"{container}=aura/nonsense:1")

    until("the declared image", lambda: image() == declared, seconds=5)
    platform.kubectl("rollout", "status", "-n", "aura", "deployment/recommend", "--timeout=60s")
