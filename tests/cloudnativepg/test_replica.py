"""Two servers that are one database by an archive in S3: they exchange their roles, and one is lost."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import psycopg
import pytest

from local.cloudnativepg import topology
from local.cloudnativepg import transitions as module
from local.cloudnativepg.tokens import Token
from local.cloudnativepg.topology import Role
from tests.cloudnativepg.members import Members, members
from tests.fixtures.engines import ScratchEnvironment

pytestmark = [pytest.mark.integration, pytest.mark.timeout(500)]


@pytest.fixture(scope="module")
def pair(scratch: ScratchEnvironment) -> Iterator[Members]:
    """`east` follows `west`, and both have one row."""
    with members(scratch) as found:
        found.write("west", 1)
        found.seed("east", "west")
        found.settle("east", "west")
        yield found


def refuses_writes(pair: Members, name: str) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        pair.write(name, 0)


def test_roles_are_exchanged_without_loss_and_back_without_a_rebuild(pair: Members) -> None:
    pair.write("west", 2)
    pair.archive("west")
    pair.has("east", [1, 2])
    refuses_writes(pair, "east")

    pair.write("west", 3)  # in a segment that is not archived yet
    pair.settle("west", "east")
    token = pair.server("west").standing.token
    refuses_writes(pair, "west")
    pair.settle("east", "east", token)
    assert pair.rows("east") == [1, 2, 3]
    pair.write("east", 4)
    pair.archive("east")
    process = pair.server("west").engine().process.pid()
    pair.has("west", [1, 2, 3, 4])
    assert pair.server("west").engine().process.pid() == process, "it follows to the new timeline as it is"

    pair.write("east", 5)
    pair.settle("east", "west")
    pair.settle("west", "west", pair.server("east").standing.token)
    assert pair.rows("west") == [1, 2, 3, 4, 5]
    pair.archive("west")
    pair.has("east", [1, 2, 3, 4, 5])


def test_a_token_of_what_it_has_not_replayed_keeps_a_replica_one(pair: Members) -> None:
    control = pair.server("east").engine().control()
    ahead = Token.of(control).encode()
    values = json.loads(base64.b64decode(ahead)) | {"latestCheckpointREDOLocation": "F/0"}
    unsettled = pair.reconcile("east", "east", base64.b64encode(json.dumps(values).encode()).decode())
    assert unsettled is not None and unsettled.runs
    assert "waiting for promotion token LSN (F/0) to be replayed" in str(unsettled)
    refuses_writes(pair, "east")


class Killed(BaseException):
    """The controller, after a step."""


def test_a_controller_that_is_killed_after_each_step_completes_what_it_began(
    pair: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, steps = module.take, []

    def killed(step: topology.Step, *given: object) -> None:
        take(step, *given)  # pyright: ignore[reportArgumentType]
        steps.append(step)
        raise Killed

    def settle(name: str, primary: str, token: str = "") -> None:
        while True:
            try:
                return pair.settle(name, primary, token)
            except Killed:
                continue

    monkeypatch.setattr(module, "take", killed)
    before = pair.rows("west")
    settle("west", "east")
    assert steps == [topology.Step.BEGIN_DEMOTION, topology.Step.SHUT_DOWN, topology.Step.END_DEMOTION]
    steps.clear()
    settle("east", "east", pair.server("west").standing.token)
    assert steps == [topology.Step.BEGIN_PROMOTION, topology.Step.PROMOTE, topology.Step.END_PROMOTION]
    assert pair.rows("east") == before


def test_a_lost_primary_that_has_what_its_successor_lacks_stays_down_and_says_so(pair: Members) -> None:
    """The east is the primary, and ends without warning."""
    pair.settle("west", "east")
    pair.settle("east", "east", pair.server("west").standing.token)
    rows = pair.rows("east")
    pair.archive("east")
    pair.has("west", rows)
    pair.write("east", 6)
    pair.server("east").engine().process.kill()
    pair.settle("west", "west")
    pair.write("west", 7)
    pair.archive("west")
    unsettled = pair.reconcile("east", "west")
    while unsettled is None or unsettled.runs:
        unsettled = pair.reconcile("east", "west")
    assert "it cannot follow. The data are intact" in str(unsettled)
    assert pair.server("east").engine().process.pid() is None
    assert pair.server("east").standing.role is Role.REPLICA
    assert pair.rows("west") == [*rows, 7]
