"""Whether two measures are the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.records import Evidence
from dataflows.biosync.signal.row import Row

Measure = float | str | None


def row_difference(stored: Row, computed: Row, tolerance: float) -> str:
    """The first measure in which they differ by more than this share, in words; empty if they are the same."""
    named = zip(Row._fields, stored, computed, strict=True)
    # rows of a release before `dropped` existed do not have it
    return _first((one for one in named if one[:2] != ("dropped", None)), tolerance)


def evidence_difference(stored: Evidence, computed: Evidence, tolerance: float) -> str:
    """As row_difference; the version of the detector is no measure."""
    names = [name for name in Evidence.__struct_fields__ if name != "version"]
    return _first(((name, getattr(stored, name), getattr(computed, name)) for name in names), tolerance)


def _first(measures: Iterable[tuple[str, Measure, Measure]], tolerance: float) -> str:
    for name, stored, computed in measures:
        if not _same(stored, computed, tolerance):
            return f"{name} is {_text(stored)}, and this image computes {_text(computed)}"
    return ""


def _same(stored: Measure, computed: Measure, tolerance: float) -> bool:
    if isinstance(stored, int | float) and isinstance(computed, int | float):
        return abs(stored - computed) <= tolerance * max(abs(stored), abs(computed))
    return stored == computed


def _text(measure: Measure) -> str:
    return "missing" if measure is None else f"{measure:.6g}" if isinstance(measure, float) else str(measure)
