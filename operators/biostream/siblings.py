"""The streams of the cluster, each with where its data lies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from contracts.biostream import BioStreamSpec
from contracts.platform import SERVICE_TOPICS, TOPIC_EVENTS
from operators.biostream import topics
from operators.biostream.sharing import Stream
from operators.kubernetes import kinds
from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.resource import is_terminating, parse_spec

_POSTGRESQL_PORT = 5432


@dataclass(frozen=True)
class Siblings:
    """A stream and the others, without those that are invalid: `invalid` has the names of all of them, `touching` of
    those that may use the same topics or tables."""

    mine: Stream
    others: list[Stream]
    invalid: list[str]
    touching: list[str]


async def siblings(client: Client, body: Manifest, spec: BioStreamSpec, kafka: str, url: str) -> Siblings:
    """The stream in `body`, which uses the Kafka and database with these addresses, and all others of the cluster.

    Where others' data lies is in their status, since the operators read no Secrets of other namespaces. A stream of
    another namespace without that is reconciled by nobody, and left out.
    """
    return among(await _all(client, body["metadata"]["namespace"]), body, spec, kafka, url)


def among(streams: Iterable[Manifest], body: Manifest, spec: BioStreamSpec, kafka: str, url: str) -> Siblings:
    """`siblings`, found in the list of all streams."""
    meta = body["metadata"]
    mine = _stream(body, spec, kafka, store_of(url, meta["namespace"]))
    others: list[Stream] = []
    invalid: list[str] = []
    touching: list[str] = []
    for other in streams:
        about, status = other["metadata"], other.get("status") or {}
        if about["uid"] == meta["uid"]:
            continue
        near = about["namespace"] == meta["namespace"]
        if not near and not status.get("kafka") and not status.get("database"):
            continue
        parsed = parse_spec(BioStreamSpec, other)
        if not isinstance(parsed, BioStreamSpec):
            name = f"{about['namespace']}/{about['name']}"
            invalid.append(name)
            if _touches(other, near, mine):
                touching.append(name)
            continue
        same = near and parsed.sink.database == spec.sink.database
        store = mine.store if same else status.get("database", "")
        others.append(_stream(other, parsed, kafka if near else status.get("kafka", ""), store))
    return Siblings(mine, others, invalid, touching)


def store_of(url: str, namespace: str) -> str:
    """Host, port and name of the database in a connection URL, the same for every URL that leads there; "" for what is
    no URL: an error about it could quote its password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _POSTGRESQL_PORT
    except ValueError:
        return ""
    if not host:
        return ""
    host = host if "." in host else f"{host}.{namespace}"  # a Service of the namespace
    return f"{host.removesuffix('.svc.cluster.local').removesuffix('.svc')}:{port}{parts.path}"


def _stream(body: Manifest, spec: BioStreamSpec, kafka: str, store: str) -> Stream:
    meta, status = body["metadata"], body.get("status") or {}
    about = meta["namespace"], meta["name"], meta["creationTimestamp"]
    runs = status.get("workers") is not None
    return Stream(*about, spec, kafka, store, runs, is_terminating(body), _topics(body, spec, runs))


def _topics(body: Manifest, spec: BioStreamSpec, runs: bool) -> frozenset[str]:
    """The topics that the stream made, and those that an annotation hands over to it; never those of services, which
    earlier operators took over if they were as declared."""
    adopted = body["metadata"].get("annotations", {}).get(topics.ADOPT, "").split(",")
    recorded = (body.get("status") or {}).get("topics")
    if recorded is None and runs:  # by operators that kept no record
        recorded = [topic.name for topic in topics.desired_topics(spec)]
    return (frozenset(recorded or []) | {name.strip() for name in adopted if name.strip()}).difference(SERVICE_TOPICS)


def _touches(invalid: Manifest, near: bool, mine: Stream) -> bool:
    """Whether a stream with an invalid spec may use the topics or tables of `mine`, by what can be read of it."""
    spec, status = invalid.get("spec") or {}, invalid.get("status") or {}

    def declared(member: str, name: str) -> Any:
        part = spec.get(member)
        return part.get(name) if isinstance(part, dict) else None

    if (near and declared("sink", "database") == mine.spec.sink.database) or status.get("database", "-") == mine.store:
        return True
    names = {topic.name for topic in topics.desired_topics(mine.spec)}
    theirs = [declared("source", "topic"), declared("events", "topic") or TOPIC_EVENTS, declared("deadLetter", "topic")]
    return (near or status.get("kafka", "-") == mine.kafka) and not names.isdisjoint(
        name for name in theirs if isinstance(name, str)
    )


async def _all(client: Client, namespace: str) -> list[dict[str, Any]]:
    """All streams that the operators may read."""
    try:
        return await client.list(kinds.BIO_STREAM, "")
    except ApiError as error:
        if error.status != 403:
            raise
        return await client.list(kinds.BIO_STREAM, namespace)
