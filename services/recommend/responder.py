"""Chooses and records the answer to a stress event."""

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
from services.recommend.answers import AnswerStore
from services.recommend.content.catalog import Item
from services.recommend.content.live import Searched
from services.recommend.content.vectors import QueryVectors
from services.recommend.selection.criteria import Criteria, relaxations
from services.recommend.selection.severity import classify, query_text

log = logs.get(__name__)


class Responder:
    """`language` is the default for users without a preferred one; a push expires after `push_seconds`."""

    def __init__(
        self, answers: AnswerStore, vectors: QueryVectors, catalog: Searched, language: str, push_seconds: int
    ) -> None:
        self._answers = answers
        self._vectors = vectors
        self._catalog = catalog
        self._language = language
        self._push_seconds = push_seconds

    async def answer(self, event: StressEvent, now: float) -> EmergencyCalm:
        """The answer to the event, the same for every repeat; `now` in Unix seconds. Raises RedisError."""
        earlier = await self._answers.find(event.event_id)
        if earlier is not None:
            return earlier
        played, preferences = await self._answers.profile(event.user, now)
        severity = classify(event.evidence)
        text = query_text(severity, event.evidence, played.values(), now, _hour(preferences.timezone, now), preferences)
        vector = await self._vectors.get(text)
        item = await asyncio.to_thread(
            self._best_match, vector, [*relaxations(severity, preferences, self._language, played)]
        )
        content = {**msgspec.to_builtins(item), "need": severity.name}
        expires = int((now + self._push_seconds) * 1000)
        offer = EmergencyCalm(event.event_id, event.user, content, expires, event.raised)
        calm = await self._answers.record(offer, item.id, now)
        metrics.answers.labels(severity.name).inc()
        log.info("calm_offered", event_id=event.event_id, need=severity.name, item=item.id, event_trace=event.trace)
        return calm

    def _best_match(self, vector: NDArray[float32], candidates: list[Criteria]) -> Item:
        for criteria in candidates:
            if found := self._catalog.search(vector, criteria):
                return found[0]
        raise LookupError("the catalog is empty")


def _hour(timezone: str | None, now: float) -> int | None:
    """The user's local hour of the day; None without a known time zone."""
    if timezone is None:
        return None
    try:
        return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(timezone)).hour
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
