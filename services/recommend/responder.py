"""From a stress event to the calm that answers it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from numpy import float32
from numpy.typing import NDArray

from contracts.records import StressEvent
from contracts.stream import EmergencyCalm
from services.kit import logs
from services.recommend import metrics
from services.recommend.answers import Answers
from services.recommend.content.catalog import Item, Library
from services.recommend.content.vectors import Vectors
from services.recommend.selection.criteria import Wish, wishes
from services.recommend.selection.severity import need_of, query

log = logs.get(__name__)


class Responder:
    """`language` is for people who prefer none; a push is worth showing for `push_seconds`."""

    def __init__(self, answers: Answers, vectors: Vectors, library: Library, language: str, push_seconds: int) -> None:
        self._answers = answers
        self._vectors = vectors
        self._library = library
        self._language = language
        self._push_seconds = push_seconds

    async def answer(self, event: StressEvent, now: float) -> EmergencyCalm:
        """The answer of the event, the same however often it is asked for; `now` in Unix seconds. Raises RedisError."""
        earlier = await self._answers.given(event.event_id)
        if earlier is not None:
            return earlier
        heard, preferences = await self._answers.known(event.user, now)
        need = need_of(event.evidence)
        text = query(need, event.evidence, heard.values(), now, _hour(preferences.timezone, now), preferences)
        vector = await self._vectors.of(text)
        item = await asyncio.to_thread(self._first, vector, [*wishes(need, preferences, self._language, heard)])
        content = {**msgspec.to_builtins(item), "need": need.name}
        expires = int((now + self._push_seconds) * 1000)
        offer = EmergencyCalm(event.event_id, event.user, content, expires, event.raised)
        calm = await self._answers.give(offer, item.id, now)
        metrics.answers.labels(need.name).inc()
        log.info("calm_offered", event_id=event.event_id, need=need.name, item=item.id, event_trace=event.trace)
        return calm

    def _first(self, vector: NDArray[float32], wished: list[Wish]) -> Item:
        for wish in wished:
            if found := self._library.suited(vector, wish):
                return found[0]
        raise LookupError("the catalogue is empty")


def _hour(timezone: str | None, now: float) -> int | None:
    """The hour of the day where the person is, if that is known."""
    if timezone is None:
        return None
    try:
        return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(timezone)).hour
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
