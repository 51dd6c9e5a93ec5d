"""Who is connected to this process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from services.ingest.admission import Limits, Share

if TYPE_CHECKING:
    from services.ingest.websocket.connection import Socket


class Person:
    """A user with at least one socket here, and their share of frames over all of them."""

    __slots__ = ("share", "sockets", "user")

    def __init__(self, user: str, now: float, limits: Limits) -> None:
        self.user = user
        self.share = Share(now, limits)
        self.sockets: tuple[Socket, ...] = ()


class People:
    """The users with open sockets, by user id; and those who left lately with their share used up.

    The latter, so that nobody gets a new share by connecting again.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.connections = 0
        self._people: dict[str, Person] = {}

    def person(self, user: str, now: float) -> Person:
        """The person, who counts as connected only once a socket joins."""
        return self._people.get(user) or Person(user, now, self.limits)

    def join(self, socket: Socket) -> None:
        person = self._people.setdefault(socket.person.user, socket.person)
        socket.person = person
        person.sockets = (*person.sockets, socket)
        self.connections += 1

    def leave(self, socket: Socket, now: float) -> None:
        person = socket.person
        person.sockets = tuple(other for other in person.sockets if other is not socket)
        self.connections -= 1
        if not person.sockets and person.share.full(now, self.limits):
            del self._people[person.user]

    def forget(self, now: float) -> None:
        """Drops those who left and whose share is full again."""
        for person in list(self._people.values()):
            if not person.sockets and person.share.full(now, self.limits):
                del self._people[person.user]

    def sockets_of(self, user: str) -> tuple[Socket, ...]:
        person = self._people.get(user)
        return person.sockets if person else ()

    def sockets(self) -> Iterator[Socket]:
        """All sockets at this moment; they may leave while the caller goes through them."""
        for person in list(self._people.values()):
            yield from person.sockets
