"""What PostgreSQL says when it does not start, and whether its settings are to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.engines.postgres import cluster
from local.engines.postgres.starting import InvalidSettings, blamed_by_connection, blamed_by_start, check
from local.engines.runtime.process import EngineFailed

READY = "LOG:  database system is ready to accept connections\n"
MAPPING = "FATAL:  could not map anonymous shared memory: Cannot allocate memory\n"
NO_LIBRARY = 'FATAL:  could not access file "nosuch": No such file or directory\n'


@pytest.mark.parametrize(
    "said", [NO_LIBRARY, "2026-11-30 13:00:00 UTC::@:[7]:FATAL:  22023: invalid value for parameter"]
)
def test_settings_are_blamed_for_a_failed_start(said: str) -> None:
    assert blamed_by_start(f"LOG:  starting PostgreSQL\n{said}", huge_pages=False) is not None


@pytest.mark.parametrize(
    "said",
    [
        'FATAL:  invalid value for parameter "TimeZone": "Banana"\n',
        'FATAL:  could not access file "$libdir/plugins/nosuch": No such file or directory\n',
        "LOG:  statement: SELECT 'FATAL:  could not access file'\n",
    ],
)
@pytest.mark.parametrize("ready", [READY, READY.replace("connections", "read-only connections")])
def test_settings_are_not_blamed_for_a_crash_after_ready(said: str, ready: str) -> None:
    assert blamed_by_start(f"LOG:  starting PostgreSQL\n{ready}{said}", huge_pages=False) is None


def test_memory_that_this_machine_lacks_is_only_blamed_on_huge_pages() -> None:
    assert blamed_by_start(MAPPING, huge_pages=False) is None
    assert blamed_by_start(MAPPING, huge_pages=True) is not None


def test_a_connection_is_refused_for_a_library_and_not_for_want_of_memory() -> None:
    refused = f"connection to server failed: {NO_LIBRARY}"
    assert blamed_by_connection(refused) is not None
    assert blamed_by_connection(refused.replace("No such file or directory", "Cannot allocate memory")) is None
    assert blamed_by_connection("FATAL:  the database system is starting up") is None


@pytest.mark.parametrize(
    "said",
    [
        "FATAL:  out of memory\nDETAIL:  Failed on request of size 16.",
        'FATAL:  could not load library "/l/pg_cron.so": libpq.so.5: cannot allocate memory',
        'FATAL:  could not load library "/l/pg_cron.so": failed to map segment from shared object',
        'postgres: could not access the server configuration file "/f/postgresql.conf": No such file or directory',
        'postgres: could not access directory "/f/data": Permission denied',
    ],
)
def test_settings_are_not_blamed_for_a_shortage(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def fails(*_: object, **__: object) -> str:
        raise EngineFailed(f"postgres failed: {said}\n")

    monkeypatch.setattr(cluster, "run", fails)
    check(Path("data"), [], None, 1)
    said = 'FATAL:  could not load library "/l/x.so": /l/x.so: undefined symbol: f'
    with pytest.raises(InvalidSettings):
        check(Path("data"), [], None, 1)
