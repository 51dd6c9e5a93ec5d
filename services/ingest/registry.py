"""Registry of the connections of this process, by user."""

from __future__ import annotations

from collections.abc import Iterator

from services.ingest.admission import Limits, TokenBucket
from services.ingest.expiry import Expiry
from services.ingest.websocket.connection import Connection


class User:
    """A user with at least one connection here, and the rate limit over all of them."""

    __slots__ = ("bucket", "connections", "id")

    def __init__(self, id: str, now: float, limits: Limits) -> None:
        self.id = id
        self.bucket = TokenBucket(now, limits)
        self.connections: tuple[UserConnection, ...] = ()


class UserConnection(Connection):
    """A WebSocket of a user, with what frames and pushes on it need."""

    __slots__ = ("expires", "partition", "sent_events", "trace", "user")

    def __init__(self, user: User, partition: int, trace: str, now: float, expires: float) -> None:
        super().__init__(now)
        self.expires = expires
        """Unix seconds at which the token ends that the connection was opened with."""
        self.user = user
        self.partition = partition
        self.trace = trace
        self.sent_events: set[str] | None = None
        """Ids of the events whose push was sent on this connection."""


class ConnectionRegistry:
    """Users with open connections, by id; and those who disconnected with their rate limit used up.

    The latter are kept so that nobody gets a full bucket by reconnecting.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.count = 0
        """Open connections."""
        self._users: dict[str, User] = {}
        self._expiry: Expiry[UserConnection] = Expiry()

    def user(self, id: str, now: float) -> User:
        """The user; a new one is registered only when a connection is added."""
        return self._users.get(id) or User(id, now, self.limits)

    def add(self, connection: UserConnection) -> None:
        user = self._users.setdefault(connection.user.id, connection.user)
        connection.user = user
        user.connections = (*user.connections, connection)
        self._expiry.add(connection, connection.expires)
        self.count += 1

    def remove(self, connection: UserConnection, now: float) -> None:
        user = connection.user
        user.connections = tuple(other for other in user.connections if other is not connection)
        self._expiry.discard(connection, connection.expires)
        self.count -= 1
        if not user.connections and user.bucket.is_full(now, self.limits):
            del self._users[user.id]

    def prune(self, now: float) -> None:
        """Drops users without connections whose bucket is full again."""
        for user in list(self._users.values()):
            if not user.connections and user.bucket.is_full(now, self.limits):
                del self._users[user.id]

    def take_expired(self, now: float) -> list[UserConnection]:
        """The connections whose token has ended at `now` (Unix seconds), each once."""
        return self._expiry.take_due(now)

    def connections_of(self, user_id: str) -> tuple[UserConnection, ...]:
        user = self._users.get(user_id)
        return user.connections if user else ()

    def connections(self) -> Iterator[UserConnection]:
        """All connections at this moment; they may be removed during the iteration."""
        for user in list(self._users.values()):
            yield from user.connections
