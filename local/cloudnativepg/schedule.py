"""When a ScheduledBackup is due. Pure; times are UTC."""

from __future__ import annotations

from datetime import datetime, timedelta

_FIELDS = (("second", 0, 59), ("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
_NAMED = {
    "@yearly": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_HORIZON = timedelta(days=366 * 5)


class Schedule:
    """Six fields, the first of them seconds, as CloudNativePG's are. Raises ValueError."""

    def __init__(self, text: str) -> None:
        words = _NAMED.get(text, text).split()
        if len(words) != len(_FIELDS):
            raise ValueError(f'schedule "{text}": it needs six fields: second minute hour day month weekday')
        self._seconds, self._minutes, self._hours, self._days, self._months, self._weekdays = (
            _values(word, *field) for word, field in zip(words, _FIELDS, strict=True)
        )
        self._either_day = words[3] not in "*?" and words[5] not in "*?"

    def after(self, moment: datetime) -> datetime:
        """The next time after `moment`."""
        begun = moment.replace(microsecond=0) + timedelta(seconds=1)
        found = begun
        while found - begun < _HORIZON:
            midnight = found.replace(hour=0, minute=0, second=0)
            if not self._on(found):
                found = midnight + timedelta(days=1)
            elif found.hour not in self._hours:
                found = found.replace(minute=0, second=0) + timedelta(hours=1)
            elif found.minute not in self._minutes:
                found = found.replace(second=0) + timedelta(minutes=1)
            elif found.second not in self._seconds:
                found += timedelta(seconds=1)
            else:
                return found
        raise ValueError("the schedule has no time within five years")

    def _on(self, day: datetime) -> bool:
        in_month, in_week = day.day in self._days, day.isoweekday() % 7 in self._weekdays
        return day.month in self._months and (in_month or in_week if self._either_day else in_month and in_week)


def _values(word: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in word.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            if span in ("*", "?"):
                begin, end = low, high
            else:
                begin = int(first)
                end = int(last) if last else high if step else begin
            if not low <= begin <= end <= high:
                raise ValueError
            found.update(range(begin, end + 1, int(step or 1)))
        except ValueError:
            raise ValueError(f'schedule: {name} "{part}" is not within {low} to {high}') from None
    return frozenset(found)
