"""The whole pipeline of a heart beat with real processes: gateway, two ingests, Kafka, dataflow, PostgreSQL, recommend
and Redis, with the BioStream that the platform declares."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import psycopg
import yaml
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from joserfc.jwk import ECKey
from pydantic import TypeAdapter

from contracts import timeseries
from contracts.biostream import BioStreamSpec
from contracts.platform import TOPIC_USER_EVENTS
from contracts.signing_keys import load
from dataflows.biosync.signal.spec import rules_from_spec
from local.engines.kafka import Kafka
from local.engines.redis import Redis
from local.site import CHECKOUT
from local.toolchain import tools
from services.auth.tokens import issue
from tests.fixtures.engines import Database
from tests.ingest.harness import Service
from tests.kill.gateway import Gateway
from tests.kill.plan import INGESTS
from tests.kill.supervisor import Member, Supervisor

SECRET = "the-webhook-secret-of-these-tests"
READY_SECONDS = 120.0
AUTH, RECOMMEND, DATAFLOW, INGEST = 8080, 8090, 8091, 8100


class BioSync:
    """Runs all processes at `address`; state, logs and data are in `folder`."""

    def __init__(self, folder: Path, address: str, kafka: Kafka, postgres: Database, redis: Redis) -> None:
        declared = yaml.safe_load((CHECKOUT / "manifests" / "base" / "bio-sync.yaml").read_text())["spec"]
        self.spec = TypeAdapter(BioStreamSpec).validate_python(declared)
        self.rules = rules_from_spec(self.spec)
        self.bootstrap = kafka.bootstrap
        self.database = postgres.create("killed")
        self._make_topics_and_tables()
        pem = ECKey.generate_key("P-256").as_pem(private=True).decode()
        self._key = load(pem)

        def service(name: str, module: str, port: int, env: dict[str, str]) -> Service:
            return Service(module, folder / name, address, port, env)

        self._auth = service("auth", "services.auth", AUTH, {"SIGNING_KEY": pem})
        stream = {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "REDIS_URL": redis.url,
            "TOPIC": self.spec.source.topic,
            "JWKS_URL": f"http://{address}:{AUTH}/.well-known/jwks.json",
        }
        recommend = {
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "REDIS_URL": redis.url,
            "TIMESERIES_URL": self.database,
            "WEBHOOK_SECRET": SECRET,
            "EMBEDDING_MODEL_DIR": str(tools.model()),
        }
        flow = {
            "BIOSTREAM_SPEC": json.dumps(declared),
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "TIMESERIES_URL": self.database,
            "RESPONSE_URL": f"http://{address}:{RECOMMEND}",
            "WEBHOOK_SECRET": SECRET,
            "STATE_DIR": str(folder / "state"),
        }
        services = {f"ingest-{n}": service(f"ingest-{n}", "services.ingest", INGEST + n, stream)
                    for n in range(1, INGESTS + 1)}  # fmt: skip
        services["recommend"] = service("recommend", "services.recommend", RECOMMEND, recommend)
        services["dataflow"] = service("dataflow", "dataflows.biosync", DATAFLOW, flow)
        gateway = Gateway(
            folder / "gateway", address, self._key, [(address, INGEST + n) for n in range(1, INGESTS + 1)]
        )
        self.endpoint = gateway.endpoint
        self.supervisor = Supervisor(
            [
                Member("kafka", kafka.process, kafka.ensure, kafka.ready),
                Member("postgres", postgres.server.process, postgres.server.ensure, postgres.server.ready),
                Member("redis", redis.process, redis.ensure, redis.ready),
                Member("gateway", gateway.process, gateway.start, gateway.ready),
                *(Member(name, each.process, each.start, each.ready) for name, each in services.items()),
            ]
        )

    def start(self) -> None:
        self._auth.start()
        self.supervisor.start()
        self.supervisor.wait_until_ready(READY_SECONDS)

    async def ready(self) -> None:
        """Returns when every process is ready, including killed ones."""
        await asyncio.to_thread(self.supervisor.wait_until_ready, READY_SECONDS)

    def stop(self) -> None:
        """Stops the services; the engines belong to the test run."""
        self.supervisor.stop()
        self._auth.process.stop()
        for name, member in self.supervisor.members.items():
            if name not in ("kafka", "postgres", "redis"):
                member.process.stop(grace=15)

    def token(self, user: str) -> str:
        return issue(user, [], self._key, time.time())

    def _make_topics_and_tables(self) -> None:
        spec = self.spec
        topics = [NewTopic(spec.source.topic, spec.source.partitions)]
        topics += [NewTopic(name, 1) for name in (spec.events.topic, spec.dead_letter.topic, TOPIC_USER_EVENTS)]
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        for created in admin.create_topics(topics).values():
            created.result(20)
        with psycopg.connect(self.database, autocommit=True) as connection:
            for statement in timeseries.native():
                connection.execute(statement.encode())
