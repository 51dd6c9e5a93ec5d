"""Which topic is there: asked for all the time, because a topic can be deleted and made again under its name."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Lock, Thread

import structlog
from confluent_kafka import KafkaException

from dataflows.biosync.source.topic import TopicNotReady

_SECONDS = 1.0
_INSISTED = 15
"""So many answers one after the other that name a topic which was replaced already, and it was the other id that came
from a broker which had not heard. One that is cut off from the others, and not from us, may be behind for longer: the
topic is then read from its beginning once too often, and people's states know what is repeated."""
_log = structlog.get_logger(__name__)


class TopicWatcher:
    """Asks for the id of the topic `name`, each second and whenever somebody doubts what was told.

    `ask` is as Topic.id: it gives the id, or raises Absent, or KafkaException when Kafka does not say.
    """

    def __init__(self, name: str, ask: Callable[[], str]) -> None:
        self._name = name
        self._ask = ask
        self._told = False
        """Whether Kafka ever said anything of the topic."""
        self._known = ""
        """The id that it gave last."""
        self._replaced: set[str] = set()
        self._insisted = "", 0
        """One of those, and how often it was the answer since the last other answer."""
        self._doubts = 0
        self._deciding = Lock()
        self._wake = Event()
        self._closed = False
        self.topic_id = ""
        """Id of the topic to read; empty when there is none, or that is not known or doubted."""
        self.unavailable = f"not told yet which topic {name} is"
        """Why nothing can be read just now, or empty."""

    def start(self) -> None:
        """Go on asking in a thread, because a worker that waits is one that falls behind."""
        Thread(target=self._run, name="topic", daemon=True).start()

    def close(self) -> None:
        """Ask no more."""
        self._closed = True
        self._wake.set()

    def invalidate(self) -> None:
        """The topic may be another one by now: only what is asked from here on counts."""
        with self._deciding:
            self._doubts += 1
            self.topic_id = ""
        self._wake.set()

    def poll(self) -> None:
        """Ask once. Nothing is raised: a watch that ends would let the last answer stand for ever."""
        doubts = self._doubts
        try:
            found = self._ask()
        except TopicNotReady as absent:
            self._told, self.topic_id, self._insisted = True, "", ("", 0)
            self._tell(str(absent))
        except KafkaException as error:
            # Kafka is away: what it said last holds, an id as well as that there is no topic.
            self._waiting(str(error))
        except Exception as error:
            self._tell(f"cannot ask which topic {self._name} is: {type(error).__name__}: {error}")
        else:
            self._found(found, doubts)

    def _found(self, topic: str, doubts: int) -> None:
        if topic in self._replaced:
            times = self._insisted[1] + 1 if topic == self._insisted[0] else 1
            self._insisted = topic, times
            if times < _INSISTED:
                self._waiting(f"a broker tells of {topic}, which was replaced")
                return
        with self._deciding:
            if doubts != self._doubts:
                return
            self.topic_id = topic
        self._insisted = "", 0
        if self._known not in ("", topic):
            self._replaced.add(self._known)
        self._replaced.discard(topic)
        self._told, self._known = True, topic
        self._tell("")

    def _waiting(self, why: str) -> None:
        """There is no answer yet that says which topic to read."""
        if not self._told or not (self.topic_id or self.unavailable):
            self._tell(f"not told yet which topic {self._name} is: {why}")

    def _tell(self, away: str) -> None:
        if away and away != self.unavailable:
            _log.warning("topic_away", what=away, then="it is read as soon as Kafka says that it is there")
        self.unavailable = away

    def _run(self) -> None:
        while not self._closed:
            self._wake.clear()
            self.poll()
            self._wake.wait(_SECONDS)
