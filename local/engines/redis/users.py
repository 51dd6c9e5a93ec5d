"""The users of a Redis server: the provider's, and the one of its customers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

ADMINISTRATOR = "elasticache"
"""The provider's user, as on ElastiCache; customers do not get its password."""

RESTRICTED = (
    *("acl|setuser", "acl|load", "acl|save", "acl|deluser", "bgrewriteaof", "bgsave", "config", "debug", "failover"),
    *("migrate", "module", "psync", "replicaof", "save", "shutdown", "slaveof", "sync"),
    *(f"cluster|{name}" for name in ("addslots", "addslotsrange", "bumpepoch", "delslots", "delslotsrange")),
    *(f"cluster|{name}" for name in ("failover", "flushslots", "forget", "links", "meet", "setslot")),
)
"""Commands that ElastiCache keeps from its customers: "Supported and restricted commands" in its user guide."""


@dataclass(frozen=True)
class Access:
    """Who may log in: the provider with the password `administrator`; customers with one of `tokens`."""

    administrator: str
    tokens: tuple[str, ...] = ()
    required: bool = False
    """Whether customers without a token are refused."""

    def rules(self) -> list[str]:
        """Of the customers' user, as ACL SETUSER takes them; they hold digests, no tokens."""
        passwords = [f"#{hashlib.sha256(token.encode()).hexdigest()}" for token in self.tokens]
        forbidden = [f"-{command}" for command in RESTRICTED]
        return ["on", "resetpass", *(passwords if self.required else ["nopass"]), "~*", "&*", "+@all", *forbidden]
