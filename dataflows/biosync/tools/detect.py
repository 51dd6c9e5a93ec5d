"""Beats on standard input, stress events on standard output: the computation of the dataflow on one recording.

`{"t": <Unix ms>, "rr_ms": <ms>}` a line in, in order of time, and where there is movement
`{"t": <Unix ms>, "motion_mg": <thousandths of g>}` between them; either may say `"activity": "workout"`.
`{"t": <Unix ms of raising>, ...evidence}` a line out, written as soon as it is raised. No event is a result only if the
beats could have given one: `Summary` tells.
"""

from __future__ import annotations

import argparse
import codecs
import math
import sys
from dataclasses import dataclass, field
from statistics import median_low
from typing import Annotated, BinaryIO, get_args

import msgspec

from contracts.beats import MAX_MOTION_MG, MAX_RR_MS, MIN_RR_MS, unit_of_interval
from contracts.decoding import of_others
from contracts.records import StoredFrame, StoredMovement
from contracts.stream import Activity
from contracts.visible import visible
from dataflows.biosync.signal.hrv import MIN_BEATS
from dataflows.biosync.signal.person import Person
from dataflows.biosync.signal.rules import THRESHOLDS, HrvDrop, Rules, StressRules

_FORM = 'expected {"t": <Unix ms>, "rr_ms": <ms>} a line, in UTF-8'
_MOTION_FORM = f', or {{"t": <Unix ms>, "motion_mg": <thousandths of g, 0 to {MAX_MOTION_MG:g}>}}'
SAMPLE = 1_000
"""Intervals from which the cause of an input without a result is told."""


class Line(msgspec.Struct):
    """A line of input: a beat, or movement."""

    t: int
    rr_ms: Annotated[float, msgspec.Meta(gt=0)] | None = None
    motion_mg: Annotated[float, msgspec.Meta(ge=0, le=MAX_MOTION_MG)] | None = None
    activity: Activity | None = None

    def __post_init__(self) -> None:
        if (self.rr_ms is None) == (self.motion_mg is None):
            raise ValueError("a line has either `rr_ms` or `motion_mg`")

    def frame(self, seq: int) -> StoredFrame:
        """The frame of this line alone."""
        beats = [] if self.rr_ms is None else [self.rr_ms]
        moved = [] if self.motion_mg is None else [self.motion_mg]
        movement = None
        if moved or self.activity:
            movement = StoredMovement([self.t] * len(moved), moved, self.activity or "")
        return StoredFrame("", "", seq, self.t, "", [self.t] * len(beats), beats, movement)


class InvalidBeat(ValueError):
    """A line of input that cannot be decoded."""


class InvalidThreshold(ValueError):
    """A threshold that is not a number."""


class NoResult(ValueError):
    """No measure could be computed from the input; the text says why."""


@dataclass
class Summary:
    """What was read and found; `windows` are those with a heart rate."""

    beats: int = 0
    windows: int = 0
    events: int = 0
    first: int = 0
    last: int = 0
    intervals: list[float] = field(default_factory=list)
    """The first SAMPLE intervals, in ms, while there is no window."""

    def add(self, line: Line) -> None:
        if line.rr_ms is None:
            return
        self.beats += 1
        self.first = self.first if self.beats > 1 else line.t
        self.last = line.t
        if not self.windows and len(self.intervals) < SAMPLE:
            self.intervals.append(line.rr_ms)

    def note(self) -> str:
        """A line for people about an input without events; empty if there were any."""
        if self.events:
            return ""
        return f"no stress event in {self.windows:,} windows of {self.beats:,} beats over {self.span_seconds:g} s"

    @property
    def span_seconds(self) -> float:
        return (self.last - self.first) / 1000

    def no_result(self) -> str:
        """Why there is no window."""
        if not self.beats:
            return f"no beat came in; {_FORM}"
        middle = median_low(self.intervals)
        found = f"{self.beats:,} beats gave no measure: "
        if unit := unit_of_interval(middle):
            return f"{found}rr_ms of {middle:g} looks like {unit}; {_FORM}"
        if not MIN_RR_MS <= middle <= MAX_RR_MS:
            return f"{found}rr_ms of {middle:g} is no heart's interval; {_FORM}"
        filled = sum(self.intervals) / len(self.intervals) * self.beats / 1000
        if self.beats >= MIN_BEATS and not filled / 10 < self.span_seconds < filled * 10:
            return f"{found}t advances by {self.last - self.first} while intervals fill {filled:.4g} s; {_FORM}"
        return f"{found}a window needs {MIN_BEATS} usable intervals, and these beats span {self.span_seconds:g} s"


def detect(lines: BinaryIO, out: BinaryIO, rule: HrvDrop = "gate", threshold: float | None = None) -> Summary:
    """Read beats until the end of `lines`; raises InvalidBeat, which names the line. Earlier events are written.

    Raises InvalidThreshold before anything is read, and NoResult when the beats gave no heart rate at all.
    """
    if threshold is not None and math.isnan(threshold):
        raise InvalidThreshold(
            f"a threshold of {threshold} is not a number; give beats a minute, such as {THRESHOLDS[rule]}"
        )
    rules = Rules(stress=StressRules(hrv_drop=rule, threshold=THRESHOLDS[rule] if threshold is None else threshold))
    decode = of_others(msgspec.json.Decoder(Line).decode)
    encode = msgspec.json.encode
    person = Person()
    summary = Summary()
    for number, line in enumerate(lines, 1):
        text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if not text or text.isspace():
            continue
        try:
            read = decode(text)
        except msgspec.DecodeError as error:
            form = _MOTION_FORM if b"motion_mg" in text else ""
            raise InvalidBeat(f"line {number}: {error}: {visible(_text(text))}; {_FORM}{form}") from error
        summary.add(read)
        windows, events = person.step(read.frame(number), rules)
        summary.windows += sum(window.hr is not None for window in windows)
        summary.events += len(events)
        for event in events:
            out.write(encode({"t": event.raised, **msgspec.structs.asdict(event.evidence)}) + b"\n")
            out.flush()
    if not summary.windows:
        raise NoResult(summary.no_result())
    return summary


def _text(line: bytes) -> str:
    encoding = "utf-16" if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    return line.decode(encoding, errors="replace").strip(" \t\r\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="aura detect", description=__doc__)
    parser.add_argument("--rule", choices=get_args(HrvDrop), default="gate")
    parser.add_argument("--threshold", type=float, default=None)
    given = parser.parse_args()
    try:
        summary = detect(sys.stdin.buffer, sys.stdout.buffer, given.rule, given.threshold)
    except (InvalidBeat, InvalidThreshold, NoResult) as error:
        print(f"aura detect: {error}", file=sys.stderr)
        sys.exit(2)
    if note := summary.note():
        print(f"aura detect: {note}", file=sys.stderr)


if __name__ == "__main__":
    main()
