"""A Cluster that is promoted and demoted, with every interruption of it: pure, in a world that keeps and loses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from local.cloudnativepg import cluster as clusters
from local.cloudnativepg import tokens
from local.cloudnativepg.cluster import Cluster
from local.cloudnativepg.status import status
from local.cloudnativepg.tokens import Token, Verdict
from local.cloudnativepg.topology import Found, Role, Standing, Step, Wanted, diverged, next_step
from local.engines.postgres.positions import Control
from tests.cloudnativepg.test_decisions import cluster

CONTROL = Control("7", "shut down", 1, "0/5000028", "000000010000000000000005", "Mon Jan  1 00:00:00 2026")
TOKEN = Token.of(CONTROL)


@dataclass(frozen=True)
class Simulation:
    """What is on disk and what runs; a server outlives the controller."""

    role: Role
    archive: str = "other"
    token: str = ""
    running: bool = True
    recovering: bool = False
    signal: bool = False
    """The data say that they are a standby's."""
    clean: bool = False
    """The data are those of a server that was shut down."""
    archived: bool = False
    """The last of its WAL is in the archive."""

    @property
    def control(self) -> Control:
        return replace(CONTROL, state="shut down" if self.clean else "in production")

    @property
    def takes_writes(self) -> bool:
        return self.running and not self.recovering

    def found(self) -> Found:
        recovering = self.recovering if self.running else None
        return Found(self.role, self.archive, self.running, recovering, self.control)


PRIMARY = Simulation(Role.PRIMARY)
REPLICA = Simulation(Role.REPLICA, recovering=True, signal=True)
Change = Callable[[Simulation], Simulation]


def start(world: Simulation) -> Simulation:
    signal = world.signal or world.role is Role.REPLICA
    return replace(world, signal=signal, running=True, recovering=signal, clean=False)


CHANGES: dict[Step, tuple[Change, ...]] = {
    Step.RUN: (lambda w: w if w.running else start(w),),
    Step.REMAIN: (lambda w: w if w.running else start(w),),
    Step.RETARGET: (lambda w: replace(w, archive="other"),),
    Step.BEGIN_PROMOTION: (lambda w: replace(w, role=Role.PROMOTING),),
    Step.PROMOTE: (lambda w: replace(w, recovering=False, signal=False),),
    Step.END_PROMOTION: (lambda w: replace(w, role=Role.PRIMARY, archive="", token=""),),
    Step.BEGIN_DEMOTION: (lambda w: replace(w, role=Role.DEMOTING, archive="other", archived=False),),
    Step.SHUT_DOWN: (lambda w: replace(w, running=False), lambda w: replace(w, clean=True)),
    Step.END_DEMOTION: (
        lambda w: replace(w, archived=w.clean and not w.running),  # all of it, only then
        lambda w: replace(w, role=Role.REPLICA, token=Token.of(w.control).encode()),
    ),
    Step.UNDO_DEMOTION: (lambda w: replace(w, role=Role.PRIMARY, archive=""),),
}
"""What a step does, one change after the other."""
LOSSES: dict[str, Change] = {
    "the controller is killed": lambda w: w,
    "the controller and the server are killed": lambda w: replace(w, running=False, clean=w.clean and not w.running),
}


def walk(world: Simulation, wanted: Wanted) -> Iterator[Simulation]:
    """The world after each change, until nothing changes any more."""
    for turns in count():
        assert turns < 20, f"it comes to no end: {world}"
        before = world
        for change in CHANGES[next_step(wanted, world.found())[0]]:
            world = change(world)
            yield world
        if world == before:
            return


def end(world: Simulation, wanted: Wanted) -> Simulation:
    *_, last = walk(world, wanted)
    return last


