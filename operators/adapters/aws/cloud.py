"""The clients of one AWS region."""

from __future__ import annotations

from operators.adapters.aws.rds import Databases
from operators.adapters.aws.secrets_manager import SecretsManager
from operators.adapters.aws.state_bucket import StateBucket


class Cloud:
    """Secrets, databases and snapshots of one region; `ca_file` has the authorities that certify the databases."""

    def __init__(self, region: str, endpoint: str | None, prefix: str, cache_seconds: float, ca_file: str) -> None:
        self.secrets = SecretsManager(region, endpoint, prefix, cache_seconds)
        self.databases = Databases(self.secrets, ca_file)
        self.snapshots = StateBucket(region, endpoint)
