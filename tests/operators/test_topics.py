from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contracts import platform
from contracts.biostream import BioStreamSpec
from local.site import CHECKOUT
from operators.adapters.kafka.topics import (
    AlterConfigs,
    CreatePartitions,
    CreateTopic,
    KafkaState,
    Topic,
    TopicDescription,
)
from operators.biostream.topics import ADOPT, decide, desired_topics, ready
from operators.kubernetes.conditions import Finding
from tests.operators.samples import stream

TOPICS = st.builds(
    Topic, st.just("t"), st.integers(1, 20), st.none() | st.integers(1, 3), st.sampled_from([1000, 2000])
)
EXISTING = st.builds(
    TopicDescription,
    st.integers(1, 20),
    st.integers(1, 3),
    st.fixed_dictionaries(
        {"cleanup.policy": st.sampled_from(["delete", "compact"]), "retention.ms": st.sampled_from(["1000", "-1"])}
    ),
)


@given(TOPICS, st.dictionaries(st.just("t"), EXISTING), st.integers(1, 3))
def test_what_no_stream_made_is_never_altered(
    topic: Topic, existing: dict[str, TopicDescription], brokers: int
) -> None:
    decision = decide([topic], KafkaState(existing, brokers, frozenset(existing)), frozenset())
    assert isinstance(decision, Finding) or decision == ([] if existing else [CreateTopic(topic)])


@given(TOPICS, st.dictionaries(st.just("t"), EXISTING), st.integers(1, 3))
def test_partitions_only_grow_and_one_pass_is_enough(
    topic: Topic, existing: dict[str, TopicDescription], brokers: int
) -> None:
    decision = decide([topic], KafkaState(existing, brokers, frozenset(existing)), {"t"})
    if isinstance(decision, Finding):
        return
    after = dict(existing)
    for action in decision:
        match action:
            case CreateTopic(one):
                assert one.name not in after
                after[one.name] = TopicDescription(one.partitions, one.replication or 1, one.config)
            case CreatePartitions(name, partitions):
                assert partitions > after[name].partitions
                after[name] = TopicDescription(partitions, after[name].replication, after[name].config)
            case AlterConfigs(name, config):
                current = after[name]
                after[name] = TopicDescription(current.partitions, current.replication, {**current.config, **config})
    assert decide([topic], KafkaState(after, brokers, frozenset(after)), {"t"}) == []


def test_a_topic_of_another_owner_is_a_conflict_with_the_difference_and_the_remedy() -> None:
    orders = TopicDescription(1, 1, {"cleanup.policy": "compact", "retention.ms": "-1"})
    decision = decide([Topic("orders", 1, None, 60_000)], KafkaState({"orders": orders}, 1, frozenset()), {"other"})
    assert isinstance(decision, Finding)
    assert decision.reason == "NameConflict"
    for words in ("topic orders exists", "cleanup.policy is compact, delete is declared", "nothing was changed", ADOPT):
        assert words in decision.message


def test_one_impossible_change_prevents_all() -> None:
    new, shrunk = Topic("new", 1, None, 1), Topic("old", 2, None, 1)
    decision = decide([new, shrunk], KafkaState({"old": TopicDescription(4, 1, {})}, 3, frozenset({"old"})), {"old"})
    assert isinstance(decision, Finding)
    assert decision.reason == "PartitionsCannotShrink"


def test_more_replicas_than_brokers_are_refused() -> None:
    decision = decide([Topic("t", 1, 3, 1)], KafkaState({}, 1, frozenset()), ())
    assert isinstance(decision, Finding)
    assert "3 replicas, but Kafka has 1 brokers" in decision.message


def test_durations_become_milliseconds() -> None:
    raw, events, dead = desired_topics(stream())
    assert raw == Topic("raw", 4, None, 86_400_000)
    assert (events.name, dead.retention_ms) == ("stress-events", 604_800_000)


def test_the_dead_letter_topic_accepts_any_record_of_the_raw_topic_with_its_reason() -> None:
    raw, _, dead = desired_topics(stream())
    assert "max.message.bytes" not in raw.config
    assert dead.config["max.message.bytes"] == "2097152"


@pytest.mark.parametrize(
    ("declared", "existing"), [(["beats.raw", "beats_raw"], []), (["beats.raw"], ["beats_raw"]), (["a_b.c"], ["a.b_c"])]
)
def test_topics_that_differ_by_dot_and_underscore_only_collide(declared: list[str], existing: list[str]) -> None:
    decision = decide([Topic(name, 1, None, 1) for name in declared], KafkaState({}, 1, frozenset(existing)), ())
    assert isinstance(decision, Finding)
    assert decision.reason == "TopicCollision"
    assert all(name in decision.message for name in [*declared, *existing])


def test_other_peoples_collisions_and_the_same_topic_are_none() -> None:
    existing = TopicDescription(1, 1, Topic("a.b", 1, None, 1).config)
    kafka = KafkaState({"a.b": existing}, 1, frozenset({"a.b", "x.y", "x_y"}))
    assert decide([Topic("a.b", 1, None, 1)], kafka, ()) == []


def test_a_topic_of_another_owner_is_used_if_it_equals_the_declaration_and_topics_ready_says_so() -> None:
    mine, theirs = Topic("mine", 1, None, 1), Topic("theirs", 1, None, 1)
    found = {name.name: TopicDescription(1, 1, name.config) for name in (mine, theirs)}
    assert decide([mine, theirs], KafkaState(found, 1, frozenset(found)), {"mine"}) == []
    message = ready([mine, theirs], {"mine"}).message
    assert "no BioStream made theirs" in message
    assert "no BioStream" not in ready([mine, theirs], {"mine", "theirs"}).message


def test_every_topic_of_the_platform_is_handed_to_its_stream_or_kept_from_streams() -> None:
    declared = yaml.safe_load((CHECKOUT / "manifests" / "base" / "bio-sync.yaml").read_text())
    names = [topic.name for topic in desired_topics(BioStreamSpec.model_validate(declared["spec"]))]
    assert sorted(declared["metadata"]["annotations"][ADOPT].split(", ")) == sorted(names)
    topics = [value for name, value in vars(platform).items() if name.startswith("TOPIC_")]
    assert sorted(topics) == sorted([*names, *platform.SERVICE_TOPICS])
