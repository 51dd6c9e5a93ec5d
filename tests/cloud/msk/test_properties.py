"""Configurations take the properties that MSK documents, with values that brokers start with."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.svc.msk.model import server_properties
from local.cloud.svc.msk.properties import PROPERTIES, broker_settings, problems

numbers = st.integers(-(2**64), 2**64).map(str)
values = st.one_of(numbers, st.text(), st.floats().map(str), st.sampled_from(["true", "False", "delete", "lz4", "-1"]))


@given(st.dictionaries(st.text() | st.sampled_from(["listeners", "log.dirs", "node.id", "super.users"]), values))
def test_other_names_are_refused_each_by_name(properties: dict[str, str]) -> None:
    foreign = [name for name in properties if name not in PROPERTIES]
    refused = json.loads(problems(properties) or "[]")
    assert {entry["name"] for entry in refused} >= set(foreign)


@given(st.sampled_from(sorted(PROPERTIES)), values)
def test_an_accepted_value_is_one_token_of_the_right_type(name: str, value: str) -> None:
    if problems({name: value}) is None:
        assert re.fullmatch(r"[+-]?[\d.]+|[A-Za-z][\w.]*( *, *[a-z]+)?", value, re.ASCII)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("num.partitions", value) for value in ("banana", "0", "-1", "1.5", "", "2147483648", "١")),
        *(("auto.create.topics.enable", value) for value in ("yes", "1", "")),
        *(("log.cleanup.policy", value) for value in ("", "delete,delete", "erase", "compact;delete")),
        *(("log.cleaner.min.cleanable.ratio", value) for value in ("1.1", "-0.1", "nan", "half")),
        *(("replica.lag.time.max.ms", value) for value in ("9999", "30001")),
        ("compression.type", "none"),
        ("log.retention.ms", "0"),
        ("log.segment.bytes", "1048575"),
        ("replica.selector.class", "java.lang.Runtime"),
        ("offsets.topic.replication.factor", "32768"),
        ("num.io.threads", "1000000"),
        ("socket.request.max.bytes", "1"),
    ],
)
def test_values_that_no_broker_starts_with_are_refused(name: str, value: str) -> None:
    refused = json.loads(problems({name: value}) or "[]")
    assert [(entry["name"], entry["value"]) for entry in refused] == [(name, value)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto.create.topics.enable", "TRUE"),
        ("log.retention.hours", "-1"),
        ("log.cleanup.policy", "compact, delete"),
        ("log.cleaner.min.cleanable.ratio", "0.5"),
        ("log.retention.bytes", str(2**63 - 1)),
        ("min.insync.replicas", "2"),
        ("unclean.leader.election.enable", "false"),
    ],
)
def test_values_in_range_are_accepted(name: str, value: str) -> None:
    assert problems({name: value}) is None


def test_settings_are_in_the_terms_of_the_installed_kafka() -> None:
    lines = ("# comment", "log.message.timestamp.difference.max.ms = 5", "zookeeper.session.timeout.ms=18000")
    text = "\n".join([*lines, "num.partitions=3"]).encode()
    properties = server_properties(text)
    assert problems(properties) is None
    assert broker_settings(properties) == {
        "num.partitions": "3",
        "log.message.timestamp.before.max.ms": "5",
        "log.message.timestamp.after.max.ms": "5",
    }
