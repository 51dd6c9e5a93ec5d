"""Whether a role and a database of a server belong to a resource. Pure.

PostgreSQL itself holds the record: a comment on the role and on the database names the resource they were made for.
What exists without such a comment is somebody else's, and so is what carries the comment of another resource, be it of
another cluster. Nothing of these is altered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from contracts.auraservice import RESERVED_DATABASES

_PREFIX = "aura-operators: "


@dataclass(frozen=True)
class Claimant:
    """A resource that wants a role and a database."""

    kind: str
    namespace: str
    name: str
    cluster: str
    """The uid of the cluster's namespace kube-system; of a pair, whose clusters take turns with the same databases, the
    name of the witness bucket."""

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def comment(self) -> str:
        """The comment that records its ownership."""
        return f"{_PREFIX}{self} of cluster {self.cluster}"


@dataclass(frozen=True)
class Existing:
    """A role or database as found; `owner` is the owner of a database, "" for a role. `unused` is true of the database
    that the instance was created with, as long as it is the master user's and empty: it waits for its first service."""

    comment: str
    owner: str = ""
    unused: bool = False


@dataclass(frozen=True)
class Server:
    """What a server has under the name that a resource wants; None stands for nothing."""

    master: str
    role: Existing | None
    database: Existing | None


def conflict(claimant: Claimant, name: str, server: Server, *, proven: bool) -> str:
    """Why `claimant` must leave role and database `name` alone; "" if both are its own or do not exist.

    `proven` says that the password in the claimant's own Secret opens the database: what an operator made before
    ownership was recorded is recognized by that. A database without a comment belongs to whom its role belongs, since
    it is created under that role before it can get one.
    """
    if why := reserved(name, server.master):
        return why
    role, database = server.role, server.database
    if role is not None and (other := _other(claimant, role.comment, proven)):
        return f"role {name} {other}"
    if database is None:
        return ""
    own = database.unused or (role is not None and database.owner == name)
    if other := _other(claimant, database.comment, own):
        return f"database {name} {other}"
    return ""


def reserved(name: str, master: str) -> str:
    """Why no resource can ever have this name; "" if one can."""
    if re.match(RESERVED_DATABASES, name):
        return f"{name} is a name that PostgreSQL or RDS reserves"
    return f"{name} is the master user of the instance" if name == master else ""


def _other(claimant: Claimant, comment: str, own_without_comment: bool) -> str:
    """Whose it is, in words; "" if it is the claimant's."""
    if comment == claimant.comment:
        return ""
    if comment.startswith(_PREFIX):
        return f"belongs to {comment.removeprefix(_PREFIX)}"
    return "" if own_without_comment else "exists already and was not made for an AuraService"
