"""PostgreSQL: the engine of an RDS instance and of the time-series database."""

from local.engines.postgres.cluster import SUPERUSER
from local.engines.postgres.configuration import Tls
from local.engines.postgres.server import Login, Postgres

__all__ = ["SUPERUSER", "Login", "Postgres", "Tls"]
