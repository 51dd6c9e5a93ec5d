"""Where a stream's data lies, and what other streams have there."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import urlsplit

from contracts.biostream import BioStreamSpec
from contracts.connections import KafkaVariables
from contracts.platform import AWS_ENDPOINT_URL, AWS_REGION, REGION_ROLE, STATE_BUCKET, RegionRole
from contracts.store_topology import STORE
from operators.biostream.desired import database_secret
from operators.biostream.siblings import Siblings, siblings
from operators.kubernetes.client import Client
from operators.kubernetes.kinds import CLUSTER, SECRET
from operators.kubernetes.manifest import Manifest, digest
from operators.kubernetes.platform import platform_configuration
from operators.kubernetes.pods import authority_secret
from operators.timeseries.credentials import is_shared


@dataclass(frozen=True)
class Locations:
    """`brokers` is None before the region's configuration names them, `url` empty before CloudNativePG has created the
    database's Secret; `url_version` is a digest of that. `authority` certifies the database, in PEM; it is empty
    before its Secret exists. `passive` says whether the region is the passive one. `cluster` is that of the database,
    None if it has none. `bucket` is that of snapshots, and
    `aws` the port at which Pods reach it; empty and None in a region without one."""

    brokers: KafkaVariables | None
    url: str
    url_version: str
    authority: str
    streams: Siblings
    passive: bool
    cluster: Manifest | None
    region: str
    bucket: str
    aws: int | None


async def locate(client: Client, body: Manifest, spec: BioStreamSpec, ca_file: str) -> Locations:
    """Those of the stream in `body`. `ca_file` certifies the brokers."""
    namespace = body["metadata"]["namespace"]
    configuration = await platform_configuration(client, namespace)
    brokers = KafkaVariables.of(configuration, ca_file)
    secret = (await client.get(SECRET, namespace, database_secret(spec)) or {}).get("data") or {}
    if spec.sink.database == STORE and not is_shared(secret, configuration):
        secret = {}  # a moment later it has the password that it keeps
    url = base64.b64decode(secret["uri"]).decode() if "uri" in secret else ""
    version = digest(secret) if url else ""
    held = (await client.get(SECRET, namespace, authority_secret(spec.sink.database)) or {}).get("data") or {}
    authority = base64.b64decode(held.get("ca.crt", "")).decode()
    streams = await siblings(client, body, spec, brokers.kafka_bootstrap if brokers else "", url)
    passive = configuration.get(REGION_ROLE) == RegionRole.PASSIVE
    bucket = configuration.get(STATE_BUCKET, "")
    aws = (urlsplit(configuration.get(AWS_ENDPOINT_URL, "")).port or 443) if bucket else None
    cluster = await client.get(CLUSTER, namespace, spec.sink.database)
    region = configuration.get(AWS_REGION, "")
    return Locations(brokers, url, version, authority, streams, passive, cluster, region, bucket, aws)
