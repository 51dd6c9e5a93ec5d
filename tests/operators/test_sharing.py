"""What streams share, and which of two that do not agree is served."""

from __future__ import annotations

from typing import Any

import pytest

from operators.biostream.sharing import Stream, conflict, difference, kept_sink, kept_topics, shared
from operators.biostream.siblings import store_of
from tests.operators.samples import stream

KAFKA, STORE = "10.0.0.8:9092", "db.aura:5432/timeseries"
OTHER_TOPICS: dict[str, Any] = {"source": {"topic": "raw2", "partitions": 4, "retention": "24h"}}


def at(name: str, created: int, *, namespace: str = "aura", runs: bool = True, **members: Any) -> Stream:
    spec = stream(**members)
    return Stream(namespace, name, f"2030-01-0{created}T00:00:00Z", spec, KAFKA, STORE, runs)


def elsewhere(one: Stream, *, kafka: str = KAFKA, store: str = STORE) -> Stream:
    return Stream(one.namespace, one.name, one.created, one.spec, kafka, store, one.runs)


def sink(**members: str) -> dict[str, Any]:
    return {"sink": {"database": "timeseries", **members}}


OLD_RESPONSE = {"service": "recommend", "path": "/v1/stress-events"}
OLD = at("old", 1)
BESIDE = at("beside", 2, **OTHER_TOPICS)


def test_streams_with_sources_of_their_own_and_equal_settings_live_side_by_side() -> None:
    assert conflict(BESIDE, [OLD]) is None
    minutes = at(
        "minutes", 2, **OTHER_TOPICS, hrv={"window": "1m"}, sink={"database": "timeseries", "retention": "2160h"}
    )
    assert conflict(minutes, [OLD]) is None


@pytest.mark.parametrize(
    ("members", "what"),
    [
        ({}, "topic raw and fill the same tables"),
        (
            OTHER_TOPICS | {"sink": {"database": "timeseries", "retention": "2h"}},
            "sink.retention is 90d there and 2h here",
        ),
        (OTHER_TOPICS | {"sink": {"database": "timeseries", "chunk": "2h"}}, "sink.chunk is 1h there and 2h here"),
        (OTHER_TOPICS | {"sink": {"database": "timeseries", "compressAfter": "1d"}}, "sink.compressAfter"),
        (OTHER_TOPICS | {"hrv": {"window": "120s"}}, "hrv.window is 60s there and 120s here"),
        (OTHER_TOPICS | {"hrv": {"every": "20s"}}, "hrv.every"),
        (OTHER_TOPICS, "response.service is aura/recommend there and elsewhere/recommend here"),
        (OTHER_TOPICS | {"events": {"partitions": 3}}, "partitions of topic stress-events is 1 there and 3 here"),
        (
            OTHER_TOPICS | {"deadLetter": {"topic": "dead", "retention": "1h"}},
            "retention of topic dead is 604800000 ms",
        ),
        (
            OTHER_TOPICS | {"deadLetter": {"topic": "raw", "retention": "24h"}},
            "topic raw is source there and deadLetter",
        ),
    ],
)
def test_the_younger_is_refused_with_the_name_of_the_older_and_what_differs(members: dict[str, Any], what: str) -> None:
    young = at("young", 2, namespace="elsewhere", **members)
    found = conflict(young, [OLD])
    assert found is not None
    assert found.other is OLD
    assert what in found.difference
    assert conflict(OLD, [young]) is None


@pytest.mark.parametrize(
    ("member", "value", "what"),
    [
        ("service", "other", "response.service is aura/recommend there and aura/other here"),
        ("path", "/v2/events", "response.path is /v1/stress-events there and /v2/events here"),
    ],
)
def test_streams_of_one_outbox_must_agree_on_who_answers(member: str, value: str, what: str) -> None:
    response = OLD_RESPONSE | {member: value}
    young = at("young", 2, **OTHER_TOPICS, response=response)
    found = conflict(young, [OLD])
    assert found is not None and found.other is OLD
    assert what in found.difference
    assert conflict(elsewhere(young, store="other.aura:5432/store"), [OLD]) is None
    own_secret = at("young", 2, **OTHER_TOPICS, response=OLD_RESPONSE | {"secret": "young/webhook"})
    assert conflict(own_secret, [OLD]) is None


