"""Which partitions of the raw topic are this process's: Kafka's consumer group protocol, and nothing else of it.

The group only assigns. Its consumer reads nothing and commits nothing: positions belong to the states, and
topic_reader.py reads. Leases of Kubernetes would do the same with a second system that must answer; without Kafka there
is nothing to compute anyway.

Whoever is to give up a partition first keeps its state, and says so by `let_go`; only then Kafka gives it to another.
Whoever was away for SESSION_SECONDS has lost its partitions: what it may still write is refused by the epoch of whoever
has them then, in the bucket (state/manifest.py) and in the database (sink/fence.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Condition, Event, Thread

import structlog
from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from contracts.broker_watch import BrokerWatch
from contracts.connections import KafkaClient

SESSION_SECONDS = 6.0
"""After which Kafka gives a silent member's partitions to others: the least that brokers admit by default
(group.min.session.timeout.ms)."""
RELEASE_SECONDS = 15.0
"""How long others wait for a member that has to give partitions up; then they go on from its snapshot before."""
_BEHIND_SECONDS = 2.0
"""Of these, how long the worker, with all its partitions, may wait for snapshots that are being written."""
_POLL_SECONDS = 0.2
_log = structlog.get_logger(__name__)


class RebalanceFailed(RuntimeError):
    """The client took an assignment no further: what is ours is not known any more."""


class Membership:
    """A member of `group`, with a thread of its own. A partition is assigned for a term: a number that is never used
    again, so that nobody takes a partition that was away meanwhile for the one that it had."""

    def __init__(self, kafka: KafkaClient, topic: str, group: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._group = group
        self._terms: dict[int, int] = {}
        self._last_term = 0
        self._leaving: set[int] = set()
        self._held: dict[int, int] = {}
        """Terms of the partitions that others have to wait for."""
        self.leave_by = 0.0
        """Until when (monotonic seconds) the worker may wait for what gets in the way of their last snapshots."""
        self._changed = Condition()
        self._closed = Event()
        self._without: float | None = time.monotonic()
        """Since when (monotonic seconds) the group says nothing; None while it does."""
        self._error = ("", "")
        """Name and words of the last error."""
        self.failure: Exception | None = None
        """Why the thread ended, if it was not told to."""
        self._watch = BrokerWatch()
        self._consumer = self._create_consumer()
        self._thread = Thread(target=self._run, name="membership", daemon=True)

    def start(self) -> None:
        self._join()
        self._thread.start()

    @property
    def waiting(self) -> tuple[float, str] | None:
        """Since when (monotonic seconds) and why nothing is assigned; None once the group has said what is, if only
        that there are more members than partitions."""
        if (since := self._without) is None:
            return None
        return since, f"the group {self._group} has not assigned partitions of topic {self._topic} yet{self._error[1]}"

    def term(self, partition: int) -> int | None:
        """The term of a partition that is ours."""
        return self._terms.get(partition)

    def leaving(self, partition: int) -> bool:
        """Whether somebody waits until its state is kept; False of a partition that was lost."""
        return partition in self._leaving

    def hold(self, partition: int) -> int | None:
        """The term of a partition that is ours, which nobody else gets until `let_go`, unless it is lost."""
        with self._changed:
            if (term := self._terms.get(partition)) is not None:
                self._held[partition] = term
            return term

    def let_go(self, partition: int, term: int) -> None:
        """Its state of that term is kept, or will not be."""
        with self._changed:
            if self._held.get(partition) == term:
                del self._held[partition]
                self._changed.notify_all()

    def close(self, seconds: float) -> None:
        """Leave the group, whose other members get the partitions at once; for at most these seconds."""
        self._closed.set()
        self._thread.join(seconds)

    def _create_consumer(self) -> Consumer:
        return Consumer(
            {
                **self._kafka,
                **self._watch.settings,
                "group.id": self._group,
                "enable.auto.commit": False,
                "partition.assignment.strategy": "cooperative-sticky",
                "session.timeout.ms": int(1000 * SESSION_SECONDS),
                "heartbeat.interval.ms": 1_000,
                "max.poll.interval.ms": int(2000 * RELEASE_SECONDS),
                # how soon a topic that is created, or created anew, is assigned
                "topic.metadata.refresh.interval.ms": 1_000,
                "reconnect.backoff.max.ms": 1_000,
                "error_cb": self._on_error,
            }
        )

    def _join(self) -> None:
        self._consumer.subscribe(
            [self._topic],
            on_assign=_raising(self._on_assign),
            on_revoke=_raising(self._on_revoke),
            on_lost=_raising(self._on_lost),
        )

    def _run(self) -> None:
        try:
            self._poll()
        except Exception as error:
            _log.exception("membership_failed", action="the worker ends, and others get its partitions")
            with self._changed:
                self._terms.clear()
            self.failure = error

    def _poll(self) -> None:
        while not self._closed.is_set():
            try:
                message = self._consumer.poll(_POLL_SECONDS)
            except KafkaException as error:
                self._on_error(error.args[0])
                self._closed.wait(_POLL_SECONDS)
                continue
            if message is not None and (error := message.error()) is not None:
                self._on_error(error)
            if self._watch.lost and not self._terms:  # what it had is lost by then: nothing is left to revoke
                error = "the client knows no broker any more"
                _log.warning("member_replaced", group=self._group, error=error, action="the group is joined again")
                self._watch = BrokerWatch()  # not closed first: it would wait for the brokers that it does not know
                self._consumer = self._create_consumer()
                self._join()
        self._consumer.close()

    def _on_error(self, error: KafkaError) -> None:
        """Nothing is assigned meanwhile; the group is joined again by itself."""
        before, self._error = self._error[0], (error.name(), f": {error.str()}")
        if before != error.name():
            _log.warning("group_error", code=error.name(), error=error.str(), action="it is joined again")

    def _on_assign(self, consumer: Consumer, assigned: list[TopicPartition]) -> None:
        numbers = [one.partition for one in assigned]
        consumer.incremental_assign([TopicPartition(self._topic, number, OFFSET_END) for number in numbers])
        consumer.pause(assigned)
        with self._changed:
            for number in numbers:
                self._last_term += 1
                self._terms[number] = self._last_term
        self._without, self._error = None, ("", "")
        _log.info("partitions_assigned", partitions=numbers, all=sorted(self._terms))

    def _on_revoke(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        numbers = {one.partition for one in revoked}
        with self._changed:
            self._leaving, self.leave_by = numbers, time.monotonic() + _BEHIND_SECONDS
            self._take(numbers)  # last: whoever finds no term must find out whether it leaves
            if not self._changed.wait_for(lambda: not self._held.keys() & numbers, RELEASE_SECONDS):
                late = sorted(self._held.keys() & numbers)
                _log.warning("state_not_kept", partitions=late, action="others go on from the snapshot before")
            self._leaving = set()
        consumer.incremental_unassign(revoked)
        _log.info("partitions_revoked", partitions=sorted(numbers), left=sorted(self._terms))

    def _on_lost(self, consumer: Consumer, lost: list[TopicPartition]) -> None:
        numbers = {one.partition for one in lost}
        with self._changed:
            self._take(numbers)
        self._without = time.monotonic()
        consumer.incremental_unassign(lost)
        _log.warning("partitions_lost", partitions=sorted(numbers), action="the group is joined again")

    def _take(self, numbers: set[int]) -> None:
        for number in numbers:
            self._terms.pop(number, None)


Callback = Callable[[Consumer, list[TopicPartition]], None]


def _raising(callback: Callback) -> Callback:
    """With an error that `poll` does not raise by itself, after which it would go on."""

    def called(consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            callback(consumer, partitions)
        except KafkaException as error:
            raise RebalanceFailed(str(error)) from error

    return called
