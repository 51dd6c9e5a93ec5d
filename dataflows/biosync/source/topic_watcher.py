"""Polls the id of the topic, because a topic can be deleted and created again under the same name."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

import structlog
from confluent_kafka import KafkaException

from dataflows.biosync.source.topic import TopicNotReady

_POLL_SECONDS = 1.0
_STALE_ANSWERS = 15
"""This many successive answers with an id that was replaced earlier mean that the other id was the stale one. A broker
that is cut off from the others, but not from us, may be stale for longer: the topic is then read from its beginning
once too often, and the persons' states recognise the repeats."""
_log = structlog.get_logger(__name__)


class TopicWatcher:
    """Fetches the id of the topic `name`, every second and after each `invalidate`.

    `fetch_id` is as Topic.id: it returns the id, or raises TopicNotReady, or KafkaException when Kafka does not answer.
    """

    def __init__(self, name: str, fetch_id: Callable[[], str]) -> None:
        self._name = name
        self._fetch_id = fetch_id
        self._answered = False
        """Whether Kafka ever answered."""
        self._last_id = ""
        """The last accepted id."""
        self._replaced: set[str] = set()
        self._stale = "", 0
        """One of those, and how often it was the answer since the last other answer."""
        self._invalidations = 0
        self._deciding = Lock()
        self._wake = Event()
        self._closed = False
        self.topic_id = ""
        """Id of the topic to read; empty when the topic does not exist, or its id is unknown or invalidated."""
        self.unavailable = f"the id of topic {name} is not known yet"
        """Why the topic cannot be read at the moment, or empty."""

    def start(self) -> None:
        """Poll in a thread, because a worker that blocks falls behind."""
        Thread(target=self._run, name="topic", daemon=True).start()

    def close(self) -> None:
        """Stop polling."""
        self._closed = True
        self._wake.set()

    def invalidate(self) -> None:
        """Discard the id and fetch it again: an answer to an earlier request is ignored."""
        with self._deciding:
            self._invalidations += 1
            self.topic_id = ""
        self._wake.set()

    def poll(self) -> None:
        """Fetch the id once. Raises nothing: a thread that ends would leave the last answer in force."""
        invalidations = self._invalidations
        try:
            topic_id = self._fetch_id()
        except TopicNotReady as error:
            self._answered, self.topic_id, self._stale = True, "", ("", 0)
            self._set_unavailable(str(error))
        except KafkaException as error:
            # Kafka is unavailable: its last answer stays valid, be it an id or that the topic does not exist.
            self._on_no_answer(str(error))
        except Exception as error:
            self._set_unavailable(f"cannot fetch the id of topic {self._name}: {type(error).__name__}: {error}")
        else:
            self._on_topic_id(topic_id, invalidations)

    def _on_topic_id(self, topic_id: str, invalidations: int) -> None:
        if topic_id in self._replaced:
            answers = self._stale[1] + 1 if topic_id == self._stale[0] else 1
            self._stale = topic_id, answers
            if answers < _STALE_ANSWERS:
                self._on_no_answer(f"a broker answers with {topic_id}, which was replaced")
                return
        with self._deciding:
            if invalidations != self._invalidations:
                return
            self.topic_id = topic_id
        self._stale = "", 0
        if self._last_id not in ("", topic_id):
            self._replaced.add(self._last_id)
        self._replaced.discard(topic_id)
        self._answered, self._last_id = True, topic_id
        self._set_unavailable("")

    def _on_no_answer(self, reason: str) -> None:
        """No answer yet that determines which topic to read."""
        if not self._answered or not (self.topic_id or self.unavailable):
            self._set_unavailable(f"the id of topic {self._name} is not known yet: {reason}")

    def _set_unavailable(self, reason: str) -> None:
        if reason and reason != self.unavailable:
            _log.warning("topic_unavailable", error=reason, action="reading starts as soon as Kafka has the topic")
        self.unavailable = reason

    def _run(self) -> None:
        while not self._closed:
            self._wake.clear()
            self.poll()
            self._wake.wait(_POLL_SECONDS)
