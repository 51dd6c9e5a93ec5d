"""Another image of a running stream, on a real cluster: it computes beside the running one before it takes over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from contracts.records import StoredFrame
from dataflows.biosync.tools.offline import compute_frames
from operators.adapters.aws.state_bucket import StateBucket
from tests.dataflows.test_flow import population
from tests.fixtures.cluster import REGION
from tests.operators.conftest import NAMESPACE, Installation
from tests.operators.test_biostream_on_cluster import produce, response_service, spec

pytestmark = [pytest.mark.integration, pytest.mark.timeout(420)]
OFF_BY_ONE_PER_CENT = """
create function off() returns trigger language plpgsql as $$ begin new.rmssd = new.rmssd * 1.01; return new; end $$;
create trigger off before insert on hrv_1m for each row execute function off()"""
"""What the running image stores: so the candidate is one per cent below it."""


@pytest.fixture
def stream(installation: Installation) -> Iterator[str]:
    """The URI of a database for a stream whose states lie in a bucket, with a snapshot each second."""
    with installation.bucket("upgrades", SNAPSHOT_SECONDS="1"):
        yield installation.store("upgraded")


def declare(installation: Installation, image: str) -> None:
    dataflow = {"image": image, "upgrade": {"compare": "10s"}}
    installation.apply("BioStream", "upgraded", spec("upgraded", dataflow=dataflow, sink={"database": "upgraded"}))


@contextmanager
def sending(installation: Installation, sent: list[StoredFrame]) -> Iterator[None]:
    """Sends these frames during the block, a part each second, and the rest at its end."""
    ended = threading.Event()
    size = len(sent) // 60

    def send() -> None:
        for at in range(0, len(sent), size):
            produce(installation, "upgraded-raw", sent[at : at + size])
            ended.wait(1.0)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def image(installation: Installation, deployment: str) -> str:
    found = installation.get("deployment", deployment)
    return found["spec"]["template"]["spec"]["containers"][0]["image"] if found else ""


def test_an_equal_image_takes_over_and_one_that_differs_is_refused(
    installation: Installation, stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    response_service(installation)
    declare(installation, "aura/biosync:1")
    installation.until_reason("biostream", "upgraded", "DataflowReady", "Available", seconds=180)
    installation.until_reason("biostream", "upgraded", "ImageCompared", "AsDeclared")
    sent = population(30, 30)
    first, second = sent[: len(sent) // 2], sent[len(sent) // 2 :]
    with sending(installation, first):
        declare(installation, "aura/biosync:2")
        found = installation.until_reason("biostream", "upgraded", "ImageCompared", "Comparing", seconds=120)
        assert "aura/biosync:2 computes beside aura/biosync:1" in found["message"]
        assert image(installation, "upgraded") == "aura/biosync:1"
        assert image(installation, "upgraded-candidate") == "aura/biosync:2"
        installation.cluster.until(lambda: image(installation, "upgraded") == "aura/biosync:2", 180)
    installation.until_reason("biostream", "upgraded", "ImageCompared", "AsDeclared")
    assert not installation.get("deployment", "upgraded-candidate")
    assert not installation.get("networkpolicy", "upgraded-candidate")
    assert "takes over from aura/biosync:1" in installation.kubectl(
        "get", "events", "-o", "jsonpath={.items[*].message}"
    )
    rows = {(user, one.at) for user, (windows, _) in compute_frames(first).items() for one in windows}

    def stored() -> set[tuple[str, int]]:
        with psycopg.connect(stream) as connection:
            found = connection.execute("select user_id, (extract(epoch from at) * 1000)::bigint from hrv_1m").fetchall()
        return {(user, at) for user, at in found}

    installation.cluster.until(lambda: stored() == rows, 120)
    installation.until_reason("biostream", "upgraded", "DataflowReady", "Available", seconds=120)
    with psycopg.connect(stream) as connection:
        connection.execute(OFF_BY_ONE_PER_CENT)
    with sending(installation, second):
        declare(installation, "aura/biosync:3")
        found = installation.until_reason("biostream", "upgraded", "ImageCompared", "Different", seconds=180)
    assert "rmssd is" in found["message"] and "aura/biosync:2 goes on" in found["message"]
    installation.until_reason("biostream", "upgraded", "Degraded", "Different")
    assert image(installation, "upgraded") == "aura/biosync:2"
    candidate = installation.cluster.until(
        lambda: (one := installation.get("deployment", "upgraded-candidate"))["spec"]["replicas"] == 0 and one, 30
    )
    assert isinstance(candidate, dict)
    assert "rmssd is" in candidate["metadata"]["annotations"]["platform.aurawellness.com/refused"]
    declare(installation, "aura-local/python:1")  # a program that is no dataflow
    installation.cluster.until(
        lambda: "can't open file" in installation.conditions("biostream", "upgraded")["ImageCompared"]["message"], 120
    )
    assert image(installation, "upgraded") == "aura/biosync:2"
    declare(installation, "aura/biosync:2")
    installation.until_reason("biostream", "upgraded", "Ready", "AsDeclared", seconds=60)
    assert not installation.get("deployment", "upgraded-candidate")
    declare(installation, "aura/biosync:1")  # which it replaced a moment ago
    installation.cluster.until(lambda: image(installation, "upgraded") == "aura/biosync:1", 60)
    installation.until_reason("biostream", "upgraded", "ImageCompared", "AsDeclared")
    assert "and is not compared" in installation.kubectl("get", "events", "-o", "jsonpath={.items[*].message}")
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(variable, installation.env[variable])
    states = StateBucket(REGION, installation.env["AWS_ENDPOINT_URL"])
    installation.cluster.until(
        lambda: asyncio.run(states.software("upgrades", f"{NAMESPACE}/upgraded")) == "aura/biosync:1", 60
    )
    assert asyncio.run(states.software("upgrades", "nobody")) == ""
    assert asyncio.run(states.software("no-such-bucket", f"{NAMESPACE}/upgraded")) == ""
