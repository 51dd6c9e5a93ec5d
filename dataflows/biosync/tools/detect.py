"""Beats on standard input, stress events on standard output: the computation of the dataflow on one recording.

`{"t": <Unix ms>, "rr_ms": <ms>}` a line in, in order of time; `{"t": <Unix ms of raising>, ...evidence}` a line out,
written as soon as it is raised.
"""

from __future__ import annotations

import argparse
import math
import sys
from typing import Annotated, BinaryIO, get_args

import msgspec

from contracts.records import StoredFrame
from dataflows.biosync.signal.person import Person
from dataflows.biosync.signal.rules import THRESHOLDS, HrvDrop, Rules, StressRules


class Beat(msgspec.Struct):
    """A line of input."""

    t: int
    rr_ms: Annotated[float, msgspec.Meta(gt=0)]


class InvalidBeat(ValueError):
    """A line of input that cannot be decoded."""


class InvalidThreshold(ValueError):
    """A threshold that is not a number."""


def detect(lines: BinaryIO, out: BinaryIO, rule: HrvDrop = "gate", threshold: float | None = None) -> None:
    """Read beats until the end of `lines`; raises InvalidBeat, which names the line. Earlier events are written.

    Raises InvalidThreshold before anything is read.
    """
    if threshold is not None and math.isnan(threshold):
        raise InvalidThreshold(
            f"a threshold of {threshold} is not a number; give beats a minute, such as {THRESHOLDS[rule]}"
        )
    rules = Rules(stress=StressRules(hrv_drop=rule, threshold=THRESHOLDS[rule] if threshold is None else threshold))
    decode = msgspec.json.Decoder(Beat).decode
    encode = msgspec.json.encode
    person = Person()
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        try:
            beat = decode(line)
        except msgspec.DecodeError as error:
            raise InvalidBeat(f'line {number}: {error}; expected {{"t": <Unix ms>, "rr_ms": <ms>}}') from error
        _, events = person.step(StoredFrame("", "", number, beat.t, "", [beat.t], [beat.rr_ms]), rules)
        for event in events:
            out.write(encode({"t": event.raised, **msgspec.structs.asdict(event.evidence)}) + b"\n")
            out.flush()


def main() -> None:
    parser = argparse.ArgumentParser(prog="aura detect", description=__doc__)
    parser.add_argument("--rule", choices=get_args(HrvDrop), default="gate")
    parser.add_argument("--threshold", type=float, default=None)
    given = parser.parse_args()
    try:
        detect(sys.stdin.buffer, sys.stdout.buffer, given.rule, given.threshold)
    except (InvalidBeat, InvalidThreshold) as error:
        print(f"aura detect: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
