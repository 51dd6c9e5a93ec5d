"""A client of Kafka's administration for the life of a process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

_NO_ANSWER = {KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._ALL_BROKERS_DOWN}


class LastingAdmin:
    """Made anew after a request without an answer: the client may have given all brokers up (broker_watch.py)."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)
        self._client = AdminClient(self._settings)

    @contextmanager
    def asking(self) -> Iterator[AdminClient]:
        """The client, for a request and its answer: the futures of a client that is gone never resolve."""
        client = self._client
        try:
            yield client
        except (KafkaException, TimeoutError) as error:
            if isinstance(error, TimeoutError) or error.args[0].code() in _NO_ANSWER:
                self._client = AdminClient(self._settings)
            raise
