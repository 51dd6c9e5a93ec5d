"""The output of `aura dead-letters`."""

from __future__ import annotations

import io
import json

import pytest
from confluent_kafka import KafkaError, KafkaException
from rich.console import Console

from cli.dead_letters import guarded, state, table
from contracts.records import NO_OFFSET, DeadLetter, StoredFrame, pack
from dataflows.biosync.signal.rules import Rules
from dataflows.biosync.tools.dead_letters import DeadLetterTopic, Entry

VALUE = pack([StoredFrame(f"user-{n}", "watch", 1, 0, "", [1], [800.0]) for n in range(5)])
PENDING = Entry(DeadLetter("raw", 3, 17, "a [red]reason[/] of its own", VALUE), "dead", 2, 4, 1_760_000_000_000, False)
UNREADABLE = Entry(DeadLetter("raw", 3, 18, "no", b"\xc1"), "dead", 0, 5, 1_760_000_000_000, True)


def shown(*entries: tuple[Entry, str]) -> list[str]:
    output = io.StringIO()
    Console(width=300, file=output).print(table(entries, "status"))
    return output.getvalue().splitlines()


def test_a_dead_letter_is_listed_with_record_time_users_and_reason_as_written() -> None:
    (_, line) = shown((PENDING, "can be processed"))
    for text in (
        "dead/2/4",
        "raw/3/17",
        "2025-10-09 08:53:20Z",
        "user-0, user-1, user-2 and 2 more",
        PENDING.letter.reason,
    ):
        assert text in line


def test_an_unreadable_value_is_listed_as_such() -> None:
    assert "unreadable" in shown((UNREADABLE, ""))[1]


def test_a_result_is_listed_with_its_user_and_why_it_is_not_replayed() -> None:
    value = b'{"user": "ada\\u0000", "at": 1760000000000, "hr": 60.0}'
    row = Entry(
        DeadLetter("raw", 3, NO_OFFSET, "store, encoding: NUL", value, "row"), "dead", 0, 6, 1_760_000_000_000, False
    )
    rejection = DeadLetterTopic({}, "dead", "raw", Rules()).rejection(row.letter, 12)
    (_, line) = shown((row, state(row, rejection)))
    for text in ("raw/3/row", "ada<U+0000>", "store, encoding", "a row of the history is a result and is not replayed"):
        assert text in line


def test_a_record_of_a_service_is_listed_with_its_place_and_user_and_why_it_is_not_replayed() -> None:
    letter = DeadLetter("user-events", 1, 7, "not an event: limit", b'{"user": "ada"}', "record", "users-rewards")
    rejection = DeadLetterTopic({}, "dead", "raw", Rules()).of_services().rejection(letter, 12)
    (_, line) = shown((Entry(letter, "services-dead", 1, 6, 1_760_000_000_000, False), rejection))
    for text in (
        "services-dead/1/6",
        "user-events/1/7",
        "ada",
        "users-rewards",
        "not an event: limit",
        "it is not replayed: have its writer",
    ):
        assert text in line


@pytest.mark.parametrize("odd", ["a\x1b[2J", "\x9b2J", "a\nb", "\u202eb", "\ud800"])
def test_text_of_others_controls_no_terminal(odd: str) -> None:
    value = pack([StoredFrame(odd.encode(errors="replace").decode(), "watch", 1, 0, "", [1], [800.0])])
    entries = [
        Entry(DeadLetter(odd, 3, 17, f"frame 1 of {odd}", value), "dead", 0, 4, 0, False),
        Entry(DeadLetter("raw", 3, NO_OFFSET, odd, json.dumps({"user": odd}).encode(), "row"), "dead", 0, 5, 0, False),
    ]
    lines = shown(*((entry, f"{odd} belongs to another partition") for entry in entries))
    assert len(lines) == 3
    assert not [character for line in lines for character in line if not character.isprintable()]


def test_the_status_is_replayed_or_replayable_or_the_rejection() -> None:
    assert state(UNREADABLE, "whatever") == "replayed"
    assert state(PENDING, "") == "can be processed"
    assert state(PENDING, "moved") == "moved"


def test_when_kafka_fails_the_message_states_what_is_intact() -> None:
    def fail() -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT, "broker is down"))

    with pytest.raises(SystemExit, match=r"broker is down.*No dead letter is lost.*Repeat"):
        guarded(fail)
