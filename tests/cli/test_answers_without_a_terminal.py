"""What is typed where nobody is at a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cli.recovery.person import Terminal
from runbooks.model import Mode, Plan, Step

AUTH, STORE = Step("auth", "auth", 10), Step("store", "store", 10)
PLAN = Plan("failback", Mode.GRACEFUL, "west", "east", ((AUTH, STORE),))


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return io.StringIO()


def test_each_question_takes_its_own_answer(printed: io.StringIO) -> None:
    person = Terminal(PLAN, Console(file=printed), answers=["delete the store", "delete auth"])
    assert person.ask(AUTH, "auth follows nobody", "delete auth") == "delete auth"
    assert person.ask(STORE, "the store does not follow", "delete the store") == "delete the store"


def test_a_question_that_has_no_answer_is_printed_once_and_keeps_none_from_the_others(printed: io.StringIO) -> None:
    person = Terminal(PLAN, Console(file=printed), answers=["delete the store"])
    for _ in range(2):
        assert person.ask(AUTH, "auth follows nobody", "delete auth") is None
    assert person.ask(STORE, "the store does not follow", "delete the store") == "delete the store"
    assert printed.getvalue().count("To be typed exactly: delete auth") == 1
