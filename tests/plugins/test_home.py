"""A site's PULUMI_HOME."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.plugins import home
from local.site import Site

pytestmark = pytest.mark.integration


def test_two_who_make_the_stack_at_once_find_one(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with ThreadPoolExecutor(2) as both:
        first, second = both.map(home.install, [site, site])
    assert first == second
    assert home.has_stack(site)


def test_pulumi_writes_no_log_of_its_own_not_even_where_an_earlier_version_did(tmp_path: Path) -> None:
    site = Site(tmp_path)
    logs = Path(home.environment(site)["PULUMI_HOME"]) / "logs"
    logs.mkdir(parents=True)
    (logs / "pulumi-20260101T000000-1-up.log").write_bytes(b"log")
    home.install(site)
    assert logs.is_file()
    assert logs.read_bytes() == b""
