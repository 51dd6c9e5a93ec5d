"""Runbooks of a stack on AWS, with the person's own credentials: an endpoint takes the place of AWS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cli.aws import stacks
from cli.recovery.commands import Options, Stack, carry_out
from cli.recovery.platform import target
from contracts.pair import witness_bucket
from runbooks.adapters.copies import BucketCopy
from runbooks.executions import Unknown, fetch_journal, read_journal
from runbooks.journal import PREFIX, opened
from runbooks.model import Entry, Event
from runbooks.turn import Turns
from tests.fixtures.cloud import KEY, Cloud

pytestmark = pytest.mark.integration
STAGING = stacks.read("staging")
WITNESS = "us-east-2"


@pytest.fixture
def staging(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The stack is in the endpoint's account once this is called."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.site.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)

    def adopt() -> None:
        monkeypatch.setattr(stacks, "read", lambda name: replace(STAGING, account="123456789012"))

    return adopt


def status() -> int:
    with pytest.raises(SystemExit) as ended:
        carry_out("failover", Stack("staging", None), Options(status=True))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_credentials_of_another_account_reach_nothing(
    staging: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status() == 2
    assert f"of account 123456789012, and the stack is in {STAGING.account}" in capsys.readouterr().out


def test_the_status_is_an_exit_code_that_a_deploy_can_wait_for(
    cloud: Cloud, staging: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    staging()
    assert status() == 0
    assert "no execution was ever begun" in capsys.readouterr().out
    bucket = witness_bucket(STAGING.domain)
    cloud.client("s3", WITNESS).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": WITNESS})
    where = target(cloud.site, "staging")
    turns = Turns(where.access.witness(), "switchover", "switchover-1", "ada@laptop", "one")
    turns.take(1.0, resume=False)
    assert status() == 1
    assert "switchover switchover-1 by ada@laptop: under way" in capsys.readouterr().out
    turns.hold(2.0, ended=True)
    assert status() == 0


def test_without_a_pair_at_the_witness_and_in_clusters_nothing_begins(
    staging: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    staging()
    with pytest.raises(SystemExit) as ended:
        carry_out("failover", Stack("staging", None), Options())
    assert ended.value.code == 2
    assert "neither the witness nor a cluster has pair.json" in capsys.readouterr().out


def test_an_execution_goes_on_from_the_copy_that_has_most_of_its_journal(
    cloud: Cloud, tmp_path: Path, staging: Callable[[], None]
) -> None:
    staging()
    s3, connect = cloud.client("s3"), target(cloud.site, "staging").access.connect
    for name in ("journal-copies", "journal-copies-behind"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    whole, behind, gone = (
        BucketCopy(connect, "us-west-2", name) for name in ("journal-copies", "journal-copies-behind", "no-such-bucket")
    )
    with opened(tmp_path / "there" / "failover-1.jsonl", [whole.put]) as journal:
        journal.append(Entry(1, Event.STARTED, "", "failover", "ada", {"giving": "us-west-2"}, "h"))
        for number in range(11):
            journal.append(Entry(2 + number, Event.DONE, f"s{number}"))
    here, there = tmp_path / "here", (tmp_path / "there" / "failover-1.jsonl").read_bytes()
    behind.put(f"{PREFIX}failover-1/000001.json", there.split(b"\n")[0])
    fetch_journal(here, "failover-1", [gone, behind, whole])
    assert (here / "failover-1.jsonl").read_bytes() == there
    with opened(here / "failover-1.jsonl") as journal:
        journal.append(Entry(99, Event.COMPLETED))
    fetch_journal(here, "failover-1", [whole])
    assert read_journal(here, "failover-1")[-1].event is Event.COMPLETED, "its own journal was overwritten"


def test_an_execution_of_which_nobody_has_a_copy_is_unknown(tmp_path: Path, staging: Callable[[], None]) -> None:
    with pytest.raises(Unknown, match="no backup bucket that answers has a copy"):
        fetch_journal(tmp_path, "failover-9", [])
        read_journal(tmp_path, "failover-9")
