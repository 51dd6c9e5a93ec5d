"""What is concluded from Kafka's answers about a topic, poll by poll."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from dataflows.biosync.source.topic import TopicNotReady
from dataflows.biosync.source.topic_watcher import TopicWatcher
from tests.fixtures.waiting import until

MISSING = TopicNotReady("topic raw does not exist")
NO_ANSWER = KafkaException(KafkaError(KafkaError._TRANSPORT, "connection refused"))
BROKEN = RuntimeError("the handle is closed")


class Kafka:
    """Returns the answers one after the other, then the last one; exceptions are raised."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    def topic_id(self) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def after(*answers: str | Exception) -> TopicWatcher:
    watcher = TopicWatcher("raw", Kafka(*answers).topic_id)
    for _ in answers:
        watcher.poll()
    return watcher


def test_nothing_is_read_before_kafka_has_answered() -> None:
    assert (after(NO_ANSWER).topic_id, after().topic_id) == ("", "")
    assert "connection refused" in after(NO_ANSWER).unavailable
    assert after("a").unavailable == ""


@pytest.mark.parametrize("answers", [(MISSING,), ("a", MISSING)])
def test_a_missing_topic_stays_missing_while_kafka_does_not_answer(answers: tuple[str | Exception, ...]) -> None:
    watcher = after(*answers, NO_ANSWER, NO_ANSWER)
    assert (watcher.topic_id, watcher.unavailable) == ("", "topic raw does not exist")


def test_an_existing_topic_stays_valid_while_kafka_does_not_answer() -> None:
    watcher = after("a", NO_ANSWER)
    assert (watcher.topic_id, watcher.unavailable) == ("a", "")


def test_an_unexpected_error_is_reported_and_retried() -> None:
    watcher = after("a", BROKEN)
    error = "cannot fetch the id of topic raw: RuntimeError: the handle is closed"
    assert (watcher.topic_id, watcher.unavailable) == ("a", error)
    watcher = TopicWatcher("raw", Kafka(BROKEN, "a").topic_id)
    watcher.start()
    try:
        until("the answer after the error", lambda: watcher.topic_id == "a" and not watcher.unavailable, 20)
    finally:
        watcher.close()


def test_an_answer_with_a_replaced_id_comes_from_a_stale_broker() -> None:
    assert after("a", "b", "a").topic_id == "b"
    assert after("a", MISSING, "b", "a").topic_id == "b"
    assert after("a", "b", MISSING, "a").unavailable == "topic raw does not exist"
    assert after("a", "b", "a", "c", "b").topic_id == "c"


def test_a_replaced_id_is_accepted_again_after_enough_answers() -> None:
    assert after("b", "a", *["b"] * 14).topic_id == "a"
    assert after("b", "a", *["b"] * 15).topic_id == "b"
    assert after("b", "a", *["b"] * 15, "a").topic_id == "b"
    assert after("b", "a", *["b"] * 10, "a", *["b"] * 10).topic_id == "a"
    assert after("b", "a", *["b"] * 14, MISSING, "b").topic_id == ""


@pytest.mark.parametrize("answer", [NO_ANSWER, "a"])
def test_after_an_invalidation_without_an_answer_the_topic_is_unavailable(answer: str | Exception) -> None:
    kafka = Kafka("a", "b", answer)
    watcher = TopicWatcher("raw", kafka.topic_id)
    watcher.poll()
    watcher.poll()
    watcher.invalidate()
    watcher.poll()
    assert watcher.topic_id == ""
    assert watcher.unavailable.startswith("the id of topic raw is not known yet")


def test_after_an_invalidation_only_later_requests_count() -> None:
    def invalidated_meanwhile() -> str:
        watcher.invalidate()
        return "a"

    kafka = Kafka("a")
    watcher = TopicWatcher("raw", kafka.topic_id)
    watcher.poll()
    watcher.invalidate()
    assert watcher.topic_id == ""
    watcher.poll()
    assert watcher.topic_id == "a"
    watcher = TopicWatcher("raw", invalidated_meanwhile)
    watcher.poll()
    assert watcher.topic_id == "", "it was invalidated while the request was in flight"


def test_an_invalidation_polls_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataflows.biosync.source.topic_watcher._POLL_SECONDS", 600)
    kafka = Kafka("a")
    watcher = TopicWatcher("raw", kafka.topic_id)
    watcher.start()
    try:
        until("the first answer", lambda: watcher.topic_id == "a", 20)
        kafka.answers[:] = ["b"]
        watcher.invalidate()
        until("the answer after the invalidation", lambda: watcher.topic_id == "b", 20)
    finally:
        watcher.close()
