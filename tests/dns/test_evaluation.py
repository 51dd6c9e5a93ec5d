"""What Route 53 answers, by routing policy and health."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.dns.evaluation import Answer, Code, Line, Resolver
from local.dns.model import Alias, Record, Zone

NAME = "api.example.org."


def record(value: str, name: str = NAME, type: str = "A", **given: object) -> Record:
    return Record(name=name, type=type, ttl=60, values=(value,), **given)  # pyright: ignore[reportArgumentType]


def ask(*records: Record, down: str = "", name: str = NAME, type: str = "A", draw: float = 0.0) -> Answer:
    zone = Zone("example.org.", records)
    resolver = Resolver([zone], lambda id: id not in down.split(), draw, ("us-east-1", "us-west-2"))
    return resolver.answer(name, type)


def values(answer: Answer) -> list[str]:
    return [line.value for line in answer.lines]


WEST = record("10.0.0.1", set_id="west", failover="PRIMARY", health_check="west")
EAST = record("10.0.0.2", set_id="east", failover="SECONDARY", health_check="east")


@pytest.mark.parametrize(
    ("down", "value"),
    [("", "10.0.0.1"), ("east", "10.0.0.1"), ("west", "10.0.0.2"), ("west east", "10.0.0.1")],
)
def test_failover_goes_to_the_secondary_only_while_the_primary_alone_is_down(down: str, value: str) -> None:
    assert values(ask(EAST, WEST, down=down)) == [value]


def test_a_name_in_another_case_and_without_its_dot_is_the_same() -> None:
    assert values(ask(record("10.0.0.1"), name="API.Example.org")) == ["10.0.0.1"]


def test_what_is_not_there() -> None:
    assert ask(record("10.0.0.1"), name="nobody.example.org.").code is Code.NO_NAME
    assert ask(record("10.0.0.1"), name="example.com.").code is Code.REFUSED
    other = ask(record("10.0.0.1"), type="AAAA")
    assert (other.code, other.lines, other.zone) == (Code.FOUND, (), "example.org.")
    between = ask(record("10.0.0.1", name="a.b.example.org."), name="b.example.org.")
    assert (between.code, between.lines) == (Code.FOUND, ())


def test_the_longest_zone_answers() -> None:
    outer, inner = Zone("example.org.", (record("1.1.1.1"),)), Zone("api.example.org.", (record("2.2.2.2"),))
    assert values(Resolver([outer, inner], lambda _: True).answer(NAME, "A")) == ["2.2.2.2"]


def test_a_cname_is_followed_inside_the_zones_and_left_to_the_client_outside() -> None:
    alias = record(NAME, name="www.example.org.", type="CNAME")
    assert ask(alias, record("10.0.0.1"), name="www.example.org.").lines == (
        Line("www.example.org.", "CNAME", 60, NAME),
        Line(NAME, "A", 60, "10.0.0.1"),
    )
    outside = record("elsewhere.net.", name="www.example.org.", type="CNAME")
    assert values(ask(outside, name="www.example.org.")) == ["elsewhere.net."]


def test_cnames_in_a_circle_end() -> None:
    one, two = (record(f"{b}.example.org.", name=f"{a}.example.org.", type="CNAME") for a, b in ("ab", "ba"))
    assert ask(one, two, name="a.example.org.").code is Code.FOUND


def test_an_alias_answers_with_the_values_of_its_target_and_is_as_healthy() -> None:
    target = record("10.0.0.9", name="west.example.org.", health_check="target")
    west = Record(name=NAME, type="A", set_id="w", failover="PRIMARY", alias=Alias("west.example.org.", True))
    assert ask(west, EAST, target).lines == (Line(NAME, "A", 60, "10.0.0.9"),)
    assert values(ask(west, EAST, target, down="target")) == ["10.0.0.2"]
    deaf = Record(name=NAME, type="A", set_id="w", failover="PRIMARY", alias=Alias("west.example.org.", False))
    assert values(ask(deaf, EAST, target, down="target")) == ["10.0.0.9"]


def test_a_wildcard_answers_for_names_that_are_not_there() -> None:
    wild = record("10.0.0.7", name="*.example.org.")
    assert ask(wild, name="a.b.example.org.").lines == (Line("a.b.example.org.", "A", 60, "10.0.0.7"),)
    assert values(ask(wild, record("10.0.0.1"), name=NAME)) == ["10.0.0.1"]
    assert ask(wild, record("10.0.0.1"), name=f"x.{NAME}").code is Code.NO_NAME


def test_latency_chooses_the_nearest_healthy_region() -> None:
    near = record("10.0.0.2", set_id="e", region="us-east-1", health_check="east")
    far = record("10.0.0.1", set_id="w", region="us-west-2")
    assert values(ask(far, near)) == ["10.0.0.2"]
    assert values(ask(far, near, down="east")) == ["10.0.0.1"]


def test_a_multivalue_answer_has_at_most_eight_healthy_values() -> None:
    many = [record(f"10.0.0.{n}", set_id=str(n), multivalue=True, health_check=str(n)) for n in range(10)]
    assert values(ask(*many, down="0 1 2")) == [f"10.0.0.{n}" for n in range(3, 10)]
    assert len(values(ask(*many))) == 8


WEIGHTS = st.lists(st.integers(0, 255), min_size=1, max_size=6)


@given(WEIGHTS, st.floats(0, 1, exclude_max=True), st.sets(st.integers(0, 5)))
def test_weights_choose_one_healthy_record_of_a_weight_above_zero_if_there_is_one(
    weights: list[int], draw: float, down: set[int]
) -> None:
    records = [record(str(n), set_id=str(n), weight=w, health_check=str(n)) for n, w in enumerate(weights)]
    (value,) = values(ask(*records, draw=draw, down=" ".join(map(str, down))))
    up = [n for n in range(len(weights)) if n not in down] or list(range(len(weights)))
    assert int(value) in up
    assert weights[int(value)] > 0 or all(weights[n] == 0 for n in up)


def test_weights_are_shares() -> None:
    records = [record("one", set_id="1", weight=1), record("three", set_id="3", weight=3)]
    drawn = Counter(values(ask(*records, draw=n / 400))[0] for n in range(400))
    assert drawn == {"one": 100, "three": 300}