WANTED = {
    "the primary": Wanted(True),
    "the primary, by the token": Wanted(True, "other", TOKEN),
    "a replica": Wanted(False, "other"),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("then", WANTED)
@pytest.mark.parametrize("asked", WANTED)
@pytest.mark.parametrize("begin", [PRIMARY, REPLICA])
def test_a_transition_interrupted_after_any_change_is_completed_or_undone(
    begin: Simulation, asked: str, then: str, loss: str
) -> None:
    for world in list(walk(begin, WANTED[asked])):
        for after in walk(LOSSES[loss](world), WANTED[then]):
            assert not (after.role is Role.REPLICA and after.takes_writes)
            if after.token:
                assert after.archived, "a token is known only once everything before it is in the archive"
        last = end(LOSSES[loss](world), WANTED[then])
        assert last.running
        assert last.takes_writes is WANTED[then].primary
        assert last.role is (Role.PRIMARY if WANTED[then].primary else Role.REPLICA)


def test_a_promotion_by_a_token_waits_for_its_position_and_refuses_another_history() -> None:
    wanted = Wanted(True, "other", replace(TOKEN, redo="0/6000028"))
    assert next_step(wanted, REPLICA.found()) == (
        Step.REMAIN,
        "waiting for promotion token LSN (0/6000028) to be replayed (the last replayed LSN is 0/5000028)",
    )
    for token, verdict, said in (
        (TOKEN, Verdict.READY, ""),
        (replace(TOKEN, timeline=2), Verdict.WAIT, "requested timeline not reached, current:1 wanted:2"),
        (replace(TOKEN, timeline=0), Verdict.REFUSED, "is older than current one"),
        (replace(TOKEN, redo="0/4FFFFFF"), Verdict.REFUSED, "is older than the last replay LSN"),
        (replace(TOKEN, system="8"), Verdict.REFUSED, "mismatching system identifiers, current:7 wanted:8"),
    ):
        found, why = token.against(CONTROL)
        assert found is verdict
        assert said in why
    assert next_step(Wanted(True, "other", replace(TOKEN, system="8")), REPLICA.found())[0] is Step.REMAIN


def test_a_token_is_read_as_it_was_written_and_nothing_else_is() -> None:
    assert tokens.parse(TOKEN.encode()) == TOKEN
    for text, said in (
        ("none", "invalid promotion token"),
        ("e30=", "LatestCheckpointTimelineID is empty"),
        (replace(TOKEN, system="").encode(), "DatabaseSystemIdentifier is empty"),
        (replace(TOKEN, redo="x").encode(), "invalid"),
    ):
        wrong = tokens.parse(text)
        assert isinstance(wrong, str)
        assert said in wrong


HISTORY = "1\t0/5000098\tno recovery target specified\n2\t0/9000000\tno recovery target specified\n"


@pytest.mark.parametrize(
    ("control", "timeline", "said"),
    [
        (CONTROL, 3, ""),
        (replace(CONTROL, timeline=2, redo="0/8000000"), 3, ""),
        (replace(CONTROL, timeline=3), 3, ""),
        (replace(CONTROL, redo="0/5000098"), 3, "timeline 3, which left timeline 1 at 0/5000098: it cannot follow"),
        (replace(CONTROL, redo="1/0"), 3, "it cannot follow"),
        (replace(CONTROL, timeline=4), 5, "which does not descend from it"),
    ],
)
def test_a_server_follows_a_later_timeline_unless_it_has_what_that_lacks(
    control: Control, timeline: int, said: str
) -> None:
    why = diverged(control, timeline, HISTORY)
    assert (said in why) if said else not why


def test_a_replica_that_has_parted_rests_and_may_still_be_promoted_by_hand() -> None:
    apart = replace(REPLICA.found(), diverged="it cannot follow")
    assert next_step(WANTED["a replica"], apart) == (Step.REST, "it cannot follow")
    assert next_step(WANTED["the primary"], apart)[0] is Step.BEGIN_PROMOTION


ARCHIVER = {"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": True}
EXTERNAL = [
    {"name": name, "plugin": {**ARCHIVER, "parameters": {"barmanObjectName": "store", "serverName": name}}}
    for name in ("west", "east")
]


def member(replica: dict[str, object], name: str = "west", **spec: object) -> Cluster:
    plugin = {**ARCHIVER, "parameters": {"barmanObjectName": "store", "serverName": name}}
    return cluster(**{"plugins": [plugin], "externalClusters": EXTERNAL, "replica": replica, **spec})


def test_a_cluster_is_a_replica_unless_it_is_named_as_the_primary() -> None:
    assert not member({"self": "west", "source": "east", "primary": "west"}).is_replica
    assert member({"self": "west", "source": "east", "primary": "east"}).is_replica
    assert member({"self": "west", "source": "east"}).is_replica
    assert member({"source": "east", "enabled": True}).is_replica
    follows = member({"self": "west", "source": "east"}).follows
    assert follows is not None
    assert (follows.store, follows.server) == ("store", "east")


@pytest.mark.parametrize(
    ("replica", "spec", "said"),
    [
        ({"source": "north"}, {}, "External cluster north not found"),
        ({"source": "east", "self": "west", "primary": "west", "enabled": True}, {}, "not compatible with the primary"),
        ({"source": "east", "promotionToken": TOKEN.encode()}, {}, "only allowed for primary clusters"),
        ({"source": "east", "self": "west", "primary": "west", "promotionToken": "x"}, {}, "invalid promotion token"),
        ({"source": "east", "minApplyDelay": "1h"}, {}, "minApplyDelay is not supported"),
        ({"source": "west"}, {}, "archives as west itself"),
        ({"source": "east"}, {"plugins": []}, "archives nothing"),
        (
            {"source": "east"},
            {"externalClusters": [{**EXTERNAL[1], "connectionParameters": {"host": "h"}}]},
            "follows an archive only",
        ),
    ],
)
def test_what_cloudnativepg_refuses_or_this_machine_cannot_is_refused_by_name(
    replica: dict[str, object], spec: dict[str, Any], said: str
) -> None:
    assert said in member(replica, **spec).unsupported()


def test_the_status_has_the_token_of_a_demotion_and_the_last_one_of_a_promotion() -> None:
    def said(of: Cluster, standing: Standing) -> dict[str, object]:
        desired = status(of, True, clusters.HEALTHY, "", None, None, standing, "1")
        assert desired is not None
        return {key: desired[key] for key in ("demotionToken", "lastPromotionToken", "switchReplicaClusterStatus")}

    primary = member({"self": "west", "source": "east", "primary": "west", "promotionToken": TOKEN.encode()})
    replica = member({"self": "west", "source": "east", "primary": "east"})
    switched = {"inProgress": False}
    assert said(replica, Standing(Role.REPLICA, "east", token="t")) == {
        "demotionToken": "t",
        "lastPromotionToken": "",
        "switchReplicaClusterStatus": switched,
    }
    assert said(replica, Standing(Role.DEMOTING, "east"))["switchReplicaClusterStatus"] == {"inProgress": True}
    assert said(primary, Standing(Role.REPLICA, "east"))["lastPromotionToken"] == ""
    assert said(primary, Standing())["lastPromotionToken"] == TOKEN.encode()
