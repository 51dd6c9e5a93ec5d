"""Dead letters put back on a real Kafka: each once, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import KafkaException, Producer

from contracts.records import DeadLetter, StoredFrame, pack, partition_of
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools.replay import DeadLetterTopic
from local.engines.kafka import Kafka
from tests.dataflows.beats import START, frames, series
from tests.dataflows.harness import PARTITIONS, Harness, until
from tests.dataflows.test_flow import RULES, assert_holds, metrics, population
from tests.fixtures.engines import Database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
_names = iter(f"replay{i}" for i in range(1000))
GOOD = pack(frames("ada", series(1, 2)))
HOME = partition_of("ada", PARTITIONS)


@pytest.fixture
def stage(kafka: Kafka, postgres: Database, tmp_path: Path) -> Iterator[Harness]:
    name = next(_names)
    made = Harness(name, kafka.bootstrap, postgres.create(name), tmp_path)
    yield made
    made.close()


def letters(stage: Harness) -> DeadLetterTopic:
    return DeadLetterTopic(stage.bootstrap, stage.dead, stage.raw, Rules())


def bury(stage: Harness, *dead: DeadLetter) -> None:
    for letter in dead:
        stage.producer.produce(stage.dead, msgspec.msgpack.encode(letter), letter.key)
    assert stage.producer.flush(20) == 0


def letter(stage: Harness, value: bytes, offset: int = 7, partition: int = HOME) -> DeadLetter:
    return DeadLetter(stage.raw, partition, offset, "was not understood", value)


def test_what_waits_is_told_with_place_moment_person_and_reason(stage: Harness) -> None:
    bury(stage, letter(stage, GOOD), letter(stage, b"\xc1", 8))
    stage.producer.produce(stage.dead, b"no letter at all")
    stage.producer.flush(20)
    first, second = letters(stage).entries()
    assert (first.letter, first.offset, first.users, first.replayed) == (letter(stage, GOOD), 0, ["ada"], False)
    assert (second.letter.offset, second.users) == (8, [])
    assert 0 <= second.at - first.at < 60_000


def test_nothing_is_put_back_while_the_raw_topic_is_away(stage: Harness) -> None:
    bury(stage, letter(stage, GOOD))
    stage.delete_raw()
    put_back, left = letters(stage).replay()
    assert not put_back
    assert [why for _, why in left] == [f"there is no topic {stage.raw} just now"]
    stage.make_raw()
    put_back, left = letters(stage).replay()
    assert (len(put_back), left) == (1, [])


def test_what_can_be_processed_by_now_is_put_back_and_the_rest_is_named(stage: Harness) -> None:
    crooked = pack([StoredFrame("ada", "watch", 1, START, "", [START], [])])
    elsewhere = (HOME + 1) % PARTITIONS
    bury(
        stage,
        letter(stage, b"\xc1", 5),
        letter(stage, GOOD, 7),
        letter(stage, crooked, 8),
        letter(stage, GOOD, 9, elsewhere),
        msgspec.structs.replace(letter(stage, GOOD), topic="another"),
    )
    replayed, left = letters(stage).replay()
    assert [entry.letter.offset for entry in replayed] == [7]
    assert stage.messages(stage.raw, HOME) == [GOOD]
    reasons = {(entry.letter.topic, entry.letter.offset): why for entry, why in left}
    assert reasons.keys() == {("another", 7), (stage.raw, 5), (stage.raw, 8), (stage.raw, 9)}
    assert "frames" in reasons[stage.raw, 5]
    assert "interval" in reasons[stage.raw, 8]
    assert f"partition {HOME}" in reasons[stage.raw, 9]
    assert "topic another" in reasons["another", 7]


def test_a_letter_is_put_back_once_however_often_it_was_written_and_asked_for(stage: Harness) -> None:
    bury(stage, letter(stage, GOOD), letter(stage, GOOD))
    assert len(letters(stage).replay()[0]) == 1
    bury(stage, letter(stage, GOOD))  # as a dataflow that lost its state does
    assert letters(stage).replay() == ([], [])
    assert [entry.replayed for entry in letters(stage).entries()] == [True]
    assert stage.messages(stage.raw, HOME) == [GOOD]


def test_records_go_back_in_the_order_in_which_they_lay(stage: Harness) -> None:
    values = [pack([frame]) for frame in frames("ada", series(1, 5))]
    dead = [letter(stage, value, offset) for offset, value in enumerate(values)]
    bury(stage, *dead[::-1])
    letters(stage).replay()
    assert stage.messages(stage.raw, HOME) == values


def test_of_two_that_replay_at_once_the_earlier_fails_and_nothing_is_put_back_twice(stage: Harness) -> None:
    bury(stage, letter(stage, GOOD))
    earlier = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.dead}-replay"})
    earlier.init_transactions(20)
    earlier.begin_transaction()
    earlier.produce(stage.raw, GOOD, partition=HOME)
    earlier.produce(stage.dead, None, letter(stage, GOOD).key)
    assert earlier.flush(20) == 0
    assert len(letters(stage).replay()[0]) == 1
    with pytest.raises(KafkaException):
        earlier.commit_transaction(20)
    assert stage.messages(stage.raw, HOME) == [GOOD]


def test_a_running_dataflow_takes_what_is_put_back(stage: Harness) -> None:
    """All of one person's records are dead; put back they give what they would have given, and one event."""
    sent = population(4)
    ada = [frame for frame in sent if frame.user == "user-1"]
    stage.start()
    stage.send([frame for frame in sent if frame.user != "user-1"])
    partition = partition_of("user-1", PARTITIONS)
    bury(stage, *(letter(stage, pack([frame]), i, partition) for i, frame in enumerate(ada)))
    replayed, left = DeadLetterTopic(stage.bootstrap, stage.dead, stage.raw, RULES).replay()
    assert (len(replayed), left) == (len(ada), [])
    assert_holds(stage, sent)
    assert set(stage.receiver.requests.values()) == {1}
    for partition_ in range(PARTITIONS):
        wanted = f'biosync_consumer_lag_records{{partition="{partition_}"}} 0.0'
        until(lambda wanted=wanted: wanted in metrics(stage), 20, wanted)
