"""Recordings: a folder with an IBI.csv, as Empatica's devices and exports of spreadsheets write it.

The first row begins with the start in Unix seconds; each other is a beat: its offset from the start and the interval
before it, both in seconds. What can be read in one way only is read: a byte order mark, CRLF, quotes, blank lines,
`;` or a tab between fields and then a decimal comma. A unit is never guessed.
"""

from __future__ import annotations

import codecs
import csv
import math
from itertools import pairwise
from pathlib import Path
from statistics import median

from contracts.beats import MAX_RR_MS, MIN_RR_MS
from contracts.visible import visible
from local.wearables.beats import Beat

FILE = "IBI.csv"
_FORM = "expected the start in Unix seconds, then a line `offset,interval` in seconds for each beat"
_YEAR_2100 = 4_102_444_800
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OTHER_UNIT = 100
"""Offsets advance by about an interval a beat, and more where beats are missing; a hundred times is another unit."""


class InvalidRecording(ValueError):
    """The folder has no recording that can be read; the message gives the cause."""


def read_recording(folder: Path) -> list[Beat]:
    """The beats of `folder`/IBI.csv (Unix ms, ms since the beat before), in order; raises InvalidRecording."""
    file = folder / FILE
    rows = _rows(file)
    if not rows:
        raise InvalidRecording(f"{file} is empty; {_FORM}")
    beats: list[tuple[float, float]] = []
    start = 0.0
    for number, row in rows:
        try:
            if number == rows[0][0]:
                start = _start(row[0])
            else:
                beats.append(_beat(row))
        except ValueError as error:
            raise InvalidRecording(f"{file}, line {number}: {error}; {_FORM}") from error
    if not beats:
        raise InvalidRecording(f"{file} has no beat after its first line; {_FORM}")
    if problem := _unit_problem(beats):
        raise InvalidRecording(f"{file}: {problem}; {_FORM}")
    return sorted((round((start + offset) * 1000), round(interval * 1000, 3)) for offset, interval in beats)


def read_text(file: Path) -> str:
    """The text of a file in UTF-8, or UTF-16 with a byte order mark; raises InvalidRecording."""
    try:
        content = file.read_bytes()
        return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8-sig")
    except OSError as error:
        raise InvalidRecording(f"{file} cannot be read ({error.strerror}); give a folder that has an {FILE}") from error
    except UnicodeError as error:
        raise InvalidRecording(f"{file} is not text in UTF-8 ({error}); {_FORM}") from error


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """The fields of the lines that are not blank, with the numbers of these lines."""
    lines = read_text(file).splitlines()
    separator = next((s for s in ";\t" if any(s in line for line in lines)), ",")
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            fields = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
            rows.append((number, fields if separator == "," else [field.replace(",", ".") for field in fields]))
    return rows


def _start(field: str) -> float:
    start = _finite(field)
    if start >= _YEAR_2100:
        raise ValueError(f"the start, {field.strip()}, is after the year 2100 in seconds: it looks like another unit")
    return start


def _beat(fields: list[str]) -> tuple[float, float]:
    if len(fields) < 2:
        raise ValueError(f"{visible(fields[0].strip())} has no interval")
    offset, interval = _finite(fields[0]), _finite(fields[1])
    if interval <= 0:
        raise ValueError(f"an interval of {interval:g} s")
    return offset, interval


def _unit_problem(beats: list[tuple[float, float]]) -> str:
    """What shows that the numbers are in another unit than seconds; empty if nothing does."""
    interval = median(interval for _, interval in beats)
    if not MIN_RR_MS <= interval * 1000 <= MAX_RR_MS:
        unit = "milliseconds" if MIN_RR_MS <= interval <= MAX_RR_MS else "another unit"
        return f"half of the intervals are {interval:g} or longer: in seconds that is no heart, it looks like {unit}"
    steps = [later - earlier for (earlier, _), (later, _) in pairwise(sorted(beats)) if later > earlier]
    if steps and median(steps) > _OTHER_UNIT * interval:
        return f"offsets advance by {median(steps):g} a beat, intervals are {interval:g}: they are not both in seconds"
    return ""


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{visible(text.strip()) or 'an empty field'} is not a number")
    return number
