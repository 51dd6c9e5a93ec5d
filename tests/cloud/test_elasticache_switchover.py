"""The change of a global datastore's primary: never two servers that take writes, wherever it was interrupted."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from local.cloud.context import CloudContext
from local.cloud.links import Links
from local.cloud.service.errors import AwsError
from local.cloud.svc.elasticache.backing import ReplicationGroupBacking
from local.cloud.svc.elasticache.global_backing import GlobalBacking, Lags
from local.cloud.svc.elasticache.global_group import GlobalGroup, GlobalMember, Upstream
from local.cloud.svc.elasticache.lag import LagProbe
from local.cloud.svc.elasticache.model import CacheState, Endpoints, Group, Member
from local.cloud.svc.elasticache.rules import global_groups as rules
from local.cloud.svc.elasticache.switchover import Step, next_step
from local.engines.redis import Redis
from local.engines.runtime.process import EngineFailed, kill_recorded
from local.site import Site
from tests.fixtures.engines import SITE_INDEX, ScratchEnvironment

NOW = datetime(2026, 11, 28, tzinfo=UTC)
WEST, EAST = "us-west-2", "us-east-1"


@dataclass(frozen=True)
class Server:
    """What a step makes of a server, as Redis does it."""

    alive: bool = True
    role: str = "master"
    link: str = "up"

    @property
    def info(self) -> dict[str, Any] | None:
        if not self.alive:
            return None
        if self.role == "master":
            return {"role": "master"}
        return {"role": "slave", "master_link_status": self.link, "master_sync_in_progress": 0}


def done(step: Step, former: Server, chosen: Server) -> tuple[Server, Server]:
    follower = replace(former, role="slave", link="up")
    primary = replace(chosen, role="master")
    return {
        Step.START: (former, replace(chosen, alive=True, role="slave", link="down")),
        Step.START_ALONE: (former, replace(chosen, alive=True, role="master")),
        Step.HAND_OVER: (follower, primary),
        Step.DEMOTE: (follower, chosen),
        Step.PROMOTE: (former, primary),
    }[step]


servers = st.builds(
    Server, alive=st.booleans(), role=st.sampled_from(["master", "slave"]), link=st.sampled_from(["up", "down"])
)


accidents = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["kill", "cut"])))


@given(former=servers, chosen=servers, accidents=accidents)
def test_from_any_state_the_chosen_one_ends_as_the_only_primary(
    former: Server, chosen: Server, accidents: list[tuple[int, str]]
) -> None:
    for number in range(8):
        step = next_step(former.info, chosen.info)
        if step is Step.DONE:
            break
        both_before = [former.info, chosen.info].count({"role": "master"}) == 2
        former, chosen = done(step, former, chosen)
        assert both_before or [former.info, chosen.info].count({"role": "master"}) < 2
        for at, accident in accidents:
            if at == number:
                former = replace(former, alive=False) if accident == "kill" else former
                chosen = replace(chosen, link="down") if accident == "cut" else chosen
    else:
        pytest.fail("it does not end")
    assert chosen.info == {"role": "master"} and former.info != {"role": "master"}


def test_a_copy_that_is_being_received_is_waited_for() -> None:
    syncing = {"role": "slave", "master_link_status": "down", "master_sync_in_progress": 1}
    assert next_step({"role": "master"}, syncing) is Step.WAIT


def test_the_lag_is_the_age_of_the_first_write_that_the_replica_has_not() -> None:
    probe = LagProbe()
    assert probe.replica_at(0, 0.0) is None
    probe.primary_at(100, 10.0)
    assert probe.replica_at(100, 10.1) == 0
    probe.primary_at(150, 11.0)
    probe.primary_at(200, 12.0)
    assert probe.replica_at(120, 13.0) == 2.0
    assert probe.replica_at(150, 13.5) == 1.5
    assert probe.replica_at(200, 14.0) == 0


@pytest.mark.parametrize(
    ("node_type", "accepted"),
    [("cache.t4g.micro", False), ("cache.m4.large", False), ("cache.m7g.large", True), ("cache.r6g.12xlarge", True)],
)
def test_node_types_of_global_datastores(node_type: str, accepted: bool) -> None:
    if accepted:
        rules.check_node_type(node_type)
    else:
        with pytest.raises(AwsError, match="not supported for the node type"):
            rules.check_node_type(node_type)


@pytest.mark.parametrize("name", (*rules.OF_THE_PRIMARY, "AutomaticFailoverEnabled"))
def test_a_secondary_is_not_created_with_what_is_the_primarys(name: str) -> None:
    members = [GlobalMember(WEST, "w", True, "associated")]
    datastore = GlobalGroup(WEST, "sgaui-x", "arn", "", NOW, members, "primary-only")
    primary = Group(WEST, "w", "arn", {"AutomaticFailoverEnabled": True}, [], NOW, {})
    rules.check_secondary(datastore, primary, EAST, {"ReplicationGroupId": "e", "AutomaticFailoverEnabled": True})
    with pytest.raises(AwsError) as refused:
        rules.check_secondary(datastore, primary, EAST, {"ReplicationGroupId": "e", name: "x"})
    assert refused.value.code == "InvalidParameterCombination"


class Killed(BaseException):
    """Of the endpoint, as `kill -9` does it."""


@dataclass
class Pair:
    """Two groups of a datastore, without an endpoint."""

    context: CloudContext
    lags: Lags = field(default_factory=Lags)

    def state(self, region: str) -> CacheState:
        return self.context.state["elasticache", region]

    @property
    def datastore(self) -> GlobalGroup:
        return self.state(WEST).datastores["sgaui-d"]

    def group(self, region: str) -> Group:
        return self.state(region).groups["g"]

    def pass_of_the_loop(self) -> None:
        for link in Links(self.context).backings():
            link.reconcile()
        for region in (WEST, EAST):
            ReplicationGroupBacking(self.context, self.state(region), self.group(region)).reconcile()
        GlobalBacking(self.context, self.state, self.datastore, self.lags).reconcile()

    def settle(self) -> None:
        for _ in range(12):
            with suppress(EngineFailed):
                self.pass_of_the_loop()
            if self.datastore.status == "available" and all(
                self.group(region).status == "available" for region in (WEST, EAST)
            ):
                return
        pytest.fail(f"{self.datastore} is not settled")

    def begin_failover(self, region: str) -> None:
        """What the request records."""
        self.datastore.promoting, self.datastore.status = region, "modifying"
        for one in (WEST, EAST):
            self.group(one).held = True
            self.group(one).change("modifying")

    def redis(self, region: str) -> Any:
        return redis.Redis(self.group(region).members[0].address, socket_timeout=5)

    def role(self, region: str) -> str:
        return self.redis(region).info("replication")["role"]


@pytest.fixture(scope="module")
def pair(scratch: ScratchEnvironment) -> Iterator[Pair]:
    context = CloudContext(Site(scratch.folder / "switchover", SITE_INDEX))
    west, east = scratch.addresses[6], scratch.addresses[7]
    for region, address in ((WEST, west), (EAST, east)):
        arn = f"arn:aws:elasticache:{region}:1:replicationgroup:g"
        members = [Member("g-001", address, f"{region}a")]
        group = Group(region, "g", arn, {"ReplicationGroupDescription": "d"}, members, NOW, {}, datastore="sgaui-d")
        group.administrator, group.endpoints = "secret", Endpoints(address, address)
        state = context.state["elasticache", region] = CacheState(region)
        state.groups["g"] = group
    members = [GlobalMember(WEST, "g", True, "associated"), GlobalMember(EAST, "g", False)]
    context.state["elasticache", WEST].datastores["sgaui-d"] = GlobalGroup(WEST, "sgaui-d", "arn", "", NOW, members)
    pair = Pair(context)
    pair.group(EAST).upstream = Upstream(west, 6379)
    pair.settle()
    yield pair
    kill_recorded(context.site.home / "engines")
    for region in (WEST, EAST):
        pair.group(region).status = "deleting"
        ReplicationGroupBacking(context, pair.state(region), pair.group(region)).reconcile()


def interrupt(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Kills the endpoint before its `at`-th effect on a server, counted from 0."""
    effects = 0

    def killing(effect: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **more: Any) -> Any:
            nonlocal effects
            effects += 1
            if effects == at + 1:
                raise Killed
            return effect(*arguments, **more)

        return run

    for name in ("start", "hand_over", "follow", "promote", "align", "release"):
        monkeypatch.setattr(Redis, name, killing(getattr(Redis, name)))


