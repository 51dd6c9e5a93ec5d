"""Fixtures for every room's tests."""

pytest_plugins = [
    "tests.fixtures.engines",
    "tests.fixtures.timescale",
    "tests.fixtures.cloud",
    "tests.fixtures.cluster",
    "tests.fixtures.platform",
]
