"""Each rule, and no other, refuses its bad programs and says why; all accept the good ones."""

from __future__ import annotations

import pytest

from infra.policies.catalog import RULES
from local.site import CHECKOUT
from tests.infra.policies import good
from tests.infra.policies.bad import PROGRAMS, Program
from tests.infra.policies.programs import found, small

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BAD = [(rule, text, program) for rule, programs in PROGRAMS.items() for text, program in programs.items()]


@pytest.mark.parametrize(("rule", "text", "program"), BAD, ids=[f"{rule}: {text}" for rule, text, _ in BAD])
def test_a_bad_program_is_refused_by_its_rule_alone(rule: str, text: str, program: Program) -> None:
    refused = found(small(program))
    assert [line for line in refused if line.startswith(f"{rule}: ") and text in line]
    assert {line.partition(":")[0] for line in refused} == {rule}


def test_every_rule_has_a_program_that_it_refuses() -> None:
    elsewhere = {"counterpart", "no-secrets-in-configuration"}
    assert {rule.name for rule in RULES} == PROGRAMS.keys() | elsewhere


def test_every_rule_is_in_the_documentation() -> None:
    rows = [
        line.split("|")[1].strip() for line in (CHECKOUT / "docs/policies.md").read_text().splitlines() if "|" in line
    ]
    assert rows[2:] == [rule.name for rule in RULES]


@pytest.mark.parametrize(
    "program",
    [
        good.database,
        good.cache,
        good.stream,
        good.secret,
        good.key,
        good.cluster,
        good.bucket,
        good.distribution,
        good.role_policy,
    ],
)
def test_a_good_program_is_accepted(program: Program) -> None:
    assert found(small(program)) == []