def test_a_shared_topic_must_agree_even_if_the_tables_are_others() -> None:
    source = {"topic": "raw", "partitions": 8, "retention": "24h"}
    young = elsewhere(at("young", 2, source=source), store="other.aura:5432/store")
    assert "partitions of topic raw is 4 there and 8 here" in difference(OLD, young)
    assert difference(OLD, elsewhere(at("young", 2), store="other.aura:5432/store")) == ""
    assert difference(OLD, elsewhere(young, kafka="10.9.9.9:9092", store="other.aura:5432/store")) == ""


def test_replication_left_to_the_cluster_agrees_with_any() -> None:
    source = OTHER_TOPICS["source"] | {"topic": "raw"}
    three, two = source | {"replication": 3}, source | {"replication": 2}
    apart = "other.aura:5432/store"
    assert difference(OLD, elsewhere(at("young", 2, source=three), store=apart)) == ""
    assert "replication" in difference(at("old", 1, source=three), elsewhere(at("young", 2, source=two), store=apart))


def test_what_is_not_known_yet_conflicts_with_nothing() -> None:
    young = at("young", 2)
    assert difference(elsewhere(OLD, kafka="", store=""), elsewhere(young, kafka="", store="")) == ""


def test_of_equal_age_the_name_decides() -> None:
    one, two = at("a", 1), at("b", 1)
    assert conflict(one, [two]) is None
    assert conflict(two, [one]) is not None


def test_a_refused_stream_does_not_stand_in_the_way_of_a_younger_one() -> None:
    middle = at("middle", 2, source={"topic": "raw2", "partitions": 4, "retention": "24h"}, hrv={"window": "120s"})
    young = elsewhere(at("young", 3, source={"topic": "raw2", "partitions": 4, "retention": "24h"}), store=STORE)
    assert (found := conflict(middle, [OLD, young])) is not None and found.other is OLD
    assert conflict(young, [OLD, middle]) is None
    assert (found := conflict(young, [middle])) is not None and found.other is middle


def test_data_is_kept_as_long_as_any_running_stream_declares() -> None:
    source = {"topic": "raw", "partitions": 4, "retention": "9d"}
    short = at("short", 1, sink={"database": "timeseries", "retention": "2h"})
    long, idle = (
        at("long", 2, source=source),
        at("idle", 3, runs=False, sink={"database": "timeseries", "retention": "3650d"}),
    )
    assert kept_sink(short, [long, idle]).retention == "90d"
    assert kept_sink(short, [elsewhere(long, store="other")]).retention == "2h"
    assert [topic.retention_ms for topic in kept_topics(short, [long, idle])] == [
        9 * 86_400_000,
        604_800_000,
        604_800_000,
    ]
    assert kept_topics(short, [elsewhere(long, kafka="other")])[0].retention_ms == 86_400_000


def test_deletion_spares_what_others_use_but_not_what_those_use_that_are_deleted_too() -> None:
    leaving = Stream("aura", "gone", "2030-01-01T00:00:00Z", stream(), KAFKA, STORE, True, terminating=True)
    used = shared(OLD, [BESIDE])
    assert (used.topics, used.store) == ({"raw2", "stress-events", "dead"}, True)
    assert shared(OLD, [leaving]) == shared(OLD, [])
    assert not shared(OLD, [elsewhere(BESIDE, store="other.aura:5432/x")]).store


@pytest.mark.parametrize(
    ("url", "store"),
    [
        ("postgresql://u:p@ts-rw:5432/timeseries", "ts-rw.aura:5432/timeseries"),
        ("postgresql://v:q@ts-rw.aura/timeseries?sslmode=require", "ts-rw.aura:5432/timeseries"),
        ("postgresql://v:q@TS-RW.aura.svc.cluster.local:5432/timeseries", "ts-rw.aura:5432/timeseries"),
        ("postgresql://u:p@127.0.0.1:6432/x", "127.0.0.1:6432/x"),
        ("", ""),
        ("postgresql://u:pass/word@host:x/y", ""),
    ],
)
def test_every_url_of_a_database_names_the_same_store(url: str, store: str) -> None:
    assert store_of(url, "aura") == store
