"""PostgreSQL: the engine of an RDS instance and of the time-series database.

A server makes its data by its origin: `Empty`, `Restored` from a base backup, or as the `Standby` of another server.
"""

from local.engines.postgres.backup import (
    Source,
    archive_command,
    first_segment,
    forget_unneeded,
    needed,
    restore_command,
    unneeded,
)
from local.engines.postgres.cluster import checked
from local.engines.postgres.configuration import Tls
from local.engines.postgres.origin import Empty, Following, Origin, Restored, Standby
from local.engines.postgres.positions import Control, segment_of
from local.engines.postgres.roles import SUPERUSER
from local.engines.postgres.server import Login, Postgres, Replication
from local.engines.postgres.starting import InvalidSettings

__all__ = [
    "SUPERUSER",
    "Control",
    "Empty",
    "Following",
    "InvalidSettings",
    "Login",
    "Origin",
    "Postgres",
    "Replication",
    "Restored",
    "Source",
    "Standby",
    "Tls",
    "archive_command",
    "checked",
    "first_segment",
    "forget_unneeded",
    "needed",
    "restore_command",
    "segment_of",
    "unneeded",
]
