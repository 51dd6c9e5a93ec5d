"""A site's PULUMI_HOME, made by two at once."""

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
