"""The roles of the provider, whom customers do not log in as."""

from __future__ import annotations

SUPERUSER = "rdsadmin"
"""The provider's role, as on RDS."""
REPLICATOR = "rdsrepladmin"
"""The role of standbys, as on RDS: it may replicate, and do nothing else."""
