"""Client settings of Kafka, PostgreSQL and Redis: the one place that turns a Pod's variables into them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, SecretStr

from contracts.platform import KAFKA_BOOTSTRAP

KafkaClient = Mapping[str, str]
"""Settings that every client of librdkafka shares, by the names of its configuration."""


class KafkaVariables(BaseModel):
    """The variables of a Kafka client; infra/ writes them, and operators/ passes them to the Pods that need Kafka.

    `ca_file` has the authorities that certify brokers, in PEM; without it those of the system do.
    """

    kafka_bootstrap: str
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = "PLAINTEXT"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    ca_file: str = ""

    @classmethod
    def of(cls, configuration: Mapping[str, str], ca_file: str) -> KafkaVariables | None:
        """From the region's configuration; None before it names the brokers."""
        if not configuration.get(KAFKA_BOOTSTRAP):
            return None
        given = {field: configuration[field.upper()] for field in cls.model_fields if field.upper() in configuration}
        return cls.model_validate({**given, "ca_file": ca_file})

    @property
    def kafka_client(self) -> KafkaClient:
        return kafka_client(
            self.kafka_bootstrap,
            self.kafka_security_protocol,
            self.kafka_username,
            self.kafka_password.get_secret_value(),
            self.ca_file,
        )


def kafka_client(
    bootstrap: str, protocol: str = "PLAINTEXT", username: str = "", password: str = "", ca_file: str = ""
) -> KafkaClient:
    """Of brokers at `bootstrap`, whose certificates are verified under TLS.

    MSK authenticates by SCRAM-SHA-512 (Amazon MSK Developer Guide, "SASL/SCRAM authentication").
    """
    client = {"bootstrap.servers": bootstrap, "security.protocol": protocol}
    if protocol == "PLAINTEXT":
        return client
    if ca_file:
        client["ssl.ca.location"] = ca_file
    if protocol == "SASL_SSL":
        client |= {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": username, "sasl.password": password}
    return client


class TimeseriesVariables(BaseModel):
    """The variables of a client of the time-series store; operators/ writes them.

    `timeseries_ca_file` has the authority that certifies the store, in PEM. Without it the store is not verified.
    """

    timeseries_url: SecretStr
    timeseries_ca_file: str = ""

    @property
    def timeseries_verification(self) -> dict[str, str]:
        return postgres_verification(self.timeseries_ca_file)


def postgres_verification(ca_file: str) -> dict[str, str]:
    """libpq's parameters that have the server's certificate and name verified; empty without authorities."""
    return {"sslmode": "verify-full", "sslrootcert": ca_file} if ca_file else {}


def redis_options(url: str, ca_file: str) -> dict[str, Any]:
    """Arguments of redis-py's `from_url` that verify the server of a `rediss` URL."""
    return {"ssl_ca_certs": ca_file} if ca_file and url.startswith("rediss:") else {}
