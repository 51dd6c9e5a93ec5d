"""What `aura dead-letters` says of a letter."""

from __future__ import annotations

import io

import pytest
from confluent_kafka import KafkaError, KafkaException
from rich.console import Console

from cli.dead_letters import guarded, state, table
from contracts.records import DeadLetter, StoredFrame, pack
from dataflows.biosync.tools.replay import Entry

VALUE = pack([StoredFrame(f"user-{n}", "watch", 1, 0, "", [1], [800.0]) for n in range(5)])
WAITING = Entry(DeadLetter("raw", 3, 17, "a [red]reason[/] of its own", VALUE), 4, 1_760_000_000_000, False)
UNREADABLE = Entry(DeadLetter("raw", 3, 18, "no", b"\xc1"), 5, 1_760_000_000_000, True)


def shown(*entries: tuple[Entry, str]) -> list[str]:
    written = io.StringIO()
    Console(width=200, file=written).print(table(entries, "now"))
    return written.getvalue().splitlines()


def test_a_letter_is_told_with_place_moment_people_and_reason_as_it_was_written() -> None:
    (_, line) = shown((WAITING, "can be processed"))
    for told in ("raw/3/17", "2025-10-09 08:53:20Z", "user-0, user-1, user-2 and 2 more", WAITING.letter.reason):
        assert told in line


def test_what_cannot_be_read_says_so() -> None:
    assert "unreadable" in shown((UNREADABLE, ""))[1]


def test_a_letter_is_replayed_or_can_be_or_has_a_hindrance() -> None:
    assert state(UNREADABLE, "whatever") == "replayed"
    assert state(WAITING, "") == "can be processed"
    assert state(WAITING, "moved") == "moved"


def test_when_kafka_fails_what_is_intact_is_told() -> None:
    def fail() -> None:
        raise KafkaException(KafkaError(KafkaError._TRANSPORT, "broker is away"))

    with pytest.raises(SystemExit, match=r"broker is away.*No letter is lost.*Repeat"):
        guarded(fail)
