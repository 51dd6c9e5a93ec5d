"""Compares what a candidate computes with what the running image stores. Pure: time is passed in, in Unix ms.

The two read the same records at different times, so a row may not be stored yet, or may be one that the running image
writes again. What differs stays different once ten seconds have passed and the running image's snapshot says that it
has written all results of those records.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import Generic, NamedTuple, TypeVar

from contracts.comparison import Comparison
from contracts.records import Evidence, StressEvent
from dataflows.biosync.compare.measures import evidence_difference, row_difference
from dataflows.biosync.place import Place
from dataflows.biosync.signal.partition import Output
from dataflows.biosync.signal.row import Row, RowKey, row

FIRST_LOOK = 2_000
"""ms after which a row is looked for: the running image writes it within a second."""
NEXT_LOOK = 5_000
FINAL = 10_000
"""ms after which what differs may be final."""
FAR = 4_102_444_800_000
"""Unix ms after any row: at a person's first look, the newest that is stored is asked for."""

T = TypeVar("T")


class StoredEvent(NamedTuple):
    user: str
    raised: int
    """Unix ms."""
    evidence: Evidence | None
    """None if this image does not know its form."""


@dataclass(frozen=True)
class Stored:
    """What the running image has stored of a Lookup; events by their id."""

    rows: Mapping[RowKey, Row]
    events: Mapping[str, StoredEvent]


@dataclass(frozen=True)
class Progress:
    """Up to where the running image has stored the results of a partition, but for these."""

    place: Place
    rows: frozenset[RowKey] = frozenset()
    events: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lookup:
    """What to read: rows and events of persons in (after, until], Unix ms, and events by their id."""

    spans: dict[str, tuple[int, int]]
    rows: list[RowKey]
    events: dict[str, int]
    """With when each was raised, Unix ms."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.events)


class Difference(NamedTuple):
    user: str
    what: str
    """Without the person's name."""


@dataclass(frozen=True)
class _Computed(Generic[T]):
    value: T
    partition: int
    place: Place
    """Behind the records of which it is a result."""
    at: int


