"""A person signs in as an app does it, through the gateway."""

from __future__ import annotations

import json
import ssl

import httpx
import pytest

from tests.fixtures.platform import Platform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def test_a_person_signs_in_and_the_session_ends_with_log_out(platform: Platform) -> None:
    tokens = json.loads(platform.aura("sign-in", "--address", "ada@example.com"))
    gateway = platform.get("gateway", "-n", "aura", "aura")
    address, port = gateway["status"]["addresses"][0]["value"], gateway["spec"]["listeners"][0]["port"]
    trust = ssl.create_default_context(cafile=str(platform.home / "ca.pem"))
    with httpx.Client(base_url=f"https://{address}:{port}/v1/auth", verify=trust, timeout=20) as api:
        api.headers["Host"] = "api.aurawellness.com"
        named = {"sni_hostname": "api.aurawellness.com"}
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        (device,) = api.get("/devices", headers=bearer, extensions=named).json()["devices"]
        assert (device["name"], device["current"]) == ("aura sign-in", True)
        assert api.get("/devices", extensions=named).status_code == 401
        ended = api.post("/log-out", data={"token": tokens["refresh_token"]}, extensions=named)
        assert ended.status_code == 204
        assert api.get("/devices", headers=bearer, extensions=named).status_code == 401
