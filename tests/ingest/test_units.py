"""Pure parts of ingest: batching, admission, rate limit, backpressure, decoding."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import CloseCode

from contracts.records import StoredFrame
from contracts.stream import Frame, Seen
from services.ingest.admission import Limits, TokenBucket, admit
from services.ingest.delivery.backpressure import Backlog
from services.ingest.delivery.batching import MAX_RECORD_BYTES, Batcher
from services.ingest.messages import FRAME_FORM, MAX_ERROR_CHARACTERS, SEEN_FORM, Refused, decode

GOOD = b'{"device": "w", "seq": 1, "samples": [{"t": 1767225600123, "rr": 800}]}'
LIMITS = Limits(max_connections=10, max_connections_per_user=2, frames_per_second=5, burst_frames=20)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, MAX_RECORD_BYTES))))
def test_batches_keep_frames_with_their_acks_in_order_and_bound_records(added: list[tuple[int, int]]) -> None:
    batcher: Batcher[int] = Batcher(4)
    for number, (partition, size) in enumerate(added):
        batcher.add(partition, StoredFrame("u", "d", number, 0, "", [], []), number, size)
    batches = batcher.take_all()
    for partition in range(4):
        ours = [batch for batch in batches if batch.partition == partition]
        seqs = [frame.seq for batch in ours for frame in batch.frames]
        assert seqs == [n for n, (p, _) in enumerate(added) if p == partition]
        assert seqs == [ack for batch in ours for ack in batch.acks]
    assert all(batch.size <= MAX_RECORD_BYTES for batch in batches)
    assert sum(batch.size for batch in batches) == sum(size for _, size in added)
    assert batcher.take_all() == []


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 25)), max_size=200))
def test_a_token_bucket_never_exceeds_its_rate_and_burst(requests: list[tuple[float, int]]) -> None:
    bucket, now, consumed = TokenBucket(0, LIMITS), 0.0, 0
    for wait, frames in requests:
        now += wait
        if bucket.consume(now, LIMITS, frames):
            consumed += frames
        else:
            assert not bucket.consume(now, LIMITS)
        assert consumed <= LIMITS.burst_frames + now * LIMITS.frames_per_second + 1e-6


def test_a_token_bucket_refills_up_to_its_burst() -> None:
    bucket = TokenBucket(0, LIMITS)
    assert [bucket.consume(0, LIMITS) for _ in range(21)] == [True] * 20 + [False]
    assert not bucket.is_full(3.9, LIMITS)
    assert bucket.is_full(4.0, LIMITS)
    assert sum(bucket.consume(1000, LIMITS) for _ in range(50)) == 20


def test_admission_is_refused_with_the_code_of_the_exhausted_limit() -> None:
    assert admit(9, 1, False, LIMITS) is None
    for refused, code in (
        (admit(0, 0, True, LIMITS), CloseCode.TRY_AGAIN_LATER),
        (admit(10, 0, False, LIMITS), CloseCode.TRY_AGAIN_LATER),
        (admit(5, 2, False, LIMITS), CloseCode.POLICY_VIOLATION),
    ):
        assert refused is not None
        assert refused.code == code


@given(st.lists(st.integers(1, 60)))
def test_a_backlog_pauses_at_its_limit_and_resumes_at_half(sizes: list[int]) -> None:
    backlog = Backlog(100)
    waiting: list[int] = []
    for size in sizes:
        if backlog.paused:
            while backlog.paused:
                assert backlog.bytes > 50
                backlog.remove(waiting.pop(0))
            assert backlog.bytes <= 50
        backlog.add(size)
        waiting.append(size)
        assert backlog.paused == (backlog.bytes >= 100)
        assert backlog.bytes < 100 + size


@given(st.one_of(st.binary(), st.text(), st.recursive(st.none() | st.integers(), st.lists).map(json.dumps)))
def test_decoding_never_raises(message: str | bytes) -> None:
    assert isinstance(decode(message.encode() if isinstance(message, str) else message), Frame | Seen | Refused)


PIECES = [
    b'"',
    b"\\",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"\x00",
    b"[" * 100_000,
    b'{"x":' * 40_000,
    b"1" * 5_000,
    b"1e999",
]


@given(st.sampled_from([GOOD, b'{"seen": "event"}', b'{"seq": 3, "x": []}']), st.sampled_from(PIECES), st.data())
def test_decoding_what_is_nearly_a_message_never_raises(whole: bytes, piece: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole)))
    past = data.draw(st.integers(at, len(whole)))
    assert isinstance(decode(whole[:at] + piece + whole[past:]), Frame | Seen | Refused)


@pytest.mark.parametrize(
    ("message", "place"),
    [
        (GOOD.replace(b"800", b'"fast"'), ("w", 1)),
        (b'{"device": "w", "seq": 7, "samples": []}', ("w", 7)),
        (b'{"device": "w", "seq": 7, "hr": 60}', ("w", 7)),
        (b'{"device": "w", "seq": 0, "samples": []}', None),
        (b'{"device": "", "seq": 7, "samples": []}', None),
        (b'{"seq": 7}', None),
        (b'{"seen": 7, "device": "w", "seq": 7}', None),
        (b"[", None),
    ],
)
def test_the_place_of_a_refused_frame_among_the_frames_of_its_device_is_known_if_it_says_it(
    message: bytes, place: tuple[str, int] | None
) -> None:
    refused = decode(message)
    assert isinstance(refused, Refused)
    assert (None if refused.device is None else (refused.device, refused.refusal.seq)) == place


def test_a_refusal_has_the_seq_the_expected_form_and_a_bounded_error() -> None:
    refused = decode(json.dumps({"device": "w", "seq": 8, "samples": [{"t": 1, "rr": 1}], "x" * 5000: 1}).encode())
    assert isinstance(refused, Refused)
    refusal = refused.refusal
    assert (refusal.seq, refusal.expected) == (8, FRAME_FORM)
    assert len(refusal.error) <= MAX_ERROR_CHARACTERS
    assert decode(b'{"seen": "e"}') == Seen("e")


def test_the_expected_forms_are_themselves_accepted() -> None:
    assert isinstance(decode(FRAME_FORM.partition("}: t is")[0].encode() + b"}"), Frame)
    assert isinstance(decode(SEEN_FORM.encode()), Seen)


@pytest.mark.parametrize(
    ("message", "error", "expected"),
    [
        (b"\xef\xbb\xbf" + GOOD, "U+FEFF", FRAME_FORM),
        (GOOD.replace(b"1767225600123", b"1767225600.123"), "`float` - at `$.samples[0].t`", FRAME_FORM),
        (GOOD.replace(b"1767225600123", b'"2026-01-01T00:00:00Z"'), "`str` - at `$.samples[0].t`", FRAME_FORM),
        (b'{"seen": ""}', "length >= 1 - at `$.seen`", SEEN_FORM),
        (b'{"seen": 3}', "at `$.seen`", SEEN_FORM),
    ],
    ids=["a byte order mark", "seconds with a fraction", "ISO 8601", "no event", "a number"],
)
def test_a_refusal_says_what_is_wrong_and_what_is_expected(message: bytes, error: str, expected: str) -> None:
    refused = decode(message)
    assert isinstance(refused, Refused)
    assert error in refused.refusal.error
    assert refused.refusal.expected == expected
