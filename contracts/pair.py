"""What runbooks must know of a pair when nothing of a region answers: names and ARNs, as the Pulumi program exports
them (`pulumi stack output pair`). A copy lies at the witness, PAIR_KEY, and in each cluster, ConfigMap `aura-pair`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from contracts.decoding import of_others

PAIR_KEY = "pair.json"
"""At the witness, and in the ConfigMap PAIR_CONFIG of each cluster."""
PAIR_CONFIG = "aura-pair"


class DatabasePair(msgspec.Struct, frozen=True):
    """ARNs of the two instances; which of them is the primary today, only RDS knows."""

    primary: str
    replica: str

    def arn_in(self, region: str) -> str:
        """Of the instance in this region. Raises KeyError when neither is there."""
        for arn in (self.primary, self.replica):
            if arn.split(":")[3] == region:
                return arn
        raise KeyError(region)

    def name_in(self, region: str) -> str:
        """The instance's name in this region. Raises KeyError when neither is there."""
        return self.arn_in(region).rpartition(":")[2]


class Pair(msgspec.Struct, frozen=True, rename="camel"):
    """`active` and `passive` are the roles of when it was written; the lease says who serves."""

    active: str
    passive: str
    home: str
    databases: dict[str, DatabasePair]
    global_datastore: str
    replication_groups: dict[str, str]
    streams: dict[str, str]
    replicators: dict[str, str]
    backup_buckets: dict[str, str]
    state_buckets: dict[str, str]
    witness_bucket: str

    @property
    def regions(self) -> tuple[str, str]:
        """In a fixed order, whoever serves."""
        first, second = sorted((self.active, self.passive))
        return first, second

    def other(self, region: str) -> str:
        """Raises KeyError for a region that is not of the pair."""
        if region not in self.regions:
            raise KeyError(region)
        return self.passive if region == self.active else self.active


read = of_others(msgspec.json.Decoder(Pair).decode)
"""Raises msgspec.DecodeError or ValidationError on anything else; members that are not named here are left out."""


def of_output(output: Mapping[str, object]) -> Pair:
    """From the stack output. Raises msgspec.ValidationError, which names the member."""
    return msgspec.convert(output, Pair)


def encode(pair: Pair) -> bytes:
    return msgspec.json.format(msgspec.json.encode(pair), indent=2)


def witness_bucket(domain: str) -> str:
    """Its name, which follows from the domain: to be found when nothing else is left."""
    return f"aura-witness-{domain.replace('.', '-')}"
