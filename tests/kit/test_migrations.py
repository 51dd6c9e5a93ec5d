"""Migrations of a service when two Pods start at once, and again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from contracts.connections import DatabaseVariables
from local.engines.certificates import Authority
from services.kit.migrations import upgrade
from services.users.migrate import VERSIONS
from tests.fixtures.engines import Database

pytestmark = pytest.mark.integration


def test_two_pods_migrate_in_turn_over_verified_tls(postgres: Database) -> None:
    uri = postgres.create("kit-migrations")
    variables = DatabaseVariables(database_url=SecretStr(uri), ca_file=str(postgres.authority.certificate))
    with ThreadPoolExecutor(4) as pods:
        for done in [pods.submit(upgrade, variables, VERSIONS) for _ in range(4)]:
            done.result()
    with psycopg.connect(uri) as connection:
        versions = connection.execute("select version_num from alembic_version").fetchall()
        assert versions == [(max(file.name[:4] for file in VERSIONS.glob("0*.py")),)]
        assert connection.execute("select count(*) from people").fetchone() == (0,)


def test_a_database_of_another_authority_is_not_migrated(postgres: Database, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger", "stranger").ensure()
    uri = postgres.create("kit-migrations-refused")
    with pytest.raises((psycopg.OperationalError, OperationalError), match="certificate"):
        upgrade(DatabaseVariables(database_url=SecretStr(uri), ca_file=str(stranger.certificate)), VERSIONS)
