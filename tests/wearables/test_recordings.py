"""Reading recordings, and the errors of invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.wearables.recording import InvalidRecording, read_recording


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("1500000000.0, IBI\n", "has no beat"),
        ("start\n1,0.8\n", "line 1: start is not a number"),
        ("1500000000.0, IBI\n1,0.8\n2\n", "line 3: 2 has no interval"),
        ("1500000000.0, IBI\n1,\n", "line 2: an empty field is not a number"),
        ("1500000000.0, IBI\n1,-0.8\n", "line 2"),
        ("1500000000.0, IBI\n1,nan\n", "line 2"),
        ("1500000000.0, IBI\ninf,0.8\n", "line 2"),
    ],
)
def test_an_error_names_the_line_and_the_format(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "IBI.csv").write_text(text)
    with pytest.raises(InvalidRecording, match=message) as raised:
        read_recording(tmp_path)
    assert "IBI.csv" in str(raised.value)
    assert "seconds" in str(raised.value)


def test_beats_are_read(tmp_path: Path) -> None:
    (tmp_path / "IBI.csv").write_text("1500000000.0, IBI\n2.5,0.81\n\n1.6,0.9\n")
    assert read_recording(tmp_path) == [(1_500_000_001_600, 900.0), (1_500_000_002_500, 810.0)]
