"""What is written in one region is read in the other, on a platform of two regions."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
import redis
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contracts.connections import KafkaVariables
from contracts.platform import NAMESPACE, PLATFORM_CONFIG, REDIS_URL, RegionRole, secrets_prefix
from infra.pair.failover_records import HOSTS
from local.observe import kube
from local.site import Site
from tests.fixtures.names import look_up
from tests.fixtures.platform import Platform
from tests.fixtures.waiting import until

pytestmark = pytest.mark.pair
WEST, EAST = "us-west-2", "us-east-1"
DOMAIN = "aurawellness.com"
RECORDS, READ = 20, 7
MOST_SECONDS = 60


def aws(both_regions: Platform, region: str, *argv: str) -> Any:
    printed = both_regions.run("aws", "--region", region, "--output", "json", *argv)
    return json.loads(printed) if printed.strip() else {}


def configuration(both_regions: Platform, region: str) -> dict[str, str]:
    """What Pods of the region are given, what is secret too."""
    with kube.connect(Site(both_regions.home).kubeconfig(region)) as api:
        public, secret = kube.config_map(api, NAMESPACE, PLATFORM_CONFIG), kube.secret(api, NAMESPACE, PLATFORM_CONFIG)
    assert public and secret
    return {**public, **secret}


def database(both_regions: Platform, region: str) -> psycopg.Connection[Any]:
    name = f"{secrets_prefix('local')}rds/users"
    known = json.loads(
        aws(both_regions, region, "secretsmanager", "get-secret-value", "--secret-id", name)["SecretString"]
    )
    return psycopg.connect(
        host=known["host"],
        port=known["port"],
        user=known["username"],
        password=known["password"],
        dbname=known["dbname"],
        sslmode="verify-full",
        sslrootcert=str(Site(both_regions.home).authority / "ca.crt"),
        autocommit=True,
    )


def kafka(both_regions: Platform, region: str) -> dict[str, Any]:
    authority = str(Site(both_regions.home).authority / "ca.crt")
    variables = KafkaVariables.of(configuration(both_regions, region), authority)
    assert variables is not None
    return dict(variables.kafka_client)


def test_a_row(both_regions: Platform) -> None:
    with database(both_regions, WEST) as west:
        west.execute("CREATE TABLE of_the_pair AS SELECT 42 AS n")

    def row() -> Any:
        with database(both_regions, EAST) as east:
            try:
                return east.execute("SELECT n FROM of_the_pair").fetchone()
            except psycopg.errors.UndefinedTable:
                return None

    assert until("the row in the other region", row) == (42,)
    with database(both_regions, EAST) as east, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        east.execute("INSERT INTO of_the_pair VALUES (43)")


def test_a_message_and_the_place_of_its_group(both_regions: Platform) -> None:
    topic, group = "of-the-pair", "readers-of-the-pair"
    settings = kafka(both_regions, WEST)
    administrator = AdminClient(settings)
    administrator.create_topics([NewTopic(topic, 1, 3)])[topic].result(30)
    producer = Producer(settings)
    for number in range(RECORDS):
        producer.produce(topic, str(number))
    assert producer.flush(30) == 0
    member = {"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    reader = Consumer({**settings, **member})
    reader.subscribe([topic])
    for _ in range(READ):
        message = reader.poll(30)
        assert message is not None and message.error() is None
        reader.commit(message=message, asynchronous=False)
    reader.close()
    there = Consumer({**kafka(both_regions, EAST), **member})
    place = TopicPartition(topic, 0)

    def copied() -> bool:
        return there.list_topics(topic, 10).topics[topic].error is None and (
            there.get_watermark_offsets(place, 10) == (0, RECORDS)
        )

    until("the messages in the other region", copied, MOST_SECONDS)
    until("the group's place", lambda: there.committed([place], 10)[0].offset > 0, MOST_SECONDS)
    assert there.committed([place], 10)[0].offset <= READ
    there.close()


def test_a_key_of_the_cache(both_regions: Platform) -> None:
    authority = str(Site(both_regions.home).authority / "ca.crt")
    west, east = (
        redis.Redis.from_url(
            configuration(both_regions, region)[REDIS_URL], ssl_ca_certs=authority, decode_responses=True
        )
        for region in (WEST, EAST)
    )
    west.set("of-the-pair", "42")
    assert until("the key in the other region", lambda: east.get("of-the-pair")) == "42"
    with pytest.raises(redis.ReadOnlyError):
        east.set("of-the-pair", "43")


def test_an_object_a_secret_and_an_image(both_regions: Platform) -> None:
    declared = json.loads(both_regions.run("pulumi", "stack", "output", "pair", "--json"))
    west, east = (declared["mediaBuckets"][region] for region in (WEST, EAST))
    aws(
        both_regions,
        WEST,
        "s3api",
        "put-object",
        "--bucket",
        west,
        "--key",
        "of-the-pair",
        "--content-type",
        "text/plain",
    )
    head = ("aws", "--region", EAST, "s3api", "head-object", "--bucket", east, "--key", "of-the-pair")
    until("the object in the other region", lambda: "REPLICA" in both_regions.run(*head, check=False))
    secret = f"{secrets_prefix('local')}redis/password"
    values = [
        aws(both_regions, region, "secretsmanager", "get-secret-value", "--secret-id", secret)["SecretString"]
        for region in (WEST, EAST)
    ]
    assert values[0] == values[1]
    reference = both_regions.aura("images", "--tag", "of-the-pair").splitlines()[0]
    repository, digest = reference.split("/", 1)[1].split("@")

    def image() -> bool:
        asked = ("--repository-name", repository, "--image-ids", f"imageDigest={digest}")
        return bool(aws(both_regions, EAST, "ecr", "batch-get-image", *asked)["images"])

    until("the image in the other region", image)


def test_names_lead_to_the_region_that_serves_by_health_checks_of_its_own_answer(both_regions: Platform) -> None:
    site = Site(both_regions.home, int(both_regions.env["AURA_SITE"]))
    addresses: dict[str, str] = {}
    for region in (WEST, EAST):
        of_region = both_regions.kubectl(
            "--context", f"aura-{region}", "get", "gateway", "aura", "-n", "aura", "-o", "json"
        )
        addresses[region] = json.loads(of_region)["status"]["addresses"][0]["value"]
        until("its own name", lambda region=region: look_up(site, f"gateway.{region}.{DOMAIN}") == [addresses[region]])
    for host in HOSTS:
        assert look_up(site, f"{host}.{DOMAIN}")[-1] == addresses[WEST]
    checks = json.loads(both_regions.run("pulumi", "stack", "output", "pair", "--json"))["healthChecks"]

    def status(region: str) -> str:
        asked = ("route53", "get-health-check-status", "--health-check-id", checks[region])
        return aws(both_regions, WEST, *asked)["HealthCheckObservations"][0]["StatusReport"]["Status"]

    until("the west healthy", lambda: status(WEST).startswith("Success: HTTP Status Code: 200"))
    until("the east answering", lambda: status(EAST).startswith("Failure: HTTP Status Code: 503"))


def test_the_roles_are_told_and_the_declaration_is_what_runs(both_regions: Platform) -> None:
    roles = {region: configuration(both_regions, region)["REGION_ROLE"] for region in (WEST, EAST)}
    assert roles == {WEST: RegionRole.ACTIVE, EAST: RegionRole.PASSIVE}
    east = both_regions.kubectl("--context", "aura-us-east-1", "get", "biostreams", "-A", "-o", "json")
    (stream,) = json.loads(east)["items"]
    assert {one["type"]: one["status"] for one in stream["status"]["conditions"]}["Ready"] == "True"
    both_regions.run("pulumi", "preview", "--expect-no-changes", "--non-interactive")
