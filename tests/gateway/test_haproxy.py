"""The HAProxy process and its reloads."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.gateway.haproxy.process import Haproxy

pytestmark = pytest.mark.integration
CONFIGURATION = """\
defaults
 mode http
 timeout connect 1s
 timeout client 1s
 timeout server 1s
frontend f
 bind unix@f.sock
"""


async def test_it_is_reloaded_in_a_folder_whose_path_is_too_long_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100)
    folder.mkdir()
    haproxy = Haproxy(folder, "deep")
    try:
        await haproxy.load(CONFIGURATION)
        await haproxy.load(CONFIGURATION)
    finally:
        await haproxy.stop(1)
