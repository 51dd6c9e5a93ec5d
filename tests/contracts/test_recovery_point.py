"""What would be lost, out of the samples of both regions: an upper bound, and what nobody saw."""

from __future__ import annotations

import msgspec
import pytest

from contracts.recovery_point import (
    KEPT,
    CachePoint,
    DatabasePoint,
    Loss,
    RecoveryPoints,
    Sample,
    StoreLoss,
    TopicPoint,
    encode,
    expected_loss,
    fenced_at,
    messages_missing,
    not_caught_up,
    not_streaming,
    phrase,
    read,
)


def west(*samples: Sample) -> RecoveryPoints:
    return RecoveryPoints("west", list(samples))


def primary(at: float, lsn: int, rows: int, **more: object) -> Sample:
    point = DatabasePoint(lsn, primary=True, writable=True, rows=rows)
    return msgspec.structs.replace(Sample(at, 1, databases={"auth": point}), **more)


def replica(at: float, lsn: int, streaming: bool = True) -> RecoveryPoints:
    point = DatabasePoint(lsn, primary=False, streaming=streaming)
    return RecoveryPoints("east", [Sample(at, 1, databases={"auth": point})])


def test_rows_are_counted_from_a_sample_that_the_replica_surely_has() -> None:
    giving = west(primary(0, 100, 10), primary(5, 200, 25), primary(10, 300, 60))
    (auth,) = expected_loss(giving, replica(10, 250), 40).stores
    assert (auth.amount, auth.unit, auth.why) == (50, "rows", "50 bytes of WAL")
    (none,) = expected_loss(giving, replica(10, 300), 40).stores
    assert none.amount == 0
    (unknown,) = expected_loss(giving, replica(10, 50), 40).stores
    assert unknown.amount is None


def test_messages_are_what_lagged_and_what_came_after() -> None:
    giving = west(
        Sample(0, 1, topics={"raw": TopicPoint({"0": 10, "1": 10})}),
        Sample(9, 1, topics={"raw": TopicPoint({"0": 30, "1": 15})}),
    )
    taking = RecoveryPoints("east", [Sample(9, 1, topics={"raw": TopicPoint({"0": 1}, lag=4, lag_at=5)})])
    (raw,) = expected_loss(giving, taking, 9).stores
    assert (raw.amount, raw.unit) == (29, "messages")


def test_a_cache_of_another_stream_cannot_be_compared() -> None:
    giving = west(Sample(0, 1, cache=CachePoint("a", 90, primary=True)))
    same = RecoveryPoints("east", [Sample(0, 1, cache=CachePoint("a", 70, primary=False))])
    other = RecoveryPoints("east", [Sample(0, 1, cache=CachePoint("b", 70, primary=False))])
    assert [expected_loss(giving, one, 0).stores[0].amount for one in (same, other)] == [20, None]


def test_the_phrase_names_every_figure_and_the_time_that_nobody_saw() -> None:
    loss = Loss([StoreLoss("auth", "rows", 3), StoreLoss("raw", "messages", None), StoreLoss("users", "rows", 0)], 1, 4)
    assert phrase(loss) == "lose 3 rows of auth, unknown messages of raw, 4 s unseen"
    assert phrase(Loss([StoreLoss("auth", "rows", 0)], 1, 0)) == "lose nothing"
    unknown = "lose unknown rows and messages of every store, 7 s unseen"
    assert phrase(expected_loss(west(), replica(0, 1), 7)) == unknown


def fenced(lsn: int, writable: bool, by: str = "me") -> RecoveryPoints:
    point = DatabasePoint(lsn, primary=True, writable=writable)
    return west(Sample(9, 1, by, databases={"auth": point}))


@pytest.mark.parametrize(
    ("giving", "lsn", "why"),
    [
        (fenced(100, False), 100, None),
        (fenced(100, False), 99, "lacks 1 bytes of WAL"),
        (fenced(100, True), 100, "still takes writes"),
        (fenced(100, False, "another"), 100, "recorded nothing of auth since me fenced it"),
    ],
)
def test_catch_up_is_proved_by_a_sample_under_the_fence(giving: RecoveryPoints, lsn: int, why: str | None) -> None:
    found = not_caught_up(giving, replica(9, lsn), "auth", "me")
    assert found is None if why is None else why in (found or "")


@pytest.mark.parametrize(("writable", "rows", "lacking"), [(False, 10, 0), (True, 10, 56), (False, 9, 56)])
def test_what_a_fenced_server_writes_of_itself_is_not_missing(writable: bool, rows: int, lacking: int) -> None:
    """Unlike what another database of it writes, which was fenced later."""
    samples = [
        Sample(at, 1, "me", databases={"auth": DatabasePoint(lsn, primary=True, writable=now, rows=had)})
        for at, lsn, now, had in ((1.0, 100, False, rows), (2.0, 120, writable, rows), (3.0, 156, False, 10))
    ]
    found = not_caught_up(west(*samples), replica(3, 100), "auth", "me")
    assert found == (f"auth of east lacks {lacking} bytes of WAL" if lacking else None)


def test_a_replica_streams_now_or_has_before_its_primary_was_lost() -> None:
    before = replica(5, 100)
    after = before.with_sample(replica(9, 100, streaming=False).samples[0])
    assert not_streaming(before, ["auth"]) == []
    assert not_streaming(after, ["auth"]) == ["auth"]
    assert not_streaming(after, ["auth"], before=6) == []
    assert not_streaming(after, ["users"], before=6) == ["users"]


def test_the_newest_samples_are_kept_and_come_back_as_they_were() -> None:
    points = west()
    for number in range(KEPT + 3):
        points = points.with_sample(primary(number, number, number))
    assert [points.samples[0].at, len(points.samples)] == [3, KEPT]
    assert read(encode(points)) == points
    with pytest.raises(msgspec.DecodeError):
        read(b'{"region": 7}')


@pytest.mark.parametrize(
    ("point", "why"),
    [
        (TopicPoint({"0": 5}, lag=0, lag_at=40.0), None),
        (TopicPoint({"0": 5}, lag=0, lag_at=39.0), "the lag of raw of east was measured 1 s too early"),
        (TopicPoint({"0": 5}, lag=2, lag_at=90.0), "raw of east lacks 2 messages"),
        (TopicPoint({"0": 5}), "nobody has measured how far raw of east is behind"),
    ],
)
def test_no_message_is_missing_once_a_lag_of_0_was_measured_after_the_last(point: TopicPoint, why: str | None) -> None:
    east = RecoveryPoints("east", [Sample(95.0, 2, topics={"raw": point}), Sample(100.0, 2, silent=["topics"])])
    assert messages_missing(east, ended=40.0) == ([] if why is None else [why])


def test_a_fence_is_known_from_the_first_sample_under_it() -> None:
    giving = west(Sample(5.0, 1), Sample(10.0, 1, fenced_by="it"), Sample(15.0, 1, fenced_by="it"))
    assert fenced_at(giving, "it") == 10.0
    assert fenced_at(giving, "another") is None
