"""The processes under test, started with the programs and environment variables of their Pods."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import yaml
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from joserfc.jwk import ECKey

from bench.system import stores
from bench.system.program import Program
from bench.system.stores import Stores
from contracts import signing_keys, timeseries, user_events
from contracts.biostream import BioStreamSpec
from contracts.durations import delta
from contracts.platform import TOPIC_USER_EVENTS
from local.engines.runtime.process import Process
from local.engines.runtime.scratch import ScratchEnvironment
from local.site import CHECKOUT
from local.toolchain import tools
from operators.biostream.topics import desired_topics

INGEST_PORT = 8080
AUTH_PORT, RECOMMEND_PORT, BIOSYNC_PORT = 18080, 18090, 18100
_MANIFEST = CHECKOUT / "manifests" / "base" / "bio-sync.yaml"


@dataclass
class Deployment:
    """All running processes from WebSocket to store."""

    spec: BioStreamSpec
    key: ECKey
    """Signing key of the auth service."""
    stores: Stores
    processes: dict[str, Process]
    """By the name shown in the table."""
    ingest: list[Program]
    biosync: Program
    auth: Program

    def events_raised(self) -> int:
        """Stress events raised so far, one push each; final once the dataflow is drained."""
        return int(self.biosync.metric("biosync_stress_events_total"))

    def is_drained(self, frames: int) -> bool:
        """Whether the dataflow has read so many frames, repeats included, without consumer lag."""
        read = self.biosync.metric("biosync_frames_total")
        return read >= frames and not self.biosync.metric("biosync_consumer_lag_records")


def declared(partitions: int) -> BioStreamSpec:
    """The BioStream of manifests/base with the given number of partitions."""
    spec = BioStreamSpec.model_validate(yaml.safe_load(_MANIFEST.read_text())["spec"])
    return spec.model_copy(update={"source": spec.source.model_copy(update={"partitions": partitions})})


def start(scratch: ScratchEnvironment, ingests: int, partitions: int, encrypted: bool = True) -> Deployment:
    """Starts engines and services; raises EngineFailed if one does not become ready."""
    folder, addresses = scratch.folder, scratch.addresses
    spec = declared(partitions)
    using = stores.start(scratch, encrypted)
    _prepare(using, spec)
    pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
    webhook = secrets.token_urlsafe(32)
    own = addresses[3]
    auth = Program(folder, "auth", "services.auth", (own, AUTH_PORT), {"SIGNING_KEY": pem})
    recommend = Program(
        folder,
        "recommend",
        "services.recommend",
        (own, RECOMMEND_PORT),
        {
            **using.variables,
            "WEBHOOK_SECRET": webhook,
            "EMBEDDING_MODEL_DIR": str(tools.model()),
        },
    )
    biosync = Program(
        folder,
        "biosync",
        "dataflows.biosync",
        (own, BIOSYNC_PORT),
        {
            "BIOSTREAM_SPEC": spec.model_dump_json(by_alias=True, exclude_none=True),
            **using.variables,
            "RESPONSE_URL": f"http://{own}:{RECOMMEND_PORT}",
            "WEBHOOK_SECRET": webhook,
            "STATE_DIR": str(folder / "biosync"),
        },
    )
    variables = {**using.variables, "JWKS_URL": f"http://{own}:{AUTH_PORT}/.well-known/jwks.json"}
    hosts = addresses[4:]
    ingest = [
        Program(
            folder,
            f"ingest {i + 1}",
            "services.ingest",
            (hosts[i % len(hosts)], INGEST_PORT + i // len(hosts)),
            variables,
        )
        for i in range(ingests)
    ]
    programs = [auth, recommend, biosync, *ingest]
    for program in programs:
        program.start()
    processes = {**{program.name: program.process for program in reversed(programs)}, **using.processes}
    return Deployment(spec, signing_keys.load(pem), using, processes, ingest, biosync, auth)


def _prepare(using: Stores, spec: BioStreamSpec) -> None:
    """Creates the topics and tables that the BioStream operator and the users service would create."""
    topics = [NewTopic(topic.name, topic.partitions, 1, config=topic.config) for topic in desired_topics(spec)]
    topics.append(NewTopic(TOPIC_USER_EVENTS, user_events.PARTITIONS, 1))
    admin = AdminClient({**using.kafka_client})
    for made in admin.create_topics(topics).values():
        made.result(20)
    chunk = delta(spec.sink.chunk)
    with psycopg.connect(using.database, autocommit=True) as connection:
        for statement in [
            *timeseries.native(),
            *timeseries.create_partitions(datetime.now(UTC), chunk, span=timedelta(hours=2)),
        ]:
            connection.execute(statement.encode())
