"""Which errors take a record out of its batch."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import psycopg
import pytest
from psycopg import errors

from contracts.rejection import rejection, write_all, write_all_async


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (errors.ProgramLimitExceeded("index row size"), "limit"),
        (errors.NumericValueOutOfRange(), "data"),
        (errors.UntranslatableCharacter(), "data"),
        (errors.NotNullViolation(), "constraint"),
        (errors.InvalidObjectDefinition("partition would overlap"), "partition"),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), "encoding"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), "encoding"),
        (msgspec.ValidationError("Expected `int`"), "encoding"),
        (errors.UndefinedColumn("dropped"), ""),
        (errors.DiskFull(), ""),
        (errors.InsufficientPrivilege(), ""),
        (psycopg.OperationalError("connection refused"), ""),
        (ConnectionResetError(), ""),
        (TypeError("a mistake of ours"), ""),
    ],
)
def test_errors_about_the_record_are_told_from_those_of_the_store(error: Exception, reason: str) -> None:
    assert rejection(error) == reason


@pytest.mark.parametrize("later", [False, True], ids=["", "async"])
@pytest.mark.parametrize("poison", [set(), {0}, {49}, {7, 8, 30}, set(range(50))])
async def test_what_cannot_be_written_is_returned_and_the_rest_is_written(poison: set[int], later: bool) -> None:
    written: set[int] = set()

    def write(batch: Mapping[int, str]) -> None:
        if wrong := poison & batch.keys():
            raise ValueError(f"{min(wrong)} is wrong")
        written.update(batch)

    async def write_later(batch: Mapping[int, str]) -> None:
        write(batch)

    batch = dict.fromkeys(range(50), "")
    rejected = await write_all_async(batch, write_later) if later else write_all(batch, write)
    assert rejected.keys() == poison
    assert written == set(range(50)) - poison
    assert all(str(error) == f"{number} is wrong" for number, error in rejected.items())


def test_an_error_of_the_store_is_raised_and_nothing_is_given_up() -> None:
    def write(_: object) -> None:
        raise psycopg.OperationalError("down")

    with pytest.raises(psycopg.OperationalError):
        write_all({1: "a", 2: "b"}, write)
