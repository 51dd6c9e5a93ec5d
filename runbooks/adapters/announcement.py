"""Announces an execution by a webhook, as a copy of its journal that leaves out what only machines read."""

from __future__ import annotations

import httpx
import msgspec

from runbooks.model import Entry, Event

_SECONDS = 5.0
_ANNOUNCED = {
    Event.STARTED: "begins",
    Event.ASKED: "asks",
    Event.PAUSED: "is paused",
    Event.RESUMED: "goes on",
    Event.COMPLETED: "is completed",
}
_decode = msgspec.json.Decoder(Entry).decode


class Announcement:
    """Posts `{"text", "execution", "event", "at"}`: chat systems show `text` and leave out the rest."""

    def __init__(self, url: str) -> None:
        self._url = url

    def put(self, key: str, line: bytes) -> None:
        """Raises httpx.HTTPError when nobody took it; the journal puts it again then."""
        entry = _decode(line)
        if entry.event not in _ANNOUNCED:
            return
        body = message(key.split("/")[-2], entry)
        httpx.post(self._url, json=body, timeout=_SECONDS, trust_env=False).raise_for_status()


def message(execution: str, entry: Entry) -> dict[str, str | float]:
    """What is announced of an entry of a kind that is."""
    what = f"{execution} {_ANNOUNCED[entry.event]}"
    by = f" (by {entry.by})" if entry.by else ""
    where = f" at {entry.step}" if entry.step else ""
    roles = f": {entry.facts['giving']} to {entry.facts['taking']}" if entry.event is Event.STARTED else ""
    text = f": {entry.text}" if entry.step and entry.text else ""
    return {"text": f"{what}{where}{by}{roles}{text}", "execution": execution, "event": entry.event, "at": entry.at}
