"""Streams that are stored but invalid: nothing that they may use is changed for another."""

from __future__ import annotations

from typing import Any

import pytest

from operators.biostream.siblings import among
from operators.biostream.topics import ADOPT
from tests.operators.samples import STREAM, stream
from tests.operators.test_refusals import changed


def body(name: str, spec: dict[str, Any], namespace: str = "aura", **status: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": namespace, "uid": f"{namespace}-{name}", "creationTimestamp": "2030-01-01"}
    return {"metadata": meta, "spec": spec, "status": status}


def touching(*others: dict[str, Any]) -> list[str]:
    mine, url = body("young", STREAM), "postgresql://u:p@ts-rw/timeseries"
    found = among([mine, *others], mine, stream(), "b:9092", url)
    return found.touching


INVALID = changed(STREAM, "sink.retention", "999999d")
ELSEWHERE = changed(
    changed(changed(INVALID, "sink.database", "x"), "source.topic", "raw2"), "deadLetter.topic", "dead2"
) | {"events": {"topic": "events2"}}


@pytest.mark.parametrize(
    ("other", "stands_in_the_way"),
    [
        (body("old", INVALID), True),
        (body("old", changed(ELSEWHERE, "deadLetter.topic", "raw")), True),
        (body("old", {"sink": None, "source": "raw"}), True),  # stress-events, which is the default
        (body("old", ELSEWHERE), False),
        (body("old", INVALID, "elsewhere", kafka="other:9092", database="other:5432/x"), False),
        (body("old", ELSEWHERE, "elsewhere", kafka="b:9092", database="ts-rw.aura:5432/timeseries"), True),
    ],
)
def test_an_invalid_stream_stands_in_the_way_of_what_it_may_share(
    other: dict[str, Any], stands_in_the_way: bool
) -> None:
    assert touching(other) == ([f"{other['metadata']['namespace']}/old"] if stands_in_the_way else [])


@pytest.mark.parametrize(
    ("status", "annotation", "topics"),
    [
        ({"topics": ["raw"], "workers": 1}, "", {"raw"}),
        ({"workers": 1}, "", {"raw", "dead", "stress-events"}),  # by operators that kept no record
        ({}, "", set()),
        ({"topics": []}, " dead, orders ", {"dead", "orders"}),
        ({"topics": ["raw", "user-events"]}, "content-events", {"raw"}),  # taken over by earlier operators
    ],
)
def test_the_topics_of_a_stream(status: dict[str, Any], annotation: str, topics: set[str]) -> None:
    mine = body("mine", STREAM, **status)
    mine["metadata"]["annotations"] = {ADOPT: annotation} if annotation else {}
    found = among([mine], mine, stream(), "b:9092", "")
    assert found.mine.topics == topics
