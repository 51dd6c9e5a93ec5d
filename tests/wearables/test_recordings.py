"""Reading recordings, and the errors of invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.detection import recordings as labelled
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
        ("1500000000.0, IBI\n1,\u200b0.8\n", r"line 2: <U\+200B>0.8 is not a number"),
        ("\ufeff\ufeff1500000000.0, IBI\n1,0.8\n", r"line 1: <U\+FEFF>1500000000.0 is not"),
        ("1500000000.0, IBI\n1,0.8\x00\n", r"line 2: 0.8<U\+0000> is not a number"),
        ("timestamp,ibi\n1500000000,0.8\n", "line 1: timestamp is not a number"),
        ("1500000000000, IBI\n1,0.8\n", "line 1: the start, 1500000000000, .* another unit"),
        ("1500000000.0, IBI\n1,810\n2,820\n", "looks like milliseconds"),
        ("1500000000.0, IBI\n1,810000\n2,820000\n", "looks like another unit"),
        ("1500000000.0, IBI\n1000,0.81\n1820,0.82\n2640,0.82\n", "offsets advance by 820 a beat, intervals are 0.82"),
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


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf1500000000.0, IBI\n1.6,0.9\n2.5,0.81\n",
        "\ufeff1500000000.0, IBI\n1.6,0.9\n2.5,0.81\n".encode("utf-16-le"),
        b"1500000000.0, IBI\r\n1.6,0.9\r\n2.5,0.81\r\n",
        b"\n1500000000\n1.6,0.9\n2.5,0.81",
        b'"1500000000.0","IBI"\n"1.6","0.9"\n"2.5","0.81"\n',
        b"1500000000,0; IBI\n1,6;0,9\n2,5;0,81\n",
        b"1500000000.0\tIBI\n1.6\t0.9\n2.5\t0.81\n",
    ],
    ids=["UTF-8 with a mark", "UTF-16", "CRLF", "blank lines", "quotes", "semicolons", "tabs"],
)
def test_what_can_be_read_in_one_way_only_is_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "IBI.csv").write_bytes(content)
    assert read_recording(tmp_path) == [(1_500_000_001_600, 900.0), (1_500_000_002_500, 810.0)]


def test_a_single_interval_that_is_no_hearts_is_left_to_the_platform(tmp_path: Path) -> None:
    (tmp_path / "IBI.csv").write_text("1500000000.0, IBI\n1,0.8\n2,0.8\n14,12\n")
    assert len(read_recording(tmp_path)) == 3


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("start,end,label\n", "has no label"),
        ("", "has no label"),
        ("start,end,label\n1500000000,soon,1\n", "line 2: 1500000000,soon,1"),
        ("start,end,label\n1600000000,1600000600,1\n", "no beat in the time of its labels"),
    ],
)
def test_labels_that_give_no_result_are_an_error(tmp_path: Path, labels: str, message: str) -> None:
    (tmp_path / "IBI.csv").write_text("1500000000.0, IBI\n1,0.8\n")
    (tmp_path / "labels.csv").write_text(labels)
    with pytest.raises(InvalidRecording, match=message):
        labelled.read(tmp_path)
