"""What is concluded from what Kafka says of a topic, round by round."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from dataflows.biosync.source.topic import Absent
from dataflows.biosync.source.topic_watcher import Watch
from tests.dataflows.harness import until

GONE = Absent("there is no topic raw")
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


def after(*answers: str | Exception) -> Watch:
    watch = Watch("raw", Kafka(*answers).say)
    for _ in answers:
        watch.look()
    return watch


def test_nothing_is_read_before_kafka_has_said_anything() -> None:
    assert (after(SILENT).there, after().there) == ("", "")
    assert "connection refused" in after(SILENT).away
    assert after("a").away == ""


@pytest.mark.parametrize("answers", [(GONE,), ("a", GONE)])
def test_a_topic_that_was_gone_stays_so_while_kafka_is_away(answers: tuple[str | Exception, ...]) -> None:
    watch = after(*answers, SILENT, SILENT)
    assert (watch.there, watch.away) == ("", "there is no topic raw")


def test_a_topic_that_was_there_stays_so_while_kafka_is_away() -> None:
    watch = after("a", SILENT)
    assert (watch.there, watch.away) == ("a", "")


def test_what_nobody_expected_is_told_and_asked_again() -> None:
    watch = after("a", BROKEN)
    assert (watch.there, watch.away) == ("a", "cannot ask which topic raw is: RuntimeError: the handle is closed")
    watch = Watch("raw", Kafka(BROKEN, "a").say)
    watch.start()
    try:
        until(lambda: watch.there == "a" and not watch.away, 20, "the answer after the error")
    finally:
        watch.close()


def test_an_answer_that_goes_back_to_a_topic_before_is_of_a_broker_that_has_not_heard() -> None:
    assert after("a", "b", "a").there == "b"
    assert after("a", GONE, "b", "a").there == "b"
    assert after("a", "b", GONE, "a").away == "there is no topic raw"
    assert after("a", "b", "a", "c", "b").there == "c"


def test_a_topic_taken_for_replaced_by_mistake_is_believed_when_kafka_insists() -> None:
    assert after("b", "a", *["b"] * 14).there == "a"
    assert after("b", "a", *["b"] * 15).there == "b"
    assert after("b", "a", *["b"] * 15, "a").there == "b"
    assert after("b", "a", *["b"] * 10, "a", *["b"] * 10).there == "a"
    assert after("b", "a", *["b"] * 14, GONE, "b").there == ""


@pytest.mark.parametrize("answer", [SILENT, "a"])
def test_who_doubts_and_gets_no_answer_says_that_nothing_is_read(answer: str | Exception) -> None:
    kafka = Kafka("a", "b", answer)
    watch = Watch("raw", kafka.say)
    watch.look()
    watch.look()
    watch.doubt()
    watch.look()
    assert watch.there == ""
    assert watch.away.startswith("not told yet which topic raw is")


def test_after_a_doubt_only_what_is_asked_then_counts() -> None:
    def doubtful() -> str:
        watch.doubt()
        return "a"

    kafka = Kafka("a")
    watch = Watch("raw", kafka.say)
    watch.look()
    watch.doubt()
    assert watch.there == ""
    watch.look()
    assert watch.there == "a"
    watch = Watch("raw", doubtful)
    watch.look()
    assert watch.there == "", "the doubt came while the answer was on its way"


def test_a_doubt_is_looked_into_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataflows.biosync.source.topic_watcher._SECONDS", 600)
    kafka = Kafka("a")
    watch = Watch("raw", kafka.say)
    watch.start()
    try:
        until(lambda: watch.there == "a", 20, "the first answer")
        kafka.answers[:] = ["b"]
        watch.doubt()
        until(lambda: watch.there == "b", 20, "the answer after the doubt")
    finally:
        watch.close()
