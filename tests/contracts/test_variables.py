"""The variables that the platform sets."""

from __future__ import annotations

import re

from contracts import platform, variables
from local.site import CHECKOUT


def test_every_key_of_the_platform_configuration_is_in_the_table() -> None:
    keys = [name for name in vars(platform) if name.isupper() and getattr(platform, name) == name]
    assert {"AWS_REGION", "REDIS_URL"} < set(keys)
    assert set(keys) <= set(variables.FIXED)


def test_no_variable_that_is_always_set_can_be_that_of_a_port_or_a_need() -> None:
    assert not [name for name in variables.FIXED if name.endswith(("_PORT", "_SERVICE_HOST"))]


def test_counts_a_variable_as_often_as_it_is_set() -> None:
    names = variables.platform_sets(["http", "auth-service"], ["auth", "kafka", "timeseries"], database=True)
    assert names.count("AUTH_SERVICE_PORT") == 2
    assert {"AUTH_SERVICE_HOST", "TIMESERIES_URL", "DATABASE_URL"} < set(names)
    assert "KAFKA_SERVICE_HOST" not in names


def test_the_guide_lists_exactly_these() -> None:
    guide = (CHECKOUT / "docs" / "resources.md").read_text()
    section = guide.partition("### Variables\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = sorted(name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row))
    assert listed == sorted(variables.platform_sets(["http"], [*variables.PLATFORM_NEEDS, "timeseries"], database=True))
