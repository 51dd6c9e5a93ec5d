"""What a folder that is no recording is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.wearables.beats import InvalidRecording, read_recording


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("1500000000.0, IBI\n", "holds no beat"),
        ("start\n1,0.8\n", "line 1: start is no number"),
        ("1500000000.0, IBI\n1,0.8\n2\n", "line 3: 2 stands alone"),
        ("1500000000.0, IBI\n1,\n", "line 2: nothing is no number"),
        ("1500000000.0, IBI\n1,-0.8\n", "line 2"),
        ("1500000000.0, IBI\n1,nan\n", "line 2"),
        ("1500000000.0, IBI\ninf,0.8\n", "line 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_a_recording_is(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "IBI.csv").write_text(text)
    with pytest.raises(InvalidRecording, match=said) as told:
        read_recording(tmp_path)
    assert "IBI.csv" in str(told.value)
    assert "seconds" in str(told.value)


def test_beats_are_read(tmp_path: Path) -> None:
    (tmp_path / "IBI.csv").write_text("1500000000.0, IBI\n2.5,0.81\n\n1.6,0.9\n")
    assert read_recording(tmp_path) == [(1_500_000_001_600, 900.0), (1_500_000_002_500, 810.0)]
