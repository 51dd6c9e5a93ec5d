"""A typed client: its generator takes the document as it is, and what it makes speaks to the service."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.site import CHECKOUT

pytestmark = pytest.mark.integration

PROGRAM = """
from aura_wellness_api_client import AuthenticatedClient
from aura_wellness_api_client.api.users import post_users_me_check_ins
from aura_wellness_api_client.models import CheckedIn, Mood
import httpx

def service(request):
    assert request.headers["Authorization"] == "Bearer t"
    assert (request.method, request.url.path, request.read()) == ("POST", "/v1/users/me/check-ins", b'{"mood":4}')
    streak = {"length": 1, "longest": 1, "freezes": 0}
    return httpx.Response(201, json={"day": "2026-03-01", "first": True, "streak": streak})

client = AuthenticatedClient("https://api.example", "t", httpx_args={"transport": httpx.MockTransport(service)})
answer = post_users_me_check_ins.sync(client=client, body=Mood(mood=4))
assert isinstance(answer, CheckedIn), answer
print(answer.streak.length)
"""


def test_a_client_is_made_of_the_document_and_sends_what_the_service_takes(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    made = subprocess.run(
        ["make", "client", f"CLIENT={folder}"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stdout + made.stderr
    ran = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr) == ("1\n", "")
