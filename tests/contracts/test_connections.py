"""What a Pod's variables make of a client: verified TLS wherever there is any."""

from __future__ import annotations

import ssl

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr, ValidationError

from contracts.connections import (
    KafkaVariables,
    OpenSearchVariables,
    TimeseriesVariables,
    kafka_client,
    opensearch_options,
    postgres_verification,
    redis_options,
)

CA = "/etc/ca.pem"


def test_a_client_with_a_password_verifies_brokers_and_authenticates_by_scram() -> None:
    configuration = {
        "KAFKA_BOOTSTRAP": "b-1:9096,b-2:9096",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_USERNAME": "aura",
        "KAFKA_PASSWORD": "p4ss",
        "REDIS_URL": "rediss://:t@cache:6379/0",
        "CA_FILE": "/not/of/this/process",
    }
    variables = KafkaVariables.of(configuration, CA)
    assert variables is not None
    assert variables.kafka_client == {
        "bootstrap.servers": "b-1:9096,b-2:9096",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": CA,
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "aura",
        "sasl.password": "p4ss",
    }
    assert "p4ss" not in repr(variables)


def test_without_authorities_of_its_own_a_client_uses_those_of_the_system() -> None:
    assert kafka_client("b:9094", "SSL") == {"bootstrap.servers": "b:9094", "security.protocol": "SSL"}
    assert postgres_verification("") == {}
    assert redis_options("rediss://cache", "") == {}


def test_a_plaintext_client_has_no_settings_of_tls() -> None:
    assert kafka_client("b:9092", "PLAINTEXT", "aura", "p4ss", CA) == {
        "bootstrap.servers": "b:9092",
        "security.protocol": "PLAINTEXT",
    }
    assert redis_options("redis://cache", CA) == {}


def test_databases_and_caches_are_verified() -> None:
    assert postgres_verification(CA) == {"sslmode": "verify-full", "sslrootcert": CA}
    assert redis_options("rediss://:t@cache:6379/0", CA) == {"ssl_ca_certs": CA}


@pytest.mark.parametrize("written", ["postgresql://u:p@ts/beats", "postgresql://u:p@ts/beats?sslmode=require"])
def test_a_time_series_store_is_verified_by_the_authority_of_its_own_file(written: str) -> None:
    variables = TimeseriesVariables(timeseries_url=SecretStr(written), timeseries_ca_file="/etc/a b/ca.crt")
    found = conninfo_to_dict(written, **variables.timeseries_verification)
    assert (found["sslmode"], found["sslrootcert"]) == ("verify-full", "/etc/a b/ca.crt")
    assert (found["host"], found["dbname"], found["password"]) == ("ts", "beats", "p")
    assert TimeseriesVariables(timeseries_url=SecretStr(written)).timeseries_verification == {}


def test_a_protocol_that_kafka_does_not_have_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="kafka_security_protocol"):
        KafkaVariables.of({"KAFKA_BOOTSTRAP": "b:9092", "KAFKA_SECURITY_PROTOCOL": "TLS"}, "")


def test_before_the_configuration_names_brokers_there_is_no_client() -> None:
    assert KafkaVariables.of({}, CA) is None


def test_search_is_logged_in_to_over_verified_tls_only() -> None:
    variables = OpenSearchVariables(
        opensearch_url="https://search.internal", opensearch_username="aura", opensearch_password=SecretStr("p4ss")
    )
    client = variables.opensearch_client
    assert (client["base_url"], client["auth"]) == ("https://search.internal", ("aura", "p4ss"))
    assert (client["verify"].verify_mode, client["verify"].check_hostname) == (ssl.CERT_REQUIRED, True)
    assert "p4ss" not in repr(variables)
    assert opensearch_options("http://search.internal", "aura", "p4ss") == {"base_url": "http://search.internal"}
    with pytest.raises(FileNotFoundError):
        opensearch_options("https://search.internal", "aura", "p4ss", CA)
