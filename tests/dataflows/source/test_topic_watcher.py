"""What is concluded from what Kafka says of a topic, round by round."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from dataflows.biosync.source.topic import TopicNotReady
from dataflows.biosync.source.topic_watcher import TopicWatcher
from tests.dataflows.harness import until

GONE = TopicNotReady("there is no topic raw")
SILENT = KafkaException(KafkaError(KafkaError._TRANSPORT, "connection refused"))
BROKEN = RuntimeError("the handle is closed")


class Kafka:
    """Says the answers one after the other; what is raised is an answer too."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    def say(self) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def after(*answers: str | Exception) -> TopicWatcher:
    watch = TopicWatcher("raw", Kafka(*answers).say)
    for _ in answers:
        watch.poll()
    return watch


def test_nothing_is_read_before_kafka_has_said_anything() -> None:
    assert (after(SILENT).topic_id, after().topic_id) == ("", "")
    assert "connection refused" in after(SILENT).unavailable
    assert after("a").unavailable == ""


@pytest.mark.parametrize("answers", [(GONE,), ("a", GONE)])
def test_a_topic_that_was_gone_stays_so_while_kafka_is_away(answers: tuple[str | Exception, ...]) -> None:
    watch = after(*answers, SILENT, SILENT)
    assert (watch.topic_id, watch.unavailable) == ("", "there is no topic raw")


def test_a_topic_that_was_there_stays_so_while_kafka_is_away() -> None:
    watch = after("a", SILENT)
    assert (watch.topic_id, watch.unavailable) == ("a", "")


def test_what_nobody_expected_is_told_and_asked_again() -> None:
    watch = after("a", BROKEN)
    assert (watch.topic_id, watch.unavailable) == (
        "a",
        "cannot ask which topic raw is: RuntimeError: the handle is closed",
    )
    watch = TopicWatcher("raw", Kafka(BROKEN, "a").say)
    watch.start()
    try:
        until(lambda: watch.topic_id == "a" and not watch.unavailable, 20, "the answer after the error")
    finally:
        watch.close()


def test_an_answer_that_goes_back_to_a_topic_before_is_of_a_broker_that_has_not_heard() -> None:
    assert after("a", "b", "a").topic_id == "b"
    assert after("a", GONE, "b", "a").topic_id == "b"
    assert after("a", "b", GONE, "a").unavailable == "there is no topic raw"
    assert after("a", "b", "a", "c", "b").topic_id == "c"


def test_a_topic_taken_for_replaced_by_mistake_is_believed_when_kafka_insists() -> None:
    assert after("b", "a", *["b"] * 14).topic_id == "a"
    assert after("b", "a", *["b"] * 15).topic_id == "b"
    assert after("b", "a", *["b"] * 15, "a").topic_id == "b"
    assert after("b", "a", *["b"] * 10, "a", *["b"] * 10).topic_id == "a"
    assert after("b", "a", *["b"] * 14, GONE, "b").topic_id == ""


@pytest.mark.parametrize("answer", [SILENT, "a"])
def test_who_doubts_and_gets_no_answer_says_that_nothing_is_read(answer: str | Exception) -> None:
    kafka = Kafka("a", "b", answer)
    watch = TopicWatcher("raw", kafka.say)
    watch.poll()
    watch.poll()
    watch.invalidate()
    watch.poll()
    assert watch.topic_id == ""
    assert watch.unavailable.startswith("not told yet which topic raw is")


def test_after_a_doubt_only_what_is_asked_then_counts() -> None:
    def doubtful() -> str:
        watch.invalidate()
        return "a"

    kafka = Kafka("a")
    watch = TopicWatcher("raw", kafka.say)
    watch.poll()
    watch.invalidate()
    assert watch.topic_id == ""
    watch.poll()
    assert watch.topic_id == "a"
    watch = TopicWatcher("raw", doubtful)
    watch.poll()
    assert watch.topic_id == "", "the doubt came while the answer was on its way"


def test_a_doubt_is_looked_into_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataflows.biosync.source.topic_watcher._SECONDS", 600)
    kafka = Kafka("a")
    watch = TopicWatcher("raw", kafka.say)
    watch.start()
    try:
        until(lambda: watch.topic_id == "a", 20, "the first answer")
        kafka.answers[:] = ["b"]
        watch.invalidate()
        until(lambda: watch.topic_id == "b", 20, "the answer after the doubt")
    finally:
        watch.close()
