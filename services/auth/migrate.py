"""`python -m services.auth.migrate`: brings the database to its newest schema, before the Pods of a rollout start."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings

from contracts.connections import DatabaseVariables
from services.kit.migrations import upgrade

VERSIONS = Path(__file__).parent / "migrations"


class MigrationSettings(DatabaseVariables, BaseSettings):
    """DATABASE_URL and CA_FILE."""


if __name__ == "__main__":
    upgrade(MigrationSettings(), VERSIONS)  # pyright: ignore[reportCallIssue]  fields come from the environment
