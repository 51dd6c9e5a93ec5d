"""Snapshots on a real S3 endpoint: what is uploaded, who may write, and what a damaged one means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from dataflows.biosync.place import Place
from dataflows.biosync.shutdown import Shutdown
from dataflows.biosync.state import retention
from dataflows.biosync.state.bucket import BucketUnavailable, PartitionBucket, Superseded
from dataflows.biosync.state.choice import Back, Bounds, FromSnapshot, FromTopic
from dataflows.biosync.state.claim import Writer
from dataflows.biosync.state.log import StateLog
from dataflows.biosync.state.manifest import Manifest, encode
from dataflows.biosync.state.restore import GivenUp, Restored, StateRefused, restore
from dataflows.biosync.state.snapshots import Snapshots
from tests.cloud.test_authorization import TRUST
from tests.dataflows.stream import BUCKET
from tests.fixtures.cloud import REGION, Cloud
from tests.infra.recording import run

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws.*"),
]
STATES = {f"user-{i}": bytes([i]) * 3_000 for i in range(100)}
_names = iter(f"stream{i}/0000" for i in range(1000))


@pytest.fixture
def bucket(s3: Any) -> PartitionBucket:
    return PartitionBucket(s3, BUCKET, next(_names))


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as threads:
        yield threads


def place(offset: int) -> Place:
    return Place("topic", offset, offset)


WHOLE = Bounds("topic", 0, 1_000, 0)


class Writing:
    """A writer of one partition, on a volume of its own."""

    def __init__(
        self,
        bucket: PartitionBucket,
        threads: ThreadPoolExecutor,
        folder: Path,
        bounds: Bounds = WHOLE,
        software: str = "aura/biosync:1",
    ) -> None:
        log = StateLog(folder)
        writer = Writer("raw", folder.name, "pod", software)
        self.restored: Restored = restore(log, bucket, 0, writer, lambda: bounds, after=0)
        self.states = dict(self.restored.content.states)
        claim = self.restored.claim
        assert claim
        newest = {user: (name, len(self.states[user])) for user, name in self.restored.newest.items()}
        self.snapshots = Snapshots(bucket, claim, newest, {}, threads, Shutdown(), 0)

    def write(self, offset: int, changes: dict[str, bytes | None], unwritten: bytes = b"") -> None:
        """A snapshot after these changes. Raises Superseded."""
        for user, state in changes.items():
            self.states.pop(user, None)
            if state is not None:
                self.states[user] = state
        self.snapshots.tick(place(offset), changes, unwritten, self.states.__getitem__)
        upload = self.snapshots._upload
        assert upload is not None
        upload.result(30)


def stored(bucket: PartitionBucket) -> int:
    newest = bucket.manifests()[0]
    assert isinstance(newest, Manifest)
    return sum(one.size for one in newest.snapshots[0].objects)


def test_who_was_away_is_not_uploaded_again(
    bucket: PartitionBucket, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    writing = Writing(bucket, threads, tmp_path / "a")
    assert isinstance(writing.restored.plan, FromTopic)
    writing.write(1, dict(STATES))
    whole = stored(bucket)
    uploaded: list[int] = []
    bucket._s3 = _Counting(bucket._s3, uploaded)
    for offset in range(2, 40):
        writing.write(offset, {"user-1": bytes([offset]) * 3_000})
    assert max(uploaded) < whole / 10
    assert stored(bucket) < 3.1 * whole
    again = Writing(bucket, threads, tmp_path / "b")
    assert again.restored.content.states == {**STATES, "user-1": bytes([39]) * 3_000}
    assert again.restored.content.place == place(39)
    again.write(40, {"user-2": None, "user-3": b"new"}, b"unwritten")
    assert max(uploaded) < whole / 10, "a start from S3 uploads nothing that is there"
    last = Writing(bucket, threads, tmp_path / "c").restored.content
    assert last.states == {**again.states} and "user-2" not in last.states
    assert last.unwritten == b"unwritten"


class _Counting:
    """A client of S3 that notes how many bytes each object has that it puts."""

    def __init__(self, s3: Any, sizes: list[int]) -> None:
        self._s3, self._sizes = s3, sizes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **inputs: Any) -> Any:
        if "/segments/" in inputs["Key"]:
            self._sizes.append(len(inputs["Body"]))
        return self._s3.put_object(**inputs)


def test_a_writer_of_an_earlier_epoch_changes_nothing_of_a_later_one(
    bucket: PartitionBucket, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    older = Writing(bucket, threads, tmp_path / "a")
    older.write(1, dict(STATES))
    newer = Writing(bucket, threads, tmp_path / "b")
    newer.write(2, {"user-1": b"newer"})
    before = bucket.manifests()[0]
    with pytest.raises(Superseded, match="epoch 2 has begun"):
        older.write(9, {"user-1": b"older"})
    assert bucket.manifests()[0] == before
    with pytest.raises(Superseded):
        claim = newer.restored.claim
        assert claim
        bucket.create(msgspec.structs.replace(claim.manifest, writer="another"))
    newer.write(3, {"user-2": b"newer"})
    assert Writing(bucket, threads, tmp_path / "c").restored.content.states["user-1"] == b"newer"


def test_a_write_whose_answer_was_lost_is_ours_when_it_is_tried_again(
    bucket: PartitionBucket, threads: ThreadPoolExecutor, tmp_path: Path
) -> None:
    writing = Writing(bucket, threads, tmp_path / "a")
    claim = writing.restored.claim
    assert claim
    assert bucket.create(claim.manifest) == claim.etag
    changed = msgspec.structs.replace(claim.manifest, pod="changed")
    etag = bucket.replace(changed, claim.etag)
    assert bucket.replace(changed, claim.etag) == etag


@pytest.mark.parametrize("damage", ["missing", "flipped", "shorter"])
def test_the_snapshot_before_is_used_when_the_topic_has_the_rest_and_refused_otherwise(
    bucket: PartitionBucket, threads: ThreadPoolExecutor, tmp_path: Path, damage: str
) -> None:
    writing = Writing(bucket, threads, tmp_path / "a")
    writing.write(1, dict(STATES))
    writing.write(2, {"user-1": b"two"})
    (key,) = [name for name, _ in bucket.segments() if name.startswith("000000000001-000000002")]
    at = {"Bucket": BUCKET, "Key": bucket._key(f"segments/{key}")}
    data = bucket._s3.get_object(**at)["Body"].read()
    if damage == "missing":
        bucket._s3.delete_object(**at)
    else:
        bucket._s3.put_object(**at, Body=data[:-1] if damage == "shorter" else data[:-1] + b"\x00")
    manifests = bucket.manifests()
    with pytest.raises(StateRefused, match=f"{key}.*Nothing was written"):
        Writing(bucket, threads, tmp_path / "b", Bounds("topic", 2, 9, 2))
    assert bucket.manifests() == manifests and not list((tmp_path / "b").glob("*.log"))
    found = Writing(bucket, threads, tmp_path / "c", Bounds("topic", 1, 9, 1))
    assert isinstance(found.restored.plan, FromSnapshot) and key in found.restored.plan.why
    assert found.restored.content.states == STATES and found.restored.content.place == place(1)
    found.write(2, {"user-1": b"two"})
    healed = Writing(bucket, threads, tmp_path / "d").restored.content
    assert healed.states == {**STATES, "user-1": b"two"}


@pytest.mark.parametrize("state_version", [1, 2])
def test_an_image_that_comes_back_goes_on_from_its_own_state_and_what_the_other_left_is_deleted(
    bucket: PartitionBucket,
    threads: ThreadPoolExecutor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    state_version: int,
) -> None:
    monkeypatch.setattr(retention, "GRACE_MS", 0)
    older, newer = "aura/biosync:1", "aura/biosync:2"
    Writing(bucket, threads, tmp_path / "a").write(1, dict(STATES), b"of the older")
    for disk in "bcde":  # the snapshots leave nothing of the older image, and the last sweeps without its manifest
        writing = Writing(bucket, threads, tmp_path / disk, software=newer)
        assert isinstance(writing.restored.plan, FromSnapshot) and not isinstance(writing.restored.plan, Back)
        for offset in (2, 3):
            writing.write(offset, dict.fromkeys(STATES, b"of the newer" * 100), b"of the newer")
    newest = bucket.manifests()[0]
    assert isinstance(newest, Manifest) and newest.epoch == 5
    data = json.dumps({**json.loads(encode(newest)), "state_version": state_version})
    bucket._s3.put_object(Bucket=BUCKET, Key=bucket._key("manifests/000000000005"), Body=data.encode())
    with pytest.raises(StateRefused) if state_version == 2 else nullcontext():
        Writing(bucket, threads, tmp_path / "f", software="aura/biosync:3")
    back = Writing(bucket, threads, tmp_path / "e")
    assert isinstance(back.restored.plan, Back) and f"back to the state of {older}" in back.restored.plan.why
    for killed in (back, Writing(bucket, threads, tmp_path / "g")):
        content = killed.restored.content
        assert (content.states, content.place, content.unwritten) == (STATES, place(1), b"of the older")
    for disk in "hijk":
        Writing(bucket, threads, tmp_path / disk).write(4, {"user-1": b"of the older"})
    assert [one.software for one in bucket.manifests() if isinstance(one, Manifest)] == [older] * 3
    written = {int(name.partition("-")[0]) for name, _ in bucket.segments()}
    assert 1 in written and not written & {2, 3, 4, 5}, "segments of the newer image are left"
    forward = Writing(bucket, threads, tmp_path / "l", software=newer).restored
    assert forward.content.states == {**STATES, "user-1": b"of the older"}
    assert forward.claim and [one.software for one in forward.claim.manifest.earlier] == [older]


def test_the_role_of_a_stream_has_its_own_objects_and_no_others(cloud: Cloud, s3: Any, tmp_path: Path) -> None:
    """The policy is the program's; locally it binds as in AWS."""
    declared = run("local", outputs_known=True).of("aws:iam/rolePolicy:RolePolicy")
    policy = declared["aura-us-west-2-stream-state-bio-sync"]["policy"]
    buckets = {one["Resource"] for one in json.loads(policy)["Statement"] if one["Action"] == "s3:ListBucket"}
    iam = cloud.client("iam")
    role = iam.create_role(RoleName=BUCKET, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    document = policy.replace(buckets.pop(), f"arn:aws:s3:::{BUCKET}")
    iam.put_role_policy(RoleName=BUCKET, PolicyName="p", PolicyDocument=document)
    session = cloud.client("sts").assume_role(RoleArn=role, RoleSessionName="pod")["Credentials"]
    own = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=cloud.site.endpoint_url,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    with ThreadPoolExecutor(1) as threads:
        writing = Writing(PartitionBucket(own, BUCKET, "aura/bio-sync/0000"), threads, tmp_path / "a")
        writing.write(1, dict(STATES))
        writing.write(2, dict(STATES))
        bucket = PartitionBucket(own, BUCKET, "aura/bio-sync/0000")
        bucket.delete_segments([name for name, _ in bucket.segments()])
        assert bucket.segments() == []
        for other in ("aura/another/0000", "aura/bio-sync-2/0000"):
            with pytest.raises(BucketUnavailable, match="not authorized"):
                Writing(PartitionBucket(own, BUCKET, other), threads, tmp_path / "b")


def test_who_is_not_to_have_a_partition_any_more_claims_nothing(bucket: PartitionBucket, tmp_path: Path) -> None:
    """Else the one that has it would lose it to nobody."""
    writer = Writer("raw", "late", "pod", "aura/biosync:1")
    with pytest.raises(GivenUp):
        restore(StateLog(tmp_path / "late"), bucket, 0, writer, lambda: WHOLE, lambda: False, after=0)
    assert bucket.manifests() == []
