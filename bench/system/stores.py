"""Kafka, PostgreSQL and Redis under test, as the platform's clients meet them: with TLS and a password.

Without encryption they show what that costs.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from contracts.connections import KafkaClient, KafkaVariables, postgres_verification
from local.engines.certificates import Authority
from local.engines.kafka import Kafka, Listeners
from local.engines.kafka.settings import SCRAM_PORT
from local.engines.postgres import Login, Postgres
from local.engines.postgres import Tls as PostgresTls
from local.engines.redis import Redis
from local.engines.redis.transport import Tls as RedisTls
from local.engines.redis.users import Access
from local.engines.runtime.process import Process
from local.engines.runtime.scratch import ScratchEnvironment

_USER, _DATABASE = "aura", "timeseries"


@dataclass(frozen=True)
class Stores:
    """`variables` are those of the Pods that use them, `processes` are named as in the table."""

    kafka_client: KafkaClient
    database: str
    variables: Mapping[str, str]
    processes: Mapping[str, Process]

    def create_database(self, name: str) -> str:
        """URL of a new database of the same server."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"{self.variables['TIMESERIES_URL'].rpartition('/')[0]}/{name}"


def start(scratch: ScratchEnvironment, encrypted: bool) -> Stores:
    """Starts all three; raises EngineFailed if one does not become ready."""
    password, login = secrets.token_hex(16), Login(_DATABASE, secrets.token_hex(16))
    kafka, postgres, redis, url = (_encrypted if encrypted else _plain)(scratch, password)
    kafka.ensure()
    redis.ensure()
    postgres.ensure(login, _DATABASE)
    variables = {
        "KAFKA_BOOTSTRAP": f"{scratch.addresses[0]}:{SCRAM_PORT}" if encrypted else kafka.bootstrap,
        "REDIS_URL": url,
        "TIMESERIES_URL": postgres.uri(login, _DATABASE),
    }
    ca_file = str(_authority(scratch).certificate) if encrypted else ""
    if encrypted:
        kafka.administration().alter_users({_USER: password}, [])
        variables |= {"CA_FILE": ca_file, "TIMESERIES_CA_FILE": ca_file}
        variables |= {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_USERNAME": _USER, "KAFKA_PASSWORD": password}
    known = KafkaVariables.of(variables, ca_file)
    assert known is not None
    processes = {"kafka": kafka.process, "postgres": postgres.process, "redis": redis.process}
    return Stores(
        known.kafka_client,
        make_conninfo(variables["TIMESERIES_URL"], **postgres_verification(ca_file)),
        variables,
        processes,
    )


def _plain(scratch: ScratchEnvironment, password: str) -> tuple[Kafka, Postgres, Redis, str]:
    folder, (first, second, third, *_) = scratch.folder, scratch.addresses
    redis = Redis(folder / "redis", third)
    return Kafka(folder / "kafka", first), Postgres(folder / "postgres", second), redis, redis.url


def _encrypted(scratch: ScratchEnvironment, password: str) -> tuple[Kafka, Postgres, Redis, str]:
    folder, (first, second, third, *_) = scratch.folder, scratch.addresses
    authority = _authority(scratch).ensure()
    of_postgres, of_redis = (authority.pair(f"server-{host}", host, hosts=(host,)) for host in (second, third))
    listeners = Listeners(plaintext=False, scram=True, in_cluster_tls=True)
    kafka = Kafka(folder / "kafka", first, listeners=listeners, authority=authority)
    tls = PostgresTls(of_postgres.certificate, of_postgres.key, authority.certificate, required=True)
    access = Access(secrets.token_hex(16), (password,), required=True)
    redis = Redis(folder / "redis", third, tls=RedisTls(of_redis, authority.certificate), access=access)
    return kafka, Postgres(folder / "postgres", second, tls=tls), redis, f"rediss://:{password}@{third}:{redis.port}/0"


def _authority(scratch: ScratchEnvironment) -> Authority:
    return Authority(scratch.folder / "authority", "benchmark")