class Judge:
    """`tolerance`: the largest share by which a measure may differ."""

    def __init__(self, tolerance: float) -> None:
        self._tolerance = tolerance
        self._rows: dict[RowKey, _Computed[Row]] = {}
        self._events: dict[str, _Computed[StressEvent]] = {}
        self._queue: list[tuple[int, int, RowKey | str]] = []
        """When to look at which next, in the order in which they came."""
        self._queued = 0
        self._raised = set[str]()
        self._only = set[RowKey | str]()
        """What the running image alone has, as far as it is known."""
        self._first: dict[str, int] = {}
        """Of each person the moment before the first row that was computed."""
        self._judged: dict[str, int] = {}
        """Of each person the last row that was judged, in Unix ms. What was stored at the first look is as good as
        judged: a device's clock that was set back has left rows ahead of it, before the candidate began."""
        self._since = self._until = self._equal_rows = self._equal_events = self._different = 0
        self._difference = ""

    @property
    def pending(self) -> int:
        """Rows and events that are not judged yet."""
        return len(self._rows) + len(self._events)

    def add(self, partition: int, place: Place, output: Output, now: int) -> None:
        """What was computed from records, behind which the place is this."""
        for user in output.erased:
            self._forget(user)
        for user, window in output.rows:
            self._since = self._since or now
            self._rows.pop((user, window.at), None)  # the oldest stay first
            self._rows[user, window.at] = _Computed(row(window), partition, place, now)
            self._first.setdefault(user, window.at - 1)
            self._look((user, window.at), now + FIRST_LOOK)
        for event in output.events:
            self._raised.add(event.event_id)
            self._events[event.event_id] = _Computed(event, partition, place, now)
            self._look(event.event_id, now + FIRST_LOOK)

    def overdue(self, now: int) -> bool:
        """Whether something could be final, if the running image has stored all results of its record."""
        oldest = [next(iter(pending.values())).at for pending in (self._rows, self._events) if pending]
        return bool(oldest) and now - min(oldest) >= FINAL

    def lookup(self, now: int, most: int) -> Lookup:
        """What is due, of at most so many rows and events: to be judged before the next call."""
        spans: dict[str, tuple[int, int]] = {}
        rows = dict[RowKey, None]()
        events: dict[str, int] = {}
        while self._queue and self._queue[0][0] <= now and len(rows) + len(events) < most:
            key = heappop(self._queue)[2]
            if isinstance(key, str):
                if key in self._events:
                    events[key] = self._events[key].value.raised
            elif key in self._rows:
                user, at = key
                rows[key] = None
                seen = self._judged.get(user)
                after, until = spans.get(user, (self._first[user], FAR) if seen is None else (seen, at))
                spans[user] = min(after, at - 1), max(until, at)
        return Lookup(spans, list(rows), events)

    def judge(self, due: Lookup, stored: Stored, progress: Mapping[int, Progress], now: int) -> list[Difference]:
        """`stored` was read after `progress`, by partition. Returns the differences that are final."""
        self._begin(due, stored)
        found = list(self._only_stored(due, stored))
        for key in due.rows:
            if (computed := self._rows.get(key)) is None:
                continue
            user, at = key
            what = self._row(stored.rows.get(key), computed.value)
            if what and not _is_final(computed, progress.get(computed.partition), now, key):
                self._look(key, now + NEXT_LOOK)
                continue
            del self._rows[key]
            self._judged[user] = max(at, self._judged[user])
            self._equal_rows += not what
            self._until = max(self._until, computed.at)
            if what:
                found.append(_difference(user, "row", at, computed.partition, what))
        for event_id in due.events:
            if (event := self._events.get(event_id)) is None:
                continue
            what = self._event(stored.events.get(event_id), event.value)
            if what and not _is_final(event, progress.get(event.partition), now, event_id):
                self._look(event_id, now + NEXT_LOOK)
                continue
            del self._events[event_id]
            self._equal_events += not what
            if what:
                found.append(_difference(event.value.user, "event", event.value.raised, event.partition, what))
        self._different += len(found)
        self._difference = self._difference or next((one.what for one in found), "")
        return found

    def _begin(self, due: Lookup, stored: Stored) -> None:
        """Of the persons who are looked at for the first time."""
        new = {user: self._first[user] for user in due.spans if user not in self._judged and user in self._first}
        known = [*stored.rows, *((user, raised) for user, raised, _ in stored.events.values())]
        for user, at in known:
            if user in new:
                new[user] = max(new[user], at)
        self._judged |= new

    def _row(self, stored: Row | None, computed: Row) -> str:
        return row_difference(stored, computed, self._tolerance) if stored else "the running image stored none"

    def _event(self, stored: StoredEvent | None, computed: StressEvent) -> str:
        if stored is None:
            return "the running image raised none"
        if stored.evidence is None:
            return "this image cannot read its evidence"
        return evidence_difference(stored.evidence, computed.evidence, self._tolerance)

    def comparison(self) -> Comparison:
        """What it has come to."""
        oldest = [next(iter(pending.values())).at for pending in (self._rows, self._events) if pending]
        return Comparison(
            since=self._since,
            until=min([self._until, *oldest]),
            rows=self._equal_rows,
            events=self._equal_events,
            different=self._different,
            difference=self._difference,
        )

    def _only_stored(self, due: Lookup, stored: Stored) -> Iterator[Difference]:
        """What the running image has stored between two rows of a person, and the candidate has not computed."""
        partitions = {key[0]: self._rows[key].partition for key in due.rows if key in self._rows}

        def passed(user: str, at: int) -> bool:
            after, until = due.spans.get(user, (0, 0))
            return user in partitions and max(after, self._judged[user]) < at <= until

        for user, at in stored.rows.keys() - self._only:
            if passed(user, at) and (user, at) not in self._rows:
                self._only.add((user, at))
                yield _difference(user, "row", at, partitions[user], "this image computes none")
        for event_id, (user, raised, _) in stored.events.items():
            if passed(user, raised) and event_id not in self._raised and event_id not in self._only:
                self._only.add(event_id)
                yield _difference(user, "event", raised, partitions[user], "this image raises none")

    def _look(self, key: RowKey | str, at: int) -> None:
        self._queued += 1
        heappush(self._queue, (at, self._queued, key))

    def _forget(self, user: str) -> None:
        """The person's account has ended, and with it the rows."""
        for key in [key for key in self._rows if key[0] == user]:
            del self._rows[key]
        for event_id in [event_id for event_id, event in self._events.items() if event.value.user == user]:
            del self._events[event_id]
        self._judged.pop(user, None)
        self._first.pop(user, None)


def _difference(user: str, kind: str, at: int, partition: int, what: str) -> Difference:
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Difference(user, f"{kind} of {moment} in partition {partition}: {what}")


def _is_final(computed: _Computed[T], running: Progress | None, now: int, key: RowKey | str) -> bool:
    if running is None or now - computed.at < FINAL or key in running.rows or key in running.events:
        return False
    if running.place.topic != computed.place.topic:  # created again: the offsets of one say nothing of the other's
        return False
    return running.place.offset >= computed.place.offset
