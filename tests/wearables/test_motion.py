"""The movement of a recording, and the frames that carry it."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.stream import Motion
from local.wearables.frames import alongside, frames
from local.wearables.motion import read_motion
from local.wearables.recording import InvalidRecording

BEATS = [(n * 800, 800.0) for n in range(1, 31)]


def test_movement_is_read_with_its_times(tmp_path: Path) -> None:
    assert read_motion(tmp_path) == []
    (tmp_path / "MOTION.csv").write_text("1500000000.0, motion_mg\n5,10.6\n10,0\n")
    assert read_motion(tmp_path) == [(1_500_000_005_000, 10.6), (1_500_000_010_000, 0.0)]


@pytest.mark.parametrize("line", ["5", "5,nan", "x,1", "5,-1", "5,1e9", "inf,1"])
def test_a_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "MOTION.csv").write_text(f"1500000000.0, motion_mg\n{line}\n")
    with pytest.raises(InvalidRecording, match=r"MOTION\.csv, line 2"):
        read_motion(tmp_path)


def test_each_movement_is_in_the_frame_of_its_time() -> None:
    motion = [(t, float(t)) for t in range(0, 26_000, 5000)]
    moved = alongside(motion, BEATS, [(t + 100_000, rr) for t, rr in BEATS])
    assert moved[1] == (105_000, 5000.0)
    sent = [timed.frame for timed in frames(BEATS, "watch", 1.0, motion)]
    assert sent[0].motion == [Motion(0, 0.0), Motion(5000, 5000.0)]
    for frame in sent:
        assert all(sample.t <= frame.samples[-1].t for sample in frame.motion)
    assert sum(len(frame.motion) for frame in sent) == 5
