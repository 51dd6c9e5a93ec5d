"""Brings a service's database to its newest schema with Alembic, before the Pods of a rollout start.

Pods that run the version before go on meanwhile: a migration only adds, and what nobody reads any more is removed by a
later one.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg.conninfo import make_conninfo
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from contracts.connections import DatabaseVariables

LOCK = 7_205_759_403
"""Of PostgreSQL's advisory locks, in each service's own database: two Pods that start together migrate in turn."""


def upgrade(variables: DatabaseVariables, versions: Path) -> None:
    """Runs the migrations of the folder `versions` that the database has not had, each in a transaction of its own.

    Waits while another process migrates. Raises psycopg.OperationalError while the database cannot be reached; what a
    failed migration began is rolled back.
    """
    conninfo = make_conninfo(
        variables.database_url.get_secret_value(), **variables.database_verification, connect_timeout=10
    )
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    with engine.connect() as connection:
        connection.execute(text(f"select pg_advisory_lock({LOCK})"))
        connection.commit()  # the lock is the session's, until the connection ends
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
