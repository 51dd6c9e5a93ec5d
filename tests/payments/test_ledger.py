"""The database keeps the books: whatever SQL the service's own login sends, what is committed is balanced and stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.payments.conftest import Service
from tests.payments.test_entries import ENTRIES

pytestmark = pytest.mark.integration
BEGIN = "insert into ledger_transactions (source, kind, at) values (%s, 'charge', now()) returning id"
POST = "insert into ledger_postings values (%s, %s, %s, %s, %s)"


@pytest.fixture
def books(service: Service) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(service.settings.database_url.get_secret_value()) as connection:
        yield connection
        connection.rollback()


def enter(books: psycopg.Connection[Any], source: str, *postings: tuple[str, str, int]) -> int:
    """Begins a transaction of the ledger with postings (account, currency, amount), in one of the database."""
    row = books.execute(BEGIN, (source,)).fetchone()
    assert row is not None
    for line, posting in enumerate(postings, 1):
        books.execute(POST, (row[0], line, *posting))
    return row[0]


@pytest.mark.parametrize(
    "postings",
    [
        [],
        [("revenue", "usd", -999)],
        [("provider:stripe", "usd", 999), ("revenue", "usd", -998)],
        [("provider:stripe", "usd", 999), ("revenue", "eur", -999)],
        [("provider:stripe", "usd", 1), ("revenue", "usd", -1), ("fees", "eur", 1), ("refunds", "usd", -1)],
    ],
)
def test_what_is_not_zero_in_each_currency_is_not_committed(
    service: Service, books: psycopg.Connection[Any], postings: list[tuple[str, str, int]]
) -> None:
    enter(books, "unbalanced", *postings)
    with pytest.raises(psycopg.errors.CheckViolation, match=r"out of balance|no postings"):
        books.commit()
    assert service.query("select * from ledger_transactions where source = 'unbalanced'") == []


@pytest.mark.parametrize(
    ("posting", "error"),
    [
        (("nowhere", "usd", 1), psycopg.errors.ForeignKeyViolation),
        (("revenue", "dollars", 1), psycopg.errors.CheckViolation),
        (("revenue", "usd", 0), psycopg.errors.CheckViolation),
        (("revenue", "usd", 1 << 63), psycopg.errors.NumericValueOutOfRange),
    ],
)
def test_a_posting_has_an_account_a_currency_and_an_amount(
    books: psycopg.Connection[Any], posting: tuple[str, str, int], error: type[psycopg.Error]
) -> None:
    with pytest.raises(error):
        enter(books, "strange", posting)


def test_what_is_committed_is_closed_and_stays(service: Service, books: psycopg.Connection[Any]) -> None:
    first = enter(books, "closed", ("provider:stripe", "usd", 5), ("revenue", "usd", -5))
    books.commit()
    query = "select line, account, amount from ledger_postings where transaction_id = %s order by line"
    before = service.query(query, first)
    for statement in (
        f"insert into ledger_postings values ({first}, 3, 'fees', 'usd', 1), ({first}, 4, 'refunds', 'usd', -1)",
        f"update ledger_postings set amount = 2 * amount where transaction_id = {first}",
        f"update ledger_transactions set entered_by = pg_current_xact_id() where id = {first}",
        f"delete from ledger_postings where transaction_id = {first}",
        "delete from ledger_transactions",
        "truncate ledger_postings",
        "truncate ledger_transactions cascade",
        "set session_replication_role = replica",
    ):
        with pytest.raises((psycopg.errors.RaiseException, psycopg.errors.InsufficientPrivilege)):
            books.execute(statement.encode())
        books.rollback()
    assert service.query(query, first) == before == [(1, "provider:stripe", 5), (2, "revenue", -5)]
    with pytest.raises(psycopg.errors.UniqueViolation):
        enter(books, "closed")


def test_a_check_that_is_not_deferred_refuses_at_once(books: psycopg.Connection[Any]) -> None:
    books.execute("set constraints all immediate")
    with pytest.raises(psycopg.errors.CheckViolation):
        enter(books, "immediate", ("revenue", "usd", 1))


def test_a_posting_after_the_check_of_its_transaction_is_checked_as_well(books: psycopg.Connection[Any]) -> None:
    first = enter(books, "checked early", ("provider:stripe", "usd", 5), ("revenue", "usd", -5))
    books.execute("set constraints all immediate")
    with pytest.raises(psycopg.errors.CheckViolation):
        books.execute(POST, (first, 3, "fees", "usd", 1))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRIES, max_size=4, unique_by=lambda one: one.source))
def test_the_ledger_accepts_every_kind_of_entry(books: psycopg.Connection[Any], entries: list[Any]) -> None:
    for entry in entries:
        if entry.postings:
            money = [(str(one.account), one.money.currency, one.money.amount) for one in entry.postings]
            enter(books, entry.source, *money)
    books.commit()
