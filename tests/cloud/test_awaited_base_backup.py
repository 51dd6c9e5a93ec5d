"""bin/await-base-backup with the real AWS CLI and overlays; in place of the clusters, what they would answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.site import CHECKOUT
from local.toolchain import tools
from tests.fixtures.cloud import KEY, Cloud

pytestmark = pytest.mark.integration
PROGRAM = CHECKOUT / "bin" / "await-base-backup"
ARCHIVE = "timeseries/us-west-2/"
BACKUP, FIRST_WAL = "20260301T030000", "000000010000000000000003"
WALS = f"{ARCHIVE}wals/0000000100000000/"
OLD = [f"{ARCHIVE}base/20260201T030000/backup.info", f"{WALS}000000010000000000000002.gz"]
"""What S3 may never copy, and what no recovery reads."""
KEYS = [*(f"{ARCHIVE}base/{BACKUP}/{name}" for name in ("backup.info", "data.tar.gz")), f"{WALS}{FIRST_WAL}.gz"]
BUCKETS = {region: f"aura-{region}-backups-aurawellness-com" for region in ("us-west-2", "us-east-1")}
KUBECTL = """#!/bin/sh
case "$*" in
  kustomize*) exec {kubectl} "$@" ;;
  *aura-us-east-1*clusters*) cat {folder}/clusters ;;
  *aura-us-west-2*backups*) cat {folder}/backups.json ;;
  *) echo "no such answer: $*" >&2; exit 1 ;;
esac
"""


@dataclass
class Regions:
    """What us-west-2 and us-east-1 have."""

    cloud: Cloud
    folder: Path

    def backups(self, **phases: str) -> None:
        spec = {"cluster": {"name": "timeseries"}}
        of_backup = {"backupId": BACKUP, "beginWal": FIRST_WAL}
        items = [
            {"metadata": {"name": name}, "spec": spec, "status": {"phase": phase, **of_backup}}
            for name, phase in phases.items()
        ]
        (self.folder / "backups.json").write_text(json.dumps({"items": items}))

    def store_in_us_east_1(self) -> None:
        (self.folder / "clusters").write_text("cluster.postgresql.cnpg.io/timeseries\n")

    def put(self, region: str, keys: list[str]) -> None:
        for key in keys:
            self.cloud.client("s3", region).put_object(Bucket=BUCKETS[region], Key=key)

    def environ(self) -> dict[str, str]:
        path = f"{self.folder}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), KEY)
        return {**keys, "AWS_ENDPOINT_URL": self.cloud.site.endpoint_url, "AWS_PAGER": "", "PATH": path}

    def run(self, region: str, minutes: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, PROGRAM, "prod", region, str(minutes)],
            **{"env": os.environ | self.environ(), "capture_output": True, "text": True, "check": False},
            timeout=120,
        )


@pytest.fixture
def regions(cloud: Cloud, tmp_path: Path) -> Iterator[Regions]:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL.format(kubectl=tools.path("kubectl"), folder=tmp_path))
    kubectl.chmod(0o755)
    (tmp_path / "clusters").touch()
    for region, bucket in BUCKETS.items():
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        cloud.client("s3", region).create_bucket(Bucket=bucket, **where)
    regions = Regions(cloud, tmp_path)
    regions.backups()
    yield regions
    for region, bucket in BUCKETS.items():
        s3 = cloud.client("s3", region)
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)


def program() -> Any:
    loader = SourceFileLoader("await_base_backup", str(PROGRAM))
    spec = spec_from_loader(loader.name, loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_store_that_begins_empty_and_one_that_exists_wait_for_nothing(regions: Regions) -> None:
    assert regions.run("us-west-2", 0).stdout == ("us-west-2: the store does not begin with another region's data\n")
    regions.store_in_us_east_1()
    assert regions.run("us-east-1", 0).stdout == "us-east-1: the store exists\n"


def test_a_store_waits_for_a_complete_backup_and_for_the_copies_of_what_was_archived_since_its_beginning(
    regions: Regions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    awaiting = program()
    for name, value in regions.environ().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["await-base-backup", "prod", "us-east-1"])
    steps = iter(
        [
            lambda: regions.backups(first="running"),
            lambda: (regions.put("us-west-2", [*OLD, *KEYS]), regions.backups(first="completed")),
            lambda: (
                regions.put("us-west-2", [f"{WALS}000000010000000000000004.gz"]),
                regions.put("us-east-1", KEYS[:2]),
            ),
            lambda: regions.put("us-east-1", KEYS[2:]),
        ]
    )
    monkeypatch.setattr(awaiting, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: next(steps)()))
    awaiting.main()
    assert capsys.readouterr().out.splitlines() == [
        "us-east-1: us-west-2 has no complete base backup: there is none yet",
        "us-east-1: us-west-2 has no complete base backup: first is running",
        "us-east-1: S3 has still to copy 3 of 3 objects to us-east-1",
        "us-east-1: S3 has still to copy 1 of 3 objects to us-east-1",
        "us-east-1: the store can begin with the base backup of us-west-2",
    ]
    assert next(steps, None) is None


def test_a_deadline_names_what_is_missing_and_nothing_is_applied(regions: Regions) -> None:
    regions.backups(first="failed")
    done = regions.run("us-east-1", 0)
    assert done.returncode == 1
    assert "us-west-2 has no complete base backup: first is failed. Nothing was applied to us-east-1" in done.stderr


def test_a_store_that_is_restored_from_its_own_archive_waits_for_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As docs/operations.md has it: `before` is a name for the overlay only."""
    awaiting = program()
    restored = {"spec": {"bootstrap": {"recovery": {"source": "before"}}}}
    monkeypatch.setattr(awaiting, "_object", lambda stack, region, kind: restored)
    monkeypatch.setattr(sys, "argv", ["await-base-backup", "prod", "us-east-1"])
    awaiting.main()
    assert capsys.readouterr().out == "us-east-1: the store does not begin with another region's data\n"
