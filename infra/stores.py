"""The databases, the stream and the cache of a region."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from infra.components.base import Component
from infra.components.cache import Cache
from infra.components.database import Database
from infra.components.secrets import SecretStore
from infra.components.stream import Stream
from infra.region_config import RegionConfig

Place = tuple[pulumi.Output[str], Sequence[pulumi.Output[str]], pulumi.Output[str], pulumi.Output[str], SecretStore]
"""VPC, subnets, security group of the clients, key, secrets."""


class Stores:
    """Passwords are those of `home`, the stores of the region that generated them; None generates them."""

    def __init__(
        self, parent: Component, name: str, place: Place, config: RegionConfig, paired: bool, home: Stores | None
    ) -> None:
        opts, self._paired = parent.child(), paired
        self.databases: dict[str, Database] = {}
        for database, of in config.databases.items():
            password = home.databases[database].password if home else None
            self.databases[database] = Database(f"{name}-{database}", database, *place, of, password, opts)
        stream, cache = (home.stream.generated, home.cache.password) if home else (None, None)
        self.stream = Stream(f"{name}-stream", *place, config.stream, stream, paired, opts)
        self.cache = Cache(f"{name}-cache", *place, config.cache, cache, opts)

    def start(self, active: Stores | None = None, datastore: pulumi.Input[str] | None = None) -> None:
        """As replicas of the `active` region's, whose cache is in the global `datastore`; None starts primaries."""
        for name, database in self.databases.items():
            database.start(self._paired, active.databases[name].instance.arn if active else None)
        self.cache.start(self._paired, datastore)
