"""Fixtures for every room's tests, and who runs which where they run in several processes."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

pytest_plugins = [
    "tests.fixtures.engines",
    "tests.fixtures.timescale",
    "tests.fixtures.cloud",
    "tests.fixtures.cluster",
    "tests.fixtures.platform",
]


class ByEngines(LoadScopeScheduling):
    """Tests of a file stay together, for its fixtures; so do all with the AWS endpoint, of which there is one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::")[0]
        return "cloud" if file.startswith(("tests/cloud/", "tests/plugins/test_aws_live")) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByEngines:
    return ByEngines(config, log)
