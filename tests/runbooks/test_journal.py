"""The journal on disk: what a crash cuts off, what copies that do not answer delay, who else has it open."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.journal import JournalInUse, JournalUnreadable, opened
from runbooks.model import Entry, Event

STARTED, DONE = Entry(1, Event.STARTED, plan_hash="h"), Entry(2, Event.DONE, "s", facts={"rows": 3})


def test_what_was_appended_is_there_again_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "e.jsonl"
    with opened(file) as journal:
        journal.append(STARTED)
        journal.append(DONE)
    file.write_bytes(file.read_bytes() + b'{"at":3,"ev')
    with opened(file) as journal:
        assert journal.entries == [STARTED, DONE]
        journal.append(DONE)
    with opened(file) as journal:
        assert journal.entries == [STARTED, DONE, DONE]


def test_a_damaged_line_in_the_middle_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "e.jsonl"
    file.write_bytes(b'{"nothing": 1}\n')
    with pytest.raises(JournalUnreadable, match="line 1"), opened(file):
        pytest.fail("it was opened")


def test_two_processes_do_not_have_it_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "e.jsonl"), pytest.raises(JournalInUse), opened(tmp_path / "e.jsonl"):
        pytest.fail("it was opened twice")


def test_each_line_is_copied_in_order_and_a_copy_that_fails_is_made_up_for(tmp_path: Path) -> None:
    copied: list[tuple[str, bytes]] = []
    broken = [True, True, False, False, False]

    def copy(key: str, line: bytes) -> None:
        if broken and broken.pop(0):
            raise OSError("it does not answer")
        copied.append((key, line))

    with opened(tmp_path / "e.jsonl", [copy]) as journal:
        for one in (STARTED, DONE, DONE):
            journal.append(one)
    assert [key for key, _ in copied] == [f"runbooks/e/{number:06d}.json" for number in (1, 2, 3)]
    assert b"".join(line for _, line in copied) == (tmp_path / "e.jsonl").read_bytes()
