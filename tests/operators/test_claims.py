"""Whose a role and a database are."""

from __future__ import annotations

import pytest

from operators.adapters.aws.claims import Claimant, Existing, Server, conflict

MINE = Claimant("AuraService", "aura", "first", "cluster-1")
SECOND = Claimant("AuraService", "aura", "second", "cluster-1")
ELSEWHERE = Claimant("AuraService", "aura", "first", "cluster-2")
NOTHING = Server("master", None, None)


def server(role: str | None, database: str | None, owner: str = "data") -> Server:
    return Server(
        "master", None if role is None else Existing(role), None if database is None else Existing(database, owner)
    )


@pytest.mark.parametrize(
    "found",
    [
        NOTHING,
        server(MINE.comment, None),
        server(MINE.comment, MINE.comment),
        server(MINE.comment, "", "data"),
        server(None, MINE.comment, "master"),
    ],
    ids=["nothing", "a role", "both", "created a moment ago", "its role was dropped"],
)
def test_what_is_absent_or_ones_own_is_no_conflict(found: Server) -> None:
    assert conflict(MINE, "data", found, proven=False) == ""


@pytest.mark.parametrize(
    ("found", "whose"),
    [
        (server(SECOND.comment, SECOND.comment), "role data belongs to AuraService aura/second"),
        (server(None, SECOND.comment), "database data belongs to AuraService aura/second"),
        (server(MINE.comment, SECOND.comment), "database data belongs to AuraService aura/second"),
        (server(ELSEWHERE.comment, None), "AuraService aura/first of cluster cluster-2"),
        (server("", None), "role data exists already and was not made"),
        (server("of the billing team", None), "role data exists already and was not made"),
        (server(None, "", "colleague"), "database data exists already and was not made"),
        (server(MINE.comment, "", "colleague"), "database data exists already and was not made"),
    ],
)
def test_what_belongs_to_another_is_named(found: Server, whose: str) -> None:
    assert whose in conflict(MINE, "data", found, proven=False)


def test_the_first_database_of_an_instance_is_its_first_services_while_it_is_empty() -> None:
    first = Existing("", "master", unused=True)
    assert conflict(MINE, "data", Server("master", None, first), proven=False) == ""
    assert conflict(MINE, "data", Server("master", Existing(""), first), proven=False)
    assert conflict(MINE, "data", Server("master", None, Existing(SECOND.comment, "second", True)), proven=False)


def test_a_working_password_proves_what_was_made_before_ownership_was_recorded() -> None:
    before = server("", "", "data")
    assert conflict(MINE, "data", before, proven=False)
    assert conflict(MINE, "data", before, proven=True) == ""


def test_a_working_password_does_not_outweigh_the_record_of_another() -> None:
    assert "aura/second" in conflict(MINE, "data", server(SECOND.comment, ""), proven=True)


@pytest.mark.parametrize(
    "name", ["postgres", "template0", "template1", "pg_monitor", "pg_x", "rdsadmin", "rds_superuser", "public", "none"]
)
@pytest.mark.parametrize("proven", [False, True])
def test_reserved_names_and_the_master_user_are_refused_even_if_nothing_exists(name: str, proven: bool) -> None:
    assert "reserves" in conflict(MINE, name, NOTHING, proven=proven)
    assert "master user" in conflict(MINE, "master", NOTHING, proven=proven)
