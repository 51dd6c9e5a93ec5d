"""Client settings of Kafka, PostgreSQL, Redis and OpenSearch: the one place that turns a Pod's variables into them."""

from __future__ import annotations

import ssl
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


def aiokafka_options(variables: KafkaVariables) -> dict[str, Any]:
    """Arguments of aiokafka's clients for the same brokers."""
    found: dict[str, Any] = {
        "bootstrap_servers": variables.kafka_bootstrap,
        "security_protocol": variables.kafka_security_protocol,
    }
    if variables.kafka_security_protocol != "PLAINTEXT":
        found["ssl_context"] = ssl.create_default_context(cafile=variables.ca_file or None)
    if variables.kafka_security_protocol == "SASL_SSL":
        found |= {
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": variables.kafka_username,
            "sasl_plain_password": variables.kafka_password.get_secret_value(),
        }
    return found


class DatabaseVariables(BaseModel):
    """The variables of a client of the service's own database on RDS; operators/ writes DATABASE_URL.

    `ca_file` has the authorities that certify databases, in PEM. Without it the database is not verified.
    """

    database_url: SecretStr
    ca_file: str = ""

    @property
    def database_verification(self) -> dict[str, str]:
        return postgres_verification(self.ca_file)


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


class OpenSearchVariables(BaseModel):
    """The variables of a client of OpenSearch; infra/ writes them, and operators/ passes them to the Pods that need it.

    Without a URL there is no OpenSearch. `ca_file` has the authorities that certify it, in PEM; without it those of the
    system do.
    """

    opensearch_url: str = ""
    opensearch_username: str = ""
    opensearch_password: SecretStr = SecretStr("")
    ca_file: str = ""

    @property
    def opensearch_client(self) -> dict[str, Any]:
        return opensearch_options(
            self.opensearch_url, self.opensearch_username, self.opensearch_password.get_secret_value(), self.ca_file
        )


def opensearch_options(url: str, username: str = "", password: str = "", ca_file: str = "") -> dict[str, Any]:
    """Arguments of httpx's clients: HTTP basic authentication (RFC 7617), and the server's certificate verified."""
    options: dict[str, Any] = {"base_url": url}
    if url.startswith("https:"):
        options["verify"] = ssl.create_default_context(cafile=ca_file or None)
        if username:
            options["auth"] = (username, password)
    return options
