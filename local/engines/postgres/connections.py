"""The provider's connections to a server, which nothing that the customer sets ends."""

from __future__ import annotations

from typing import Any

import psycopg

_UNHINDERED = "-c statement_timeout=0 -c lock_timeout=0 -c idle_session_timeout=0 -c default_transaction_read_only=off"
"""In place of what a customer sets for everybody's sessions."""


def connect(conninfo: str, password: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Raises psycopg.OperationalError."""
    return psycopg.connect(conninfo, password=password, autocommit=True, options=_UNHINDERED)
