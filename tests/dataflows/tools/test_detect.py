"""`python -m dataflows.biosync.tools.detect`: beats in, events out."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest

from dataflows.biosync.signal.rules import Rules, StressRules
from dataflows.biosync.tools.detect import InvalidBeat, InvalidThreshold, detect
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


@pytest.mark.parametrize("command", [["cli", "detect"], ["dataflows.biosync.tools.detect"]], ids=lambda argv: argv[0])
@pytest.mark.parametrize(("argv", "text"), [(["--threshold", "nan"], b""), ([], b'{"t": 1, "rr_ms": -5}\n')])
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
