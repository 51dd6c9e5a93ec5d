"""What runbooks must know of a pair when nothing of a region answers: names and ARNs.

The Pulumi program writes it into each cluster, ConfigMap PAIR_CONFIG; runbooks copy it to the witness, PAIR_KEY.
"""

from __future__ import annotations

import msgspec

from contracts.decoding import of_others

PAIR_KEY = "pair.json"
PAIR_CONFIG = "aura-pair"


class Pair(msgspec.Struct, frozen=True, rename="camel"):
    """Without roles: who serves, the lease says; which instance is the primary, RDS."""

    home: str
    away: str
    databases: dict[str, dict[str, str]]
    """Database -> region -> ARN of its instance there."""
    global_datastore: str
    replication_groups: dict[str, str]
    streams: dict[str, str]
    replicators: dict[str, str]
    backup_buckets: dict[str, str]
    state_buckets: dict[str, str]
    witness_bucket: str

    @property
    def regions(self) -> tuple[str, str]:
        return self.home, self.away

    def other(self, region: str) -> str:
        """Raises KeyError for a region that is not of the pair."""
        if region not in self.regions:
            raise KeyError(region)
        return self.away if region == self.home else self.home

    def arn(self, database: str, region: str) -> str:
        """Of the instance in this region. Raises KeyError when there is none."""
        return self.databases[database][region]

    def instance(self, database: str, region: str) -> str:
        """Its name. Raises KeyError when there is none."""
        return self.arn(database, region).rpartition(":")[2]


read = of_others(msgspec.json.Decoder(Pair).decode)
"""Raises msgspec.DecodeError or ValidationError on anything else; members that are not named here are left out."""


def replicator(source: str, target: str) -> str:
    """Name of the replicator of topics from one region to the other."""
    return f"aura-{source}-to-{target}"


def witness_bucket(domain: str) -> str:
    """Its name, which follows from the domain: to be found when nothing else is left."""
    return f"aura-witness-{domain.replace('.', '-')}"
