"""BioStreams on a real cluster, Kafka and PostgreSQL."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient  # pyright: ignore[reportPrivateImportUsage]

from contracts.connections import kafka_client
from contracts.records import StoredFrame, pack, partition_of
from contracts.resource import API_VERSION
from dataflows.biosync.tools.offline import compute_frames
from operators.adapters.kafka.admin import TopicAdmin
from operators.adapters.kafka.topics import CreateTopic, Topic
from tests.dataflows.test_flow import population
from tests.fixtures.cluster import REGION
from tests.operators.conftest import NAMESPACE, Installation
from tests.operators.samples import STREAM
from tests.operators.test_auraservice_on_cluster import SPEC as SERVICE

pytestmark = pytest.mark.integration


def spec(name: str, **members: Any) -> dict[str, Any]:
    return STREAM | {
        "source": {"topic": f"{name}-raw", "partitions": 2, "retention": "24h"},
        "events": {"topic": f"{name}-events"},
        "deadLetter": {"topic": f"{name}-dead", "retention": "7d"},
        "response": {"service": "answers", "path": "/v1/stress-events", "secret": "own/webhook"},
        **members,
    }


def topics(installation: Installation) -> dict[str, int]:
    """Name -> partitions."""
    found = AdminClient({"bootstrap.servers": installation.kafka.bootstrap}).list_topics(timeout=10).topics
    return {name: len(topic.partitions) for name, topic in found.items()}


def tables(installation: Installation) -> set[str]:
    with psycopg.connect(installation.postgres.create("operators_timeseries")) as connection:
        rows = connection.execute("select relname from pg_class where relkind in ('p', 'v')").fetchall()
    return {row[0] for row in rows}


def response_service(installation: Installation) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "answers"}}
    installation.cluster.apply({**service, "spec": {"ports": [{"name": "http", "port": 8080}]}}, namespace="operators")


def test_topics_tables_and_dataflow_are_created(installation: Installation) -> None:
    installation.kubectl("delete", "service", "answers", "--ignore-not-found")
    installation.apply("BioStream", "flow", spec("flow"))
    installation.until_reason("biostream", "flow", "ResponseReady", "ServiceMissing")
    assert not installation.get("deployment", "flow")
    response_service(installation)
    installation.until_reason("biostream", "flow", "DataflowReady", "Available", seconds=180)
    assert {"flow-raw": 2, "flow-events": 1, "flow-dead": 1}.items() <= topics(installation).items()
    assert {"hrv_1m", "stress_events", "hrv_hourly", "hrv_daily"} <= tables(installation)
    found = installation.cluster.until(
        lambda: (one := installation.get("biostream", "flow"))["status"].get("lag") == 0 and one, 60
    )
    assert isinstance(found, dict)
    assert found["status"]["partitions"] == 2
    assert installation.conditions("biostream", "flow")["Ready"]["status"] == "True"
    assert "finalizers" not in found["metadata"]


def test_partitions_grow(installation: Installation) -> None:
    installation.apply("BioStream", "grows", spec("grows"))
    installation.cluster.until(lambda: topics(installation).get("grows-raw") == 2, 60)
    more = {"topic": "grows-raw", "partitions": 3, "retention": "48h"}
    installation.apply("BioStream", "grows", spec("grows", source=more))
    installation.cluster.until(lambda: topics(installation).get("grows-raw") == 3, 60)


def test_more_replicas_than_brokers_change_nothing(installation: Installation) -> None:
    source = {"topic": "copies-raw", "partitions": 1, "replication": 3, "retention": "24h"}
    installation.apply("BioStream", "copies", spec("copies", source=source))
    condition = installation.until_reason("biostream", "copies", "Degraded", "TooFewBrokers")
    assert "copies-raw" in condition["message"]
    assert not [name for name in topics(installation) if name.startswith("copies")]


def test_a_stream_with_the_name_of_a_service_is_refused_and_the_service_unchanged(installation: Installation) -> None:
    response_service(installation)
    installation.apply("AuraService", "twin", SERVICE | {"secrets": {}})
    installation.cluster.until(lambda: installation.get("deployment", "twin"), 60)
    installation.apply("BioStream", "twin", spec("twin"))
    condition = installation.until_reason("biostream", "twin", "Degraded", "NameConflict")
    assert "belongs to AuraService twin" in condition["message"]
    (container,) = installation.get("deployment", "twin")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == SERVICE["image"]


@pytest.fixture
def bucket(installation: Installation) -> Iterator[str]:
    """For the states of streams, with which Pods go on from each other."""
    with installation.bucket("states"):
        yield "states"


def test_a_stalled_sink_is_degraded_and_lagging_workers_are_scaled_up_without_loss(
    installation: Installation, bucket: str
) -> None:
    response_service(installation)
    uri = installation.store("slow")
    dataflow = {"image": "aura/biosync:1", "replicas": {"min": 1, "max": 2}, "targetLag": "1s"}
    installation.apply("BioStream", "slow", spec("slow", dataflow=dataflow, sink={"database": "slow"}))
    installation.until_reason("biostream", "slow", "DataflowReady", "Available", seconds=180)
    sent = population(200, 25)
    rows = sum(len(windows) for windows, _ in compute_frames(sent).values())
    with psycopg.connect(uri) as connection:
        connection.execute("lock table hrv_1m in share mode")  # blocks writes, so that lag grows
        produce(installation, "slow-raw", sent)
        unreadable(installation, "slow-raw")
        installation.cluster.until(lambda: installation.get("biostream", "slow")["status"].get("workers") == 2, 180)
        installation.cluster.until(lambda: installation.get("deployment", "slow")["spec"]["replicas"] == 2, 10)
        stalled = installation.until_reason("biostream", "slow", "DataflowReady", "SinkStalled", seconds=120)
        assert "hrv_1m" in stalled["message"]
        (ready,) = [
            one for one in installation.get("biostream", "slow")["status"]["conditions"] if one["type"] == "Ready"
        ]
        assert (ready["status"], ready["reason"]) == ("False", "SinkStalled")
    installation.until_reason("biostream", "slow", "DataflowReady", "Available", seconds=180)
    installation.cluster.until(lambda: installation.get("biostream", "slow")["status"].get("lagSeconds") == 0.0, 60)
    with psycopg.connect(uri, autocommit=True) as connection:
        installation.cluster.until(lambda: connection.execute("select count(*) from hrv_1m").fetchone() == (rows,), 60)
    installation.cluster.until(lambda: installation.get("biostream", "slow")["status"].get("rejectedRecords") == 1, 60)
    assert "Scaled" in installation.kubectl("get", "events", "-o", "jsonpath={.items[*].reason}")
    assert "2 workers instead of 1" in installation.log()
    assert not installation.get("persistentvolumeclaim", "slow-state")
    s3 = installation.client("s3")
    assert s3.list_objects_v2(Bucket=bucket, Prefix=f"{NAMESPACE}/slow/")["KeyCount"] > 0


def produce(installation: Installation, topic: str, sent: list[StoredFrame]) -> None:
    producer = Producer({"bootstrap.servers": installation.kafka.bootstrap, "linger.ms": 20})
    for partition in range(2):
        theirs = [frame for frame in sent if partition_of(frame.user, 2) == partition]
        for i in range(0, len(theirs), 20):
            producer.produce(topic, pack(theirs[i : i + 20]), partition=partition)
    assert producer.flush(30) == 0


def unreadable(installation: Installation, topic: str) -> None:
    producer = Producer({"bootstrap.servers": installation.kafka.bootstrap})
    producer.produce(topic, b"\xc1 nonsense", partition=0)
    assert producer.flush(30) == 0


def test_a_deleted_stream_keeps_its_data(installation: Installation) -> None:
    response_service(installation)
    installation.apply("BioStream", "keeps", spec("keeps"))
    installation.cluster.until(lambda: installation.get("persistentvolumeclaim", "keeps-state"), 60)
    installation.kubectl("delete", "biostream", "keeps", "--timeout=60s")
    installation.cluster.until(lambda: not installation.get("deployment", "keeps"), 60)
    assert "keeps-raw" in topics(installation)
    assert installation.get("persistentvolumeclaim", "keeps-state")


def test_the_policy_delete_deletes_the_data(installation: Installation) -> None:
    response_service(installation)
    uri = installation.store("deleted")
    installation.apply("BioStream", "deleted", spec("deleted", deletionPolicy="Delete", sink={"database": "deleted"}))
    installation.cluster.until(lambda: installation.get("persistentvolumeclaim", "deleted-state"), 60)
    s3 = installation.client("s3")
    s3.create_bucket(Bucket="deleted", CreateBucketConfiguration={"LocationConstraint": REGION})
    others = f"{NAMESPACE}/deleted-too/0/manifests/000000000001"
    for key in (f"{NAMESPACE}/deleted/0/manifests/000000000001", f"{NAMESPACE}/deleted/1/segments/s", others):
        s3.put_object(Bucket="deleted", Key=key, Body=b"{}")
    installation.configure(STATE_BUCKET="deleted")
    installation.kubectl("delete", "biostream", "deleted", "--timeout=60s")
    installation.configure(STATE_BUCKET=None)
    assert [item["Key"] for item in s3.list_objects_v2(Bucket="deleted")["Contents"]] == [others]
    installation.cluster.until(lambda: not [name for name in topics(installation) if name.startswith("deleted")], 30)
    installation.cluster.until(lambda: not installation.get("persistentvolumeclaim", "deleted-state"), 60)
    with psycopg.connect(uri) as connection:
        assert connection.execute("select to_regclass('hrv_1m')").fetchone() == (None,)


async def test_a_topic_that_no_stream_made_is_never_altered_or_deleted(installation: Installation) -> None:
    response_service(installation)
    admin = TopicAdmin(kafka_client(installation.kafka.bootstrap))
    await admin.apply([CreateTopic(Topic("guest-events", 1, None, 604_800_000))])
    guest = spec("guest", deletionPolicy="Delete", sink={"database": "guest"})
    installation.store("guest")
    installation.apply("BioStream", "guest", guest)
    condition = installation.until_reason("biostream", "guest", "TopicsReady", "AsDeclared")
    assert "no BioStream made guest-events" in condition["message"]
    assert installation.get("biostream", "guest")["status"]["topics"] == ["guest-dead", "guest-raw"]
    shorter = {"topic": "guest-events", "retention": "1m"}
    installation.apply("BioStream", "guest", guest | {"events": shorter})
    condition = installation.until_reason("biostream", "guest", "TopicsReady", "NameConflict")
    assert "its retention.ms is 604800000, 60000 is declared" in condition["message"]
    installation.kubectl("delete", "biostream", "guest", "--timeout=60s")
    left = (await admin.describe(["guest-events", "guest-raw", "guest-dead"])).topics
    assert {name: topic.config["retention.ms"] for name, topic in left.items()} == {"guest-events": "604800000"}


def test_data_that_another_stream_uses_is_kept(installation: Installation) -> None:
    response_service(installation)
    installation.apply("BioStream", "staying", spec("staying"))
    beside = {"source": {"topic": "leaving-raw", "partitions": 2, "retention": "24h"}}
    installation.apply("BioStream", "leaving", spec("staying", deletionPolicy="Delete", **beside))
    for name in ("staying", "leaving"):
        installation.cluster.until(lambda name=name: installation.get("persistentvolumeclaim", f"{name}-state"), 60)
    installation.kubectl("delete", "biostream", "leaving", "--timeout=60s")
    installation.cluster.until(lambda: not installation.get("persistentvolumeclaim", "leaving-state"), 60)
    installation.cluster.until(lambda: "leaving-raw" not in topics(installation), 30)
    assert {"staying-raw", "staying-events", "staying-dead"} <= topics(installation).keys()
    assert {"hrv_1m", "stress_events"} <= tables(installation)


@pytest.mark.timeout(420)
def test_deletion_of_a_namespace_is_not_blocked_and_deletes_no_data(installation: Installation) -> None:
    namespace = installation.cluster.namespace("operators-terminating")
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aura-platform"}}
    installation.cluster.apply(
        {**config, "data": {"KAFKA_BOOTSTRAP": installation.kafka.bootstrap}}, namespace=namespace
    )
    own = {"WATCH_NAMESPACE": namespace, "KUBECONFIG": str(installation.cluster.kubeconfig)}

    def start() -> subprocess.Popen[bytes]:
        return replace(installation, env=installation.env | own).start("elsewhere", installation.addresses[1])

    operator = start()
    stream = spec("ending", deletionPolicy="Delete")
    about = {"apiVersion": API_VERSION, "kind": "BioStream", "metadata": {"name": "ending"}}
    installation.cluster.apply({**about, "spec": stream}, namespace=namespace)
    installation.cluster.until(lambda: "ending-raw" in topics(installation), 60)
    operator.send_signal(signal.SIGSTOP)  # until the Lease is deleted, which cannot be created again
    installation.cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    lease = ("get", "lease", "-n", namespace, "-o", "name")
    installation.cluster.until(lambda: not installation.cluster.kubectl(*lease).strip(), 60)
    operator.send_signal(signal.SIGCONT)

    def gone() -> bool:
        nonlocal operator
        if operator.poll() is not None:  # it could not renew the Lease in time: the kubelet starts it again
            operator = start()
        return not installation.cluster.kubectl("get", "namespace", namespace, "--ignore-not-found").strip()

    installation.cluster.until(gone, 180, every=1)
    assert "ending-raw" in topics(installation)
    operator.terminate()
    operator.wait(timeout=30)
