"""Runbooks of a stack on AWS, with the person's own credentials: an endpoint takes the place of AWS."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import msgspec
import pytest

from cli.aws import stacks
from cli.recovery.commands import Chosen, Options, carry_out
from cli.recovery.platform import target
from contracts.pair import PAIR_KEY, witness_bucket
from runbooks.adapters.copies import BucketCopy
from runbooks.journal import JournalsDiffer, prefix
from runbooks.ports import Refused
from runbooks.turn import Turns
from tests.fixtures.cloud import KEY, Cloud
from tests.runbooks.model import PAIR

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
        carry_out("failover", Chosen("staging", None), Options(status=True))
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
    assert f"(s3://{witness_bucket(STAGING.domain)}, us-east-2) does not exist" in capsys.readouterr().out
    bucket = witness_bucket(STAGING.domain)
    cloud.client("s3", WITNESS).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": WITNESS})
    where = target(cloud.site, "staging")
    turns = Turns(where.access.witness(), "switchover", "switchover-1", "ada@laptop", "one")
    turns.take(1.0, resume=False)
    assert status() == 1
    assert "switchover switchover-1 by ada@laptop: under way" in capsys.readouterr().out
    turns.hold(2.0, ended=True, paused=True)
    assert status() == 1
    assert "paused, last seen" in capsys.readouterr().out
    turns.hold(3.0, ended=True)
    assert status() == 0


def test_without_a_pair_at_the_witness_and_in_clusters_nothing_begins(
    staging: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    staging()
    with pytest.raises(SystemExit) as ended:
        carry_out("failover", Chosen("staging", None), Options())
    assert ended.value.code == 2
    assert "neither the witness nor a cluster has pair.json" in capsys.readouterr().out


def test_copies_of_a_journal_hold_what_was_put_there_first(cloud: Cloud, staging: Callable[[], None]) -> None:
    staging()
    cloud.client("s3").create_bucket(
        Bucket="journal-copies", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    copy = BucketCopy(target(cloud.site, "staging").access.connect, "us-west-2", "journal-copies")
    for number in range(1, 13):
        copy.put(f"{prefix('failover-1')}{number:06d}.json", b"line %d" % number)
    copy.put(f"{prefix('failover-1')}000012.json", b"line 12")
    with pytest.raises(JournalsDiffer, match="000012"):
        copy.put(f"{prefix('failover-1')}000012.json", b"of another machine")
    assert copy.lines("failover-1") == {number: b"line %d" % number for number in range(1, 13)}
    assert copy.lines("failover-2") == {}


def test_a_missing_bucket_is_refused_by_name(cloud: Cloud, staging: Callable[[], None]) -> None:
    staging()
    copy = BucketCopy(target(cloud.site, "staging").access.connect, "us-west-2", "no-such-bucket")
    with pytest.raises(Refused, match="NoSuchBucket"):
        copy.lines("failover-1")


@pytest.mark.parametrize(
    "options", [Options(answers=["lose nothing"]), Options(skip=["prove-loss"])], ids=["answer", "skip"]
)
def test_nothing_is_answered_or_left_out_before_it_was_asked(
    cloud: Cloud, staging: Callable[[], None], capsys: pytest.CaptureFixture[str], options: Options
) -> None:
    staging()
    bucket = witness_bucket(STAGING.domain)
    s3 = cloud.client("s3", WITNESS)
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": WITNESS})
    s3.put_object(Bucket=bucket, Key=PAIR_KEY, Body=msgspec.json.encode(PAIR))
    with pytest.raises(SystemExit) as ended:
        carry_out("failover", Chosen("staging", None), options)
    assert ended.value.code == 2
    assert "go with --resume" in capsys.readouterr().out
    s3.delete_object(Bucket=bucket, Key=PAIR_KEY)
