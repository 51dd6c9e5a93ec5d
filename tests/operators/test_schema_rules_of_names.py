"""What the API server refuses because of the name that a resource has."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.names import RESERVED_NAMES
from tests.fixtures.cluster import Cluster
from tests.operators.samples import SERVICE, STREAM
from tests.operators.test_schema_rules import judge, service

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(("kind", "spec"), [("AuraService", SERVICE), ("BioStream", STREAM)])
def test_reserved_and_long_names_are_refused_with_the_reason(
    definitions: Cluster, kind: str, spec: dict[str, Any]
) -> None:
    long, free = "a" * 41, ["a" * 40, "kafkaesque", "redis-2", "timeseries2"]
    said = judge(definitions, kind, dict.fromkeys([*RESERVED_NAMES, long, *free], spec))
    for name, reason in RESERVED_NAMES.items():
        assert f"the name {name} is reserved: {reason}" in said[name]
    assert "metadata.name: Too long" in said[long]
    assert [said[name] for name in free] == ["", "", "", ""]


def test_a_service_must_not_need_itself(definitions: Cluster) -> None:
    said = judge(
        definitions, "AuraService", {"selfish": service(needs=["selfish"]), "other": service(needs=["selfish"])}
    )
    assert "spec.needs: " in said["selfish"] and "must not need itself" in said["selfish"]
    assert said["other"] == ""


def test_a_service_must_not_monitor_with_the_login_that_owns_its_database(definitions: Cluster) -> None:
    def both(instance: str, name: str) -> dict[str, Any]:
        monitors = {"instances": ["users", "auth"], "password": "watcher/password"}
        return service(database={"instance": instance, "name": name}, monitors=monitors)

    specs = {"my-own": both("auth", "my_own"), "another": both("auth", "my_own"), "apart": both("notes", "apart")}
    said = judge(definitions, "AuraService", specs)
    assert "spec.monitors: " in said["my-own"] and "let another service monitor it" in said["my-own"]
    assert (said["another"], said["apart"]) == ("", "")
