"""BioStreams on a real cluster, Kafka and PostgreSQL."""

from __future__ import annotations

import base64
import signal
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]

from contracts.records import StoredFrame, pack, partition_of
from contracts.resource import API_VERSION
from dataflows.biosync.tools.offline import compute_frames
from tests.dataflows.test_flow import population
from tests.operators.conftest import World
from tests.operators.samples import STREAM
from tests.operators.test_auraservice_on_cluster import SPEC as SERVICE

pytestmark = pytest.mark.integration


def spec(name: str, **members: Any) -> dict[str, Any]:
    return STREAM | {
        "source": {"topic": f"{name}-raw", "partitions": 2, "retention": "24h"},
        "events": {"topic": f"{name}-events"},
        "deadLetter": {"topic": f"{name}-dead", "retention": "7d"},
        "response": {"service": "answers", "path": "/v1/stress-events", "secret": "operators/webhook"},
        **members,
    }


def topics(world: World) -> dict[str, int]:
    """Name -> partitions."""
    found = AdminClient({"bootstrap.servers": world.kafka.bootstrap}).list_topics(timeout=10).topics
    return {name: len(topic.partitions) for name, topic in found.items()}


def tables(world: World) -> set[str]:
    with psycopg.connect(world.postgres.create("operators_store")) as connection:
        rows = connection.execute("select relname from pg_class where relkind in ('p', 'v')").fetchall()
    return {row[0] for row in rows}


def answering_service(world: World) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "answers"}}
    world.cluster.apply({**service, "spec": {"ports": [{"name": "http", "port": 8080}]}}, namespace="operators")


def test_topics_tables_and_dataflow_are_made(world: World) -> None:
    world.apply("BioStream", "flow", spec("flow"))
    world.until_says("biostream", "flow", "ResponseReady", "ServiceMissing")
    assert not world.get("deployment", "flow")
    answering_service(world)
    world.until_says("biostream", "flow", "DataflowReady", "Available", seconds=180)
    assert {"flow-raw": 2, "flow-events": 1, "flow-dead": 1}.items() <= topics(world).items()
    assert {"hrv_1m", "stress_events", "hrv_hourly", "hrv_daily"} <= tables(world)
    found = world.cluster.until(lambda: (one := world.get("biostream", "flow"))["status"].get("lag") == 0 and one, 60)
    assert isinstance(found, dict)
    assert found["status"]["partitions"] == 2
    assert world.conditions("biostream", "flow")["Ready"]["status"] == "True"
    assert "finalizers" not in found["metadata"]


def test_partitions_grow(world: World) -> None:
    world.apply("BioStream", "grows", spec("grows"))
    world.cluster.until(lambda: topics(world).get("grows-raw") == 2, 60)
    more = {"topic": "grows-raw", "partitions": 3, "retention": "48h"}
    world.apply("BioStream", "grows", spec("grows", source=more))
    world.cluster.until(lambda: topics(world).get("grows-raw") == 3, 60)


def test_more_replicas_than_brokers_change_nothing(world: World) -> None:
    source = {"topic": "copies-raw", "partitions": 1, "replication": 3, "retention": "24h"}
    world.apply("BioStream", "copies", spec("copies", source=source))
    said = world.until_says("biostream", "copies", "Degraded", "TooFewBrokers")
    assert "copies-raw" in said["message"]
    assert not [name for name in topics(world) if name.startswith("copies")]


def test_a_stream_named_like_a_service_is_refused_and_the_service_left_alone(world: World) -> None:
    answering_service(world)
    world.apply("AuraService", "twin", SERVICE | {"secrets": {}})
    world.cluster.until(lambda: world.get("deployment", "twin"), 60)
    world.apply("BioStream", "twin", spec("twin"))
    said = world.until_says("biostream", "twin", "Degraded", "NameTaken")
    assert "made for AuraService twin" in said["message"]
    (container,) = world.get("deployment", "twin")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == SERVICE["image"]


def test_workers_that_are_behind_get_help_and_nothing_is_lost(world: World) -> None:
    answering_service(world)
    uri = world.postgres.create("operators_slow")
    about = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "slow-app"}}
    world.cluster.apply({**about, "data": {"uri": base64.b64encode(uri.encode()).decode()}}, namespace="operators")
    dataflow = {"image": "aura/biosync:1", "replicas": {"min": 1, "max": 2}, "targetLag": "1s"}
    world.apply("BioStream", "slow", spec("slow", dataflow=dataflow, sink={"database": "slow"}))
    world.until_says("biostream", "slow", "DataflowReady", "Available", seconds=180)
    sent = population(200, 25)
    rows = sum(len(windows) for windows, _ in compute_frames(sent).values())
    with psycopg.connect(uri) as connection:
        connection.execute("lock table hrv_1m in share mode")  # nobody writes: what was read waits, the rest is lag
        produce(world, "slow-raw", sent)
        world.cluster.until(lambda: world.get("biostream", "slow")["status"].get("workers") == 2, 180)
        world.until_says("biostream", "slow", "DataflowReady", "Available", seconds=180)
    world.cluster.until(lambda: world.get("biostream", "slow")["status"].get("lagSeconds") == 0.0, 60)
    with psycopg.connect(uri, autocommit=True) as connection:
        world.cluster.until(lambda: connection.execute("select count(*) from hrv_1m").fetchone() == (rows,), 60)
    assert "Scaled" in world.kubectl("get", "events", "-o", "jsonpath={.items[*].reason}")
    assert "2 workers instead of 1" in world.log()


