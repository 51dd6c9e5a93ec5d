"""The streams of the cluster, each with where its data lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from contracts.biostream import BioStreamSpec
from operators.biostream.sharing import Stream
from operators.kubernetes import kinds
from operators.kubernetes.client import ApiError, Client
from operators.kubernetes.manifest import Manifest
from operators.kubernetes.resource import is_terminating, parse_spec

_POSTGRESQL_PORT = 5432


@dataclass(frozen=True)
class Siblings:
    """A stream and the others, without those that are invalid: `invalid` has their names."""

    mine: Stream
    others: list[Stream]
    invalid: list[str]


async def siblings(client: Client, body: Manifest, spec: BioStreamSpec, kafka: str, url: str) -> Siblings:
    """The stream in `body`, which uses the Kafka and database with these addresses, and all others of the cluster.

    Where others' data lies is in their status, since the operators read no Secrets of other namespaces. A stream of
    another namespace without that is reconciled by nobody, and left out.
    """
    meta = body["metadata"]
    mine = _stream(body, spec, kafka, store_of(url, meta["namespace"]))
    others: list[Stream] = []
    invalid: list[str] = []
    for other in await _all(client, meta["namespace"]):
        about, status = other["metadata"], other.get("status") or {}
        if about["uid"] == meta["uid"]:
            continue
        near = about["namespace"] == meta["namespace"]
        if not near and not status.get("kafka") and not status.get("database"):
            continue
        parsed = parse_spec(BioStreamSpec, other)
        if not isinstance(parsed, BioStreamSpec):
            invalid.append(f"{about['namespace']}/{about['name']}")
            continue
        same = near and parsed.sink.database == spec.sink.database
        store = mine.store if same else status.get("database", "")
        others.append(_stream(other, parsed, kafka if near else status.get("kafka", ""), store))
    return Siblings(mine, others, invalid)


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
    return Stream(*about, spec, kafka, store, status.get("workers") is not None, is_terminating(body))


async def _all(client: Client, namespace: str) -> list[dict[str, Any]]:
    """All streams that the operators may read."""
    try:
        return await client.list(kinds.BIO_STREAM, "")
    except ApiError as error:
        if error.status != 403:
            raise
        return await client.list(kinds.BIO_STREAM, namespace)
