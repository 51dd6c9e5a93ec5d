"""What `aura api` tells: where the API is, and what there is to ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from cli import api
from local.site import Site
from services.auth.rest.openapi import DOCUMENT


def test_without_a_platform_how_to_start_one_stands_in_place_of_the_address(tmp_path: Path) -> None:
    told = api.where(Site(tmp_path))
    assert told.startswith("the API    not here: ")
    assert "`make up` starts the platform" in told


def test_a_request_by_curl_names_the_host_its_address_and_the_authority(tmp_path: Path) -> None:
    told = api.reached("127.10.0.9", 8443, Site(tmp_path))
    assert "https://api.aurawellness.com:8443 at 127.10.0.9:8443" in told
    assert (
        f"curl --cacert {tmp_path}/ca.pem --connect-to api.aurawellness.com:8443:127.10.0.9:8443"
        " https://api.aurawellness.com:8443/v1/openapi.json"
    ) in told


def test_the_table_has_every_operation_with_its_host_and_whether_it_needs_a_token() -> None:
    console = Console(width=200, record=True)
    console.print(api.table(json.loads(DOCUMENT.read_text())))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["history", "GET", "/v1/history", "yes"] in [line[:4] for line in lines]
    assert ["auth", "POST", "/v1/auth/token", "no"] in [line[:4] for line in lines]
    keys = "https://auth.aurawellness.com/.well-known/jwks.json"
    assert ["auth", "GET", keys, "no"] in [line[:4] for line in lines]
    assert ["auth", "PUT", "/v1/auth/admin/roles/{role}", "yes"] in [line[:4] for line in lines]


def test_json_is_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    api.api(as_json=True)
    assert json.loads(capsys.readouterr().out) == json.loads(DOCUMENT.read_text())
