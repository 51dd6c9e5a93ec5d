"""`python -m dataflows.biosync.tools.detect`: beats in, events out."""

from __future__ import annotations

import codecs
import io
import json
import subprocess
import sys

import pytest

from dataflows.biosync.signal.rules import Rules, StressRules
from dataflows.biosync.tools.detect import InvalidBeat, InvalidThreshold, NoResult, detect
from dataflows.biosync.tools.offline import compute_beats
from local.site import CHECKOUT
from tests.dataflows.beats import Beat, series

BEATS = series(7, 16, [(8, 12)])


def lines(beats: list[Beat]) -> bytes:
    return b"".join(json.dumps({"t": t, "rr_ms": rr}).encode() + b"\n" for t, rr in beats)


def detected(beats: list[Beat]) -> list[dict[str, object]]:
    out = io.BytesIO()
    detect(io.BytesIO(lines(beats)), out, "ignore")
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_events_are_those_of_the_flow_with_their_evidence() -> None:
    _, events = compute_beats("", BEATS, Rules(stress=StressRules(hrv_drop="ignore")))
    found = detected(BEATS)
    assert [event["t"] for event in found] == [event.raised for event in events]
    assert found[0]["heart_rate"] == events[0].evidence.heart_rate
    assert found[0]["rule"] == "ignore"


def test_an_event_is_raised_at_the_beat_of_its_time() -> None:
    event = detected(BEATS)[0]
    upto = [beat for beat in BEATS if beat[0] <= int(str(event["t"]))]
    assert detected(upto) == [event]
    assert detected(upto[:-1]) == []


def test_an_event_is_written_while_the_input_is_still_open() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dataflows.biosync.tools.detect", "--rule", "ignore"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        process.stdin.write(lines(BEATS))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["t"] == detected(BEATS)[0]["t"]
        assert process.poll() is None
    finally:
        process.stdin.close()
        process.stdout.close()
        assert process.wait(20) == 0


def test_an_invalid_line_is_named() -> None:
    with pytest.raises(InvalidBeat, match="line 3"):
        detect(io.BytesIO(lines(BEATS[:2]) + b'{"t": 1}\n'), io.BytesIO())


@pytest.mark.parametrize("value", [b"[" * 100_000, b'{"a":' * 100_000])
def test_a_line_that_is_nested_too_deep_is_named(value: bytes) -> None:
    with pytest.raises(InvalidBeat, match="line 3: it is nested too deep") as refused:
        detect(io.BytesIO(lines(BEATS[:2]) + b'{"x": ' + value + b"\n"), io.BytesIO())
    assert len(str(refused.value)) < 1_000


@pytest.mark.parametrize("interval", ["-5", "0", "NaN", "1e999"])
def test_an_invalid_interval_is_named_and_earlier_events_are_written(interval: str) -> None:
    out = io.BytesIO()
    broken = f'{{"t": {BEATS[-1][0] + 800}, "rr_ms": {interval}}}\n'.encode()
    with pytest.raises(InvalidBeat, match=rf"line {len(BEATS) + 1}: .*rr_ms"):
        detect(io.BytesIO(lines(BEATS) + broken), out, "ignore")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == detected(BEATS)


def test_a_threshold_that_is_not_a_number_is_rejected() -> None:
    with pytest.raises(InvalidThreshold, match="nan"):
        detect(io.BytesIO(lines(BEATS)), io.BytesIO(), "ignore", float("nan"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (b"", "no beat came in"),
        (codecs.BOM_UTF8 + b"\r\n", "no beat came in"),
        (lines(BEATS[:10]), "a window needs 15 usable intervals, and these beats span"),
        (lines([(t, rr / 1000) for t, rr in BEATS]), "looks like seconds"),
        (lines([(t, rr * 1000) for t, rr in BEATS]), "looks like microseconds"),
        (lines([(t, 60.0) for t, _ in BEATS]), "rr_ms of 60 is no heart's interval"),
        (lines([(t // 1000, rr) for t, rr in BEATS]), "t advances by"),
        (lines([(t * 1000, rr) for t, rr in BEATS]), "t advances by"),
        (lines([(t, 4500.0) for t, _ in BEATS]), "usable intervals"),
    ],
    ids=["empty", "blank", "few", "rr in s", "rr in us", "another rr", "t in s", "t in us", "unusable"],
)
def test_an_input_without_any_measure_is_an_error_that_says_why(text: bytes, cause: str) -> None:
    with pytest.raises(NoResult) as raised:
        detect(io.BytesIO(text), io.BytesIO(), "ignore")
    assert cause in str(raised.value)


def test_a_calm_input_is_a_result_and_says_so() -> None:
    summary = detect(io.BytesIO(lines(series(3, 6, []))), io.BytesIO(), "ignore")
    assert summary.note().startswith("no stress event in ")
    assert summary.windows > 30
    assert detect(io.BytesIO(lines(BEATS)), io.BytesIO(), "ignore").note() == ""


def test_a_byte_order_mark_and_crlf_are_skipped() -> None:
    out = io.BytesIO()
    detect(io.BytesIO(codecs.BOM_UTF8 + lines(BEATS).replace(b"\n", b"\r\n")), out, "ignore")
    assert [json.loads(line) for line in out.getvalue().splitlines()] == detected(BEATS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (lines(BEATS[:1]) + codecs.BOM_UTF8 + lines(BEATS[1:2]), "line 2: .*U\\+FEFF"),
        (b"\xc2\xa0" + lines(BEATS[:1]), "line 1: .*U\\+00A0"),
        (lines(BEATS[:1]).decode().encode("utf-16"), "line 1: .*in UTF-8"),
        (b"t;rr_ms\n1;2\n", "line 1: .*: t;rr_ms"),
    ],
    ids=["a byte order mark", "a space that is none", "UTF-16", "CSV"],
)
def test_an_error_shows_what_cannot_be_seen(text: bytes, shown: str) -> None:
    with pytest.raises(InvalidBeat, match=shown):
        detect(io.BytesIO(text), io.BytesIO())


@pytest.mark.parametrize("command", [["cli", "detect"], ["dataflows.biosync.tools.detect"]], ids=lambda argv: argv[0])
@pytest.mark.parametrize(("argv", "text"), [(["--threshold", "nan"], b""), ([], b'{"t": 1, "rr_ms": -5}\n'), ([], b"")])
def test_invalid_input_exits_with_a_message(command: list[str], argv: list[str], text: bytes) -> None:
    done = subprocess.run([sys.executable, "-m", *command, *argv], cwd=CHECKOUT, input=text, capture_output=True)
    assert done.returncode == 2
    assert done.stderr.startswith(b"aura detect: ")
    assert b"Traceback" not in done.stderr


def test_it_starts_without_importing_the_dataflow() -> None:
    heavy = "bytewax", "pydantic", "typer", "confluent_kafka"
    code = f"import sys, dataflows.biosync.tools.detect; print(*(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
