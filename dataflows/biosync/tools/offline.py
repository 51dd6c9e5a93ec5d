"""The same computation without Kafka: the expected contents of the store for given frames or beats."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.records import StoredFrame, StressEvent
from dataflows.biosync.signal.hrv import Window
from dataflows.biosync.signal.person import InvalidFrame, Person
from dataflows.biosync.signal.rules import Rules


def compute_frames(
    frames: Iterable[StoredFrame], rules: Rules | None = None
) -> dict[str, tuple[list[Window], list[StressEvent]]]:
    """Rows and events by user, from frames in the order of the topic; invalid frames are skipped, as in the flow."""
    rules = rules or Rules()
    persons: dict[str, Person] = {}
    results: dict[str, tuple[list[Window], list[StressEvent]]] = {}
    for frame in frames:
        person = persons.setdefault(frame.user, Person())
        rows, events = results.setdefault(frame.user, ([], []))
        try:
            windows, raised = person.step(frame, rules)
        except InvalidFrame:
            continue
        rows += windows
        events += raised
    return {user: (_last(rows), events) for user, (rows, events) in results.items()}


def compute_beats(
    user: str, beats: Iterable[tuple[int, float]], rules: Rules | None = None
) -> tuple[list[Window], list[StressEvent]]:
    """Rows and events of one user from beats (Unix ms, interval in ms), each received at its own time."""
    frames = (StoredFrame(user, "offline", seq, t, "", [t], [rr]) for seq, (t, rr) in enumerate(beats, 1))
    return compute_frames(frames, rules).get(user, ([], []))


def _last(rows: list[Window]) -> list[Window]:
    """The last row of each moment: a clock that was set back gives some twice, and the store keeps the last."""
    return sorted({row.at: row for row in rows}.values(), key=lambda row: row.at)