def produce(world: World, topic: str, sent: list[StoredFrame]) -> None:
    producer = Producer({"bootstrap.servers": world.kafka.bootstrap, "linger.ms": 20})
    for partition in range(2):
        theirs = [frame for frame in sent if partition_of(frame.user, 2) == partition]
        for i in range(0, len(theirs), 20):
            producer.produce(topic, pack(theirs[i : i + 20]), partition=partition)
    assert producer.flush(30) == 0


def test_a_deleted_stream_keeps_its_data(world: World) -> None:
    answering_service(world)
    world.apply("BioStream", "keeps", spec("keeps"))
    world.cluster.until(lambda: world.get("persistentvolumeclaim", "keeps-state"), 60)
    world.kubectl("delete", "biostream", "keeps", "--timeout=60s")
    world.cluster.until(lambda: not world.get("deployment", "keeps"), 60)
    assert "keeps-raw" in topics(world)
    assert world.get("persistentvolumeclaim", "keeps-state")


def test_data_goes_when_that_was_said(world: World) -> None:
    answering_service(world)
    secret = base64.b64encode(world.postgres.create("operators_going").encode()).decode()
    about = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "going-app"}}
    world.cluster.apply({**about, "data": {"uri": secret}}, namespace="operators")
    world.apply("BioStream", "going", spec("going", deletionPolicy="Delete", sink={"database": "going"}))
    world.cluster.until(lambda: world.get("persistentvolumeclaim", "going-state"), 60)
    world.kubectl("delete", "biostream", "going", "--timeout=60s")
    world.cluster.until(lambda: not [name for name in topics(world) if name.startswith("going")], 30)
    world.cluster.until(lambda: not world.get("persistentvolumeclaim", "going-state"), 60)
    with psycopg.connect(world.postgres.create("operators_going")) as connection:
        assert connection.execute("select to_regclass('hrv_1m')").fetchone() == (None,)


def test_data_that_another_stream_uses_too_stays(world: World) -> None:
    answering_service(world)
    world.apply("BioStream", "staying", spec("staying"))
    world.apply("BioStream", "leaving", spec("staying", deletionPolicy="Delete"))
    for name in ("staying", "leaving"):
        world.cluster.until(lambda name=name: world.get("persistentvolumeclaim", f"{name}-state"), 60)
    world.kubectl("delete", "biostream", "leaving", "--timeout=60s")
    world.cluster.until(lambda: not world.get("persistentvolumeclaim", "leaving-state"), 60)
    assert {"staying-raw", "staying-events", "staying-dead"} <= topics(world).keys()
    assert {"hrv_1m", "stress_events"} <= tables(world)


@pytest.mark.timeout(420)
def test_the_end_of_a_namespace_is_not_held_back_and_deletes_no_data(world: World) -> None:
    namespace = world.cluster.namespace("operators-going")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aura-platform"}}
    world.cluster.apply({**config, "data": {"KAFKA_BOOTSTRAP": world.kafka.bootstrap}}, namespace=namespace)
    world.env, env = world.env | {"WATCH_NAMESPACE": namespace, "KUBECONFIG": str(world.cluster.kubeconfig)}, world.env
    operator = world.start("elsewhere", world.addresses[1])
    world.env = env
    stream = spec("ending", deletionPolicy="Delete")
    about = {"apiVersion": API_VERSION, "kind": "BioStream", "metadata": {"name": "ending"}}
    world.cluster.apply({**about, "spec": stream}, namespace=namespace)
    world.cluster.until(lambda: "ending-raw" in topics(world), 60)
    operator.send_signal(signal.SIGSTOP)  # slower than the end of the Lease, which nobody can make again
    world.cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    lease = ("get", "lease", "-n", namespace, "-o", "name")
    world.cluster.until(lambda: not world.cluster.kubectl(*lease).strip(), 60)
    operator.send_signal(signal.SIGCONT)
    world.cluster.kubectl("wait", f"namespace/{namespace}", "--for=delete", "--timeout=180s", seconds=200)
    assert "ending-raw" in topics(world)
    operator.terminate()
    operator.wait(timeout=30)