@pytest.mark.integration
@pytest.mark.parametrize(("dead", "saved"), [(False, False), (True, True)], ids=["alive", "dead"])
def test_a_failover_that_is_killed_anywhere_is_completed_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, pair: Pair, saved: bool, dead: bool
) -> None:
    """The state of before the kill is on disk, or only what the request had recorded."""
    at, killed = 0, True
    while killed:
        former, chosen = (member.region for member in sorted(pair.datastore.members, key=lambda one: not one.primary))
        pair.redis(former).set("round", at)
        pair.redis(former).execute_command("WAIT", 1, 5000)
        if dead:
            ReplicationGroupBacking(pair.context, pair.state(former), pair.group(former)).stop()
        pair.begin_failover(chosen)
        recorded = pickle.dumps(pair.context.state)
        with monkeypatch.context() as patch:
            interrupt(patch, at)
            try:
                pair.pass_of_the_loop()
                pair.pass_of_the_loop()
                killed = False
            except Killed:
                pair.context.state = pickle.loads(pickle.dumps(pair.context.state) if saved else recorded)
        pair.settle()
        assert (pair.role(former), pair.role(chosen)) == ("slave", "master"), f"killed at effect {at}"
        assert pair.redis(chosen).get("round") == str(at).encode()
        at += 1
    assert at > 3
