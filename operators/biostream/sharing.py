"""What several streams share: topics of one Kafka cluster, and the tables of one database. Pure.

Streams that share something must agree about it. Of two that do not, the older is served and the younger is refused,
with both names; nothing is changed for the younger, and what it already runs goes on. Whatever they declare, data is
kept as long as any stream that fills it declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from contracts.biostream import BioStreamSpec, Sink
from contracts.durations import milliseconds
from operators.adapters.kafka.topics import Topic
from operators.biostream import topics


@dataclass(frozen=True)
class Stream:
    """A stream with where its data lies: `kafka` is a bootstrap address, `store` the host, port and name of a database;
    "" while not known. `runs` says whether its dataflow exists, `terminating` whether it is being deleted."""

    namespace: str
    name: str
    created: str
    """creationTimestamp, in RFC 3339."""
    spec: BioStreamSpec
    kafka: str
    store: str
    runs: bool = False
    terminating: bool = False
    topics: frozenset[str] = frozenset()
    """Names of the topics that it made, or that were handed over to it."""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def age(self) -> tuple[str, str, str]:
        """Sorts streams from the oldest to the youngest."""
        return self.created, self.namespace, self.name


@dataclass(frozen=True)
class Conflict:
    """A stream that is served, and why another can't be served beside it."""

    other: Stream
    difference: str


def conflict(mine: Stream, others: Iterable[Stream]) -> Conflict | None:
    """Why `mine` is refused; None if it is served. A refused stream does not stand in the way of a younger one."""
    served: list[Stream] = []
    for stream in sorted([mine, *others], key=lambda one: one.age):
        found = next((Conflict(one, text) for one in served if (text := difference(one, stream))), None)
        if stream is mine:
            return found
        if found is None:
            served.append(stream)
    return None


def difference(older: Stream, younger: Stream) -> str:
    """What the two can't both have; "" if they can live side by side."""
    return next(_differences(older, younger), "")


def kept_topics(mine: Stream, others: Iterable[Stream]) -> list[Topic]:
    """The topics of `mine`, each with the longest retention that a running stream which shares it declares."""
    declared = topics.desired_topics(mine.spec)
    beside = [one for one in others if one.runs and _same(mine.kafka, one.kafka)]
    theirs = [topic for one in beside for topic in topics.desired_topics(one.spec)]
    return [
        replace(topic, retention_ms=max(one.retention_ms for one in [topic, *theirs] if one.name == topic.name))
        for topic in declared
    ]


def kept_sink(mine: Stream, others: Iterable[Stream]) -> Sink:
    """The sink of `mine`, with the longest retention that a running stream which shares its tables declares."""
    theirs = [one.spec.sink for one in others if one.runs and _same(mine.store, one.store)]
    longest = max([mine.spec.sink, *theirs], key=lambda one: milliseconds(one.retention))
    return mine.spec.sink.model_copy(update={"retention": longest.retention})


def owned_topics(mine: Stream, others: Iterable[Stream]) -> frozenset[str]:
    """Topics of this Kafka that belong to a stream."""
    return mine.topics.union(*(one.topics for one in others if _same(mine.kafka, one.kafka)))


def filling(mine: Stream, others: Iterable[Stream]) -> frozenset[str]:
    """Names of the streams that fill the tables of `mine`, which is one of them."""
    return frozenset(str(one) for one in [mine, *others] if one is mine or _same(mine.store, one.store))


@dataclass(frozen=True)
class Shared:
    """Names of topics that other streams use, and whether one of them uses the same database."""

    topics: frozenset[str]
    store: bool


def shared(mine: Stream, others: Sequence[Stream]) -> Shared:
    """What must outlive `mine`."""
    staying = [other for other in others if not other.terminating]
    beside = [other.spec for other in staying if _same(mine.kafka, other.kafka)]
    return Shared(
        frozenset(topic.name for spec in beside for topic in topics.desired_topics(spec)),
        any(_same(mine.store, other.store) for other in staying),
    )


def _differences(older: Stream, younger: Stream) -> Iterator[str]:
    same_store = _same(older.store, younger.store)
    if _same(older.kafka, younger.kafka):
        if same_store and older.spec.source.topic == younger.spec.source.topic:
            yield f"both read topic {older.spec.source.topic} and fill the same tables: each row would be written twice"
        yield from _topics(older.spec, younger.spec)
    if same_store:
        yield from _tables(older.spec, younger.spec)
        yield from _response(older, younger)


def _topics(older: BioStreamSpec, younger: BioStreamSpec) -> Iterator[str]:
    theirs = {topic.name: (role, topic) for role, topic in _roles(older)}
    for role, topic in _roles(younger):
        if topic.name not in theirs:
            continue
        other_role, other = theirs[topic.name]
        if role != other_role:
            yield f"topic {topic.name} is {other_role} there and {role} here"
            continue
        if other.replication is None or topic.replication is None:  # either takes what there is
            other, topic = replace(other, replication=None), replace(topic, replication=None)
        for field, unit in (("partitions", ""), ("replication", ""), ("retention_ms", " ms")):
            before, after = getattr(other, field), getattr(topic, field)
            if before != after:
                name = field.removesuffix("_ms")
                yield f"{name} of topic {topic.name} is {before}{unit} there and {after}{unit} here"


def _roles(spec: BioStreamSpec) -> list[tuple[str, Topic]]:
    return list(zip(("source", "events", "deadLetter"), topics.desired_topics(spec), strict=True))


def _tables(older: BioStreamSpec, younger: BioStreamSpec) -> Iterator[str]:
    settings = [
        ("sink.retention", older.sink.retention, younger.sink.retention),
        ("sink.chunk", older.sink.chunk, younger.sink.chunk),
        ("sink.compressAfter", older.sink.compress_after, younger.sink.compress_after),
        ("hrv.window", older.hrv.window, younger.hrv.window),
        ("hrv.every", older.hrv.every, younger.hrv.every),
    ]
    for name, before, after in settings:
        if milliseconds(before) != milliseconds(after):
            yield f"both fill the same tables, and {name} is {before} there and {after} here"


def _response(older: Stream, younger: Stream) -> Iterator[str]:
    """Either sends the events of both: `stress_events` is one outbox, whose rows do not tell by which stream they are
    (dataflows/biosync/sink/outbox.py). Each signs with a secret of its own: whom the service believes is up to it."""
    before, after = older.spec.response, younger.spec.response
    settings = [
        ("response.service", f"{older.namespace}/{before.service}", f"{younger.namespace}/{after.service}"),
        ("response.path", before.path, after.path),
    ]
    for name, there, here in settings:
        if there != here:
            yield f"both send the events of the same tables, and {name} is {there} there and {here} here"


def _same(one: str, other: str) -> bool:
    return bool(one) and one == other
