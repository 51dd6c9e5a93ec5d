"""What is remembered of copies that cannot be measured, and how it is told."""

from __future__ import annotations

from cli.region_status import lacking, lag, note, regions
from local.loss.copies import Copy, remembered
from local.loss.model import Loss

OLD = Copy("arn:a", "RDS", "users", "us-west-2", "us-east-1", 0.5, 1200, "bytes of WAL", 100.0)
NEW = Copy("arn:a", "RDS", "users", "us-west-2", "us-east-1", 0.0, 0, "bytes of WAL", 105.0)
KILLED = Loss(killed=("us-west-2",))


def test_what_cannot_be_measured_keeps_what_was_measured_last_and_what_is_gone_is_forgotten() -> None:
    assert remembered([OLD], {"arn:a": [NEW]}) == [NEW]
    assert remembered([OLD], {"arn:a": None}) == [OLD]
    assert remembered([OLD], {"arn:a": []}) == []
    assert remembered([OLD], {}) == []
    assert remembered([], {"arn:a": None}) == []


def test_units_and_the_age_of_figures_are_told() -> None:
    assert (lag(OLD), lacking(OLD)) == ("0.50 s", "1,200 bytes of WAL")
    assert lacking(NEW) == "nothing"
    assert note(OLD, KILLED, 400.0) == "us-west-2 is killed, measured 300 s ago"
    assert note(OLD, Loss(), 101.0) == ""
    one = Copy("arn:b", "MSK", "r", "us-west-2", "us-east-1", None, 1, "messages", 0.0, "it does not run")
    assert (lag(one), lacking(one), note(one, Loss(), 1.0)) == ("unknown", "1 message", "it does not run")


def test_each_region_has_its_condition_and_declared_role() -> None:
    loss = Loss(killed=("us-west-2",), cut=("us-east-1",), refusing=True)
    lines = regions(loss, {"us-west-2": "active", "us-east-1": "passive"})
    assert lines[0] == "us-west-2: killed, declared active"
    assert lines[1] == "us-east-1: cut off, declared passive"
    assert "every call of a control plane is refused" in lines[-1]


def test_a_region_that_the_platform_does_not_have_is_not_named() -> None:
    assert [line.partition(":")[0] for line in regions(Loss(), {"us-west-2": "active"})] == [
        "us-west-2",
        "between regions",
    ]
