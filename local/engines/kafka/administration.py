"""What the local cloud itself asks of a cluster: over the listener of the brokers, by their principal."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import (
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from local.engines.kafka.settings import Identity, Listeners, Node
from local.engines.runtime.process import EngineFailed

SECONDS = 20.0
_ITERATIONS = 4096
"""Of SCRAM: Kafka's least and default."""

_silent = logging.getLogger(f"{__name__}.librdkafka")
_silent.addHandler(logging.NullHandler())
_silent.propagate = False  # connections that are refused while a broker starts are no news


def client_settings(
    nodes: Iterable[Node], identity: Identity, listeners: Listeners, authority: Path | None, abroad: bool = False
) -> dict[str, Any]:
    """Of a client of the brokers' own listener; `abroad`: of one in another region."""
    protocol, port = listeners.protocols()["REPLICATION"]
    known = [node.abroad if abroad and node.abroad else (node.address, port) for node in nodes]
    trusted = {"ssl.ca.location": str(authority)} if authority is not None and listeners.in_cluster_tls else {}
    return {
        "bootstrap.servers": ",".join(f"{address}:{port}" for address, port in known),
        "security.protocol": protocol,
        "sasl.mechanism": "PLAIN",
        "sasl.username": identity.user,
        "sasl.password": identity.password,
        "reconnect.backoff.ms": "50",
        "reconnect.backoff.max.ms": "200",
        **trusted,
    }


class Administration:
    """A client of the brokers `nodes`. `authority` is the certificate that theirs are issued by."""

    def __init__(self, nodes: Iterable[Node], identity: Identity, listeners: Listeners, authority: Path | None) -> None:
        self._client = AdminClient(client_settings(nodes, identity, listeners, authority), logger=_silent)

    def registered(self, seconds: float = 1.0) -> set[int]:
        """Ids of the brokers that serve; empty without an answer."""
        try:
            return set(self._client.list_topics(timeout=seconds).brokers)
        except KafkaException:
            return set()

    def in_sync(self, seconds: float = 5.0) -> bool:
        """Whether every partition has all of its replicas in sync."""
        try:
            topics = self._client.list_topics(timeout=seconds).topics.values()
        except KafkaException:
            return False
        return all(len(p.isrs) == len(p.replicas) for topic in topics for p in topic.partitions.values())

    def alter_users(self, passwords: Mapping[str, str], removed: Iterable[str]) -> None:
        """Creates or changes SCRAM users, and deletes those in `removed`; unknown ones are ignored.

        Raises EngineFailed with the name of a user when the brokers refuse it.
        """
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
        changes: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(user, info, password.encode()) for user, password in passwords.items()
        ]
        known = self.users() if removed else set()
        gone = [user for user in removed if user in known]
        changes += [UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512) for user in gone]
        if not changes:
            return
        for user, done in self._client.alter_user_scram_credentials(changes, request_timeout=SECONDS).items():
            try:
                done.result(SECONDS)
            except KafkaException as error:
                raise EngineFailed(f"Kafka did not take the credentials of {user}: {error}") from error

    def users(self) -> set[str]:
        """Names of the SCRAM users."""
        described: Any = self._client.describe_user_scram_credentials(request_timeout=SECONDS)
        try:
            return set(described.result(SECONDS))
        except KafkaException as error:
            raise EngineFailed(f"Kafka did not list its users: {error}") from error
