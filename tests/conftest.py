"""Fixtures for every room's tests, and who runs which where they run in several processes."""

from __future__ import annotations

import pytest

pytest_plugins = [
    "tests.fixtures.engines",
    "tests.fixtures.timescale",
    "tests.fixtures.cloud",
    "tests.fixtures.cluster",
    "tests.fixtures.platform",
]


@pytest.hookimpl(tryfirst=True)  # the marks are read by a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file stay together, for its fixtures; so do all with the AWS endpoint, of which there is one."""
    for item in items:
        shared = "cloud" if "cloud" in getattr(item, "fixturenames", ()) else item.nodeid.split("::")[0]
        item.add_marker(pytest.mark.xdist_group(shared))
