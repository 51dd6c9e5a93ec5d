"""Pulumi, AWS and Kubernetes agree on the state of a running platform."""

from __future__ import annotations

import json

import pytest

from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def conditions(resource: dict) -> dict[str, str]:
    return {c["type"]: c["status"] for c in resource.get("status", {}).get("conditions", [])}


def test_up_shows_every_step_and_its_time(platform: Platform) -> None:
    assert "total" in platform.up_output
    assert "Emergency Calm" in platform.up_output


def test_preview_of_a_running_platform_shows_no_change(platform: Platform) -> None:
    assert "unchanged" in platform.run("pulumi", "preview", "--expect-no-changes", "--non-interactive")


def test_all_custom_resources_are_ready(platform: Platform) -> None:
    found = platform.get("auraservices,biostreams", "-A")["items"]
    assert {r["metadata"]["name"] for r in found} >= {"auth", "ingest", "recommend", "bio-sync"}
    assert [r["metadata"]["name"] for r in found if conditions(r).get("Ready") != "True"] == []


def test_a_database_deleted_behind_pulumis_back_is_reported_and_brought_back(platform: Platform) -> None:
    def databases() -> list[dict]:
        answer = json.loads(platform.run("aws", "rds", "describe-db-instances", "--output", "json"))
        return answer["DBInstances"]

    lost = next(d for d in databases() if "auth" in d["DBInstanceIdentifier"])["DBInstanceIdentifier"]
    platform.run("aws", "rds", "modify-db-instance", "--db-instance-identifier", lost, "--no-deletion-protection")
    platform.run("aws", "rds", "delete-db-instance", "--db-instance-identifier", lost, "--skip-final-snapshot")
    until("the database to be gone", lambda: lost not in [d["DBInstanceIdentifier"] for d in databases()], 60)

    refresh = platform.run("pulumi", "refresh", "--yes", "--non-interactive")
    assert "deleted" in refresh
    platform.run("pulumi", "up", "--yes", "--non-interactive", "--skip-preview")

    back = next(d for d in databases() if d["DBInstanceIdentifier"] == lost)
    assert back["DBInstanceStatus"] == "available"
    platform.run("pulumi", "preview", "--expect-no-changes", "--non-interactive")


def test_the_store_archives_and_has_a_base_backup(platform: Platform) -> None:
    def healthy() -> bool:
        found = conditions(platform.get("clusters.postgresql.cnpg.io", "timeseries", "-n", "aura"))
        return found == {"Ready": "True", "ContinuousArchiving": "True", "LastBackupSucceeded": "True"}

    until("the archive and a base backup", healthy, seconds=90)
