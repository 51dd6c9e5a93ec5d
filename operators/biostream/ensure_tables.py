"""Makes and changes the tables of a BioStream in its time-series store; tells of a copy, and keeps a fenced one so."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaClient
from operators.adapters.kafka.admin import KafkaRefused, KafkaUnreachable, TopicAdmin
from operators.adapters.kept import release
from operators.adapters.standing import Standing
from operators.adapters.timeseries import Store, StoreRefused, StoreUnavailable
from operators.biostream.desired import database_secret
from operators.biostream.locations import Locations
from operators.biostream.sharing import filling, kept_sink
from operators.biostream.standby import copied
from operators.kubernetes.conditions import Finding, State, broken, good, waiting
from operators.kubernetes.pods import authority_secret

TABLES_READY = "TablesReady"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tables:
    """`kafka` returns the admin client for brokers, which say how old a copy is."""

    store: Store
    kafka: Callable[[KafkaClient], TopicAdmin]

    async def ensure(self, found: Locations, topic: Finding, standing: Standing) -> Finding:
        streams, spec = found.streams, found.streams.mine.spec
        if not found.url:
            return waiting(TABLES_READY, "DatabaseMissing", _missing(spec, database_secret(spec), "uri"))
        if not found.authority:
            missing = _missing(spec, authority_secret(spec.sink.database), "ca.crt")
            return waiting(TABLES_READY, "DatabaseMissing", missing)
        sink = kept_sink(streams.mine, streams.others)
        try:
            if copy := await self.store.copy(found.url, spec.sink.database, found.authority):
                newest = await self._newest(found) if topic.state is State.GOOD else None
                return copied(TABLES_READY, found, copy, newest, datetime.now(UTC))
            if not standing.writes:
                state = await self.store.fence(found.url, sink, found.authority)
                return good(TABLES_READY, "ReadOnly", f"database {state}: {standing.reason}")
            fillers = filling(streams.mine, streams.others)
            now, stream = datetime.now(UTC), str(streams.mine)
            tables = await self.store.ensure(found.url, sink, now, stream, fillers, found.authority)
        except StoreUnavailable as error:
            return broken(TABLES_READY, "StoreUnavailable", str(error))
        except StoreRefused as error:
            return broken(TABLES_READY, "StoreRefused", f"{error}; what the tables hold is intact")
        message = f"tables and views exist ({tables.partitioning})"
        if tables.kept.stream not in fillers:
            message += f"; rows are kept {tables.kept.retention}, as BioStream {tables.kept.stream} declared, which is"
            message += f" gone; to let its rows go earlier, run as their owner: {release()}"
        elif tables.kept.retention != spec.sink.retention:
            message += f"; rows are kept {tables.kept.retention}, as a stream that shares them declares"
        return good(TABLES_READY, "AsDeclared", message)

    async def _newest(self, found: Locations) -> datetime | None:
        """Of the newest record that was copied here; None if there is none, or the brokers do not say."""
        source = found.streams.mine.spec.source
        if found.brokers is None:
            return None
        try:
            return await self.kafka(found.brokers.kafka_client).newest(source.topic, source.partitions)
        except (KafkaUnreachable, KafkaRefused) as error:
            _log.warning("topic %s: age of its newest record is not known: %s", source.topic, error)
            return None


def _missing(spec: BioStreamSpec, secret: str, key: str) -> str:
    """What to look at while CloudNativePG has not made one of the Secrets of the sink's Cluster."""
    cluster = spec.sink.database
    made = f"CloudNativePG makes it with Cluster {cluster}: `kubectl get cluster {cluster}` shows whether that is there"
    return f"Secret {secret} with a {key} does not exist yet; {made} and healthy"
