"""The decisions of ingest: packing, admission, backlog, reading."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from contracts.records import StoredFrame
from contracts.stream import Frame, Refusal, Seen
from services.ingest.admission import OVER_SHARE, OVERLOADED, Limits, Share, admit
from services.ingest.delivery.backpressure import Backlog
from services.ingest.delivery.batching import RECORD_BYTES, Packer
from services.ingest.messages import LONGEST_REASON, read

LIMITS = Limits(connections=10, connections_a_user=2, frames_a_second=5, frames_at_once=20)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, RECORD_BYTES))))
def test_packing_keeps_every_frame_with_its_receipt_in_order_and_bounds_records(added: list[tuple[int, int]]) -> None:
    packer: Packer[int] = Packer(4)
    for number, (partition, weight) in enumerate(added):
        packer.add(partition, StoredFrame("u", "d", number, 0, "", [], []), number, weight)
    batches = packer.take()
    for partition in range(4):
        ours = [batch for batch in batches if batch.partition == partition]
        packed = [frame.seq for batch in ours for frame in batch.frames]
        assert packed == [n for n, (p, _) in enumerate(added) if p == partition]
        assert packed == [receipt for batch in ours for receipt in batch.receipts]
    assert all(batch.weight <= RECORD_BYTES for batch in batches)
    assert sum(batch.weight for batch in batches) == sum(weight for _, weight in added)
    assert packer.take() == []


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 25)), max_size=200))
def test_nobody_gets_more_than_their_share_over_any_time(asked: list[tuple[float, int]]) -> None:
    share, now, taken = Share(0, LIMITS), 0.0, 0
    for wait, frames in asked:
        now += wait
        if share.take(now, LIMITS, frames):
            taken += frames
        else:
            assert not share.take(now, LIMITS)
        assert taken <= LIMITS.frames_at_once + now * LIMITS.frames_a_second + 1e-6


def test_a_share_fills_up_again_and_no_further() -> None:
    share = Share(0, LIMITS)
    assert [share.take(0, LIMITS) for _ in range(21)] == [True] * 20 + [False]
    assert not share.full(3.9, LIMITS)
    assert share.full(4.0, LIMITS)
    assert sum(share.take(1000, LIMITS) for _ in range(50)) == 20


def test_newcomers_are_refused_by_what_is_short() -> None:
    assert admit(9, 1, False, LIMITS) is None
    for refused, code in (
        (admit(0, 0, True, LIMITS), OVERLOADED),
        (admit(10, 0, False, LIMITS), OVERLOADED),
        (admit(5, 2, False, LIMITS), OVER_SHARE),
    ):
        assert refused is not None
        assert refused.code == code


@given(st.lists(st.integers(1, 60)))
def test_a_backlog_closes_at_its_limit_and_opens_at_half(weights: list[int]) -> None:
    backlog = Backlog(100)
    waiting: list[int] = []
    for weight in weights:
        if backlog.closed:
            while backlog.closed:
                assert backlog.bytes > 50
                backlog.remove(waiting.pop(0))
            assert backlog.bytes <= 50
        backlog.add(weight)
        waiting.append(weight)
        assert backlog.closed == (backlog.bytes >= 100)
        assert backlog.bytes < 100 + weight


@given(st.one_of(st.binary(), st.text(), st.recursive(st.none() | st.integers(), st.lists).map(json.dumps)))
def test_reading_answers_anything_and_never_raises(message: str | bytes) -> None:
    assert isinstance(read(message), Frame | Seen | Refusal)


def test_a_refusal_names_the_frame_and_does_not_repeat_what_was_sent() -> None:
    refused = read(json.dumps({"device": "w", "seq": 8, "samples": [{"t": 1, "rr": 1}], "x" * 5000: 1}))
    assert isinstance(refused, Refusal)
    assert refused.seq == 8
    assert len(refused.error) <= LONGEST_REASON
    assert read('{"seen": "e"}') == Seen("e")
