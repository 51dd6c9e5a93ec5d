"""What holds the groups of a global datastore together: who replicates whom, and the change of the primary."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime

from local.cloud.context import CloudContext
from local.cloud.metrics import put
from local.cloud.svc.elasticache.engines import Engines
from local.cloud.svc.elasticache.events import note
from local.cloud.svc.elasticache.global_group import GlobalGroup, GlobalMember, Upstream
from local.cloud.svc.elasticache.lag import LagProbe
from local.cloud.svc.elasticache.model import CacheState, Group
from local.cloud.svc.elasticache.switchover import Step, next_step
from local.cloud.svc.elasticache.turns import turn
from local.engines.redis import Redis
from local.engines.runtime.process import EngineFailed
from local.loss.copies import Copy

METRIC = "GlobalDatastoreReplicationLag"
METRIC_SECONDS = 60.0
"""Between two points, as ElastiCache has them."""
_SWITCH_SECONDS = 30.0


class Lags:
    """What was measured of a datastore's secondaries, by group; it outlives the backings, which are made every time."""

    def __init__(self) -> None:
        self.probes: dict[str, LagProbe] = {}
        self.published: dict[str, float] = {}


class GlobalBacking:
    """`state_of` returns the state of a region."""

    def __init__(
        self, context: CloudContext, state_of: Callable[[str], CacheState], datastore: GlobalGroup, lags: Lags
    ) -> None:
        self.context, self.state_of, self.datastore, self.lags = context, state_of, datastore, lags
        self.key = datastore.arn

    @property
    def status(self) -> str:
        return self.datastore.status

    def running(self) -> bool:
        return True  # the groups have the processes

    def stop(self) -> None:
        """The groups have the processes."""

    def reconcile(self) -> None:
        datastore = self.datastore
        if datastore.status == "deleting":
            self._delete()
            return
        if datastore.promoting:
            self._switch()
        self._keep_members()
        if datastore.status == "available":
            for member in datastore.secondaries:
                self._measure(self._group(member))

    def _keep_members(self) -> None:
        datastore = self.datastore
        primary = self._group(datastore.primary)
        for member in datastore.secondaries:
            group = self._group(member)
            if member.status == "disassociating":
                if group.status == "available" and not group.unapplied:
                    self._forget(member, group)
                continue
            self._keep_following(group, primary)
            if member.status == "associating" and group.status == "available":
                with self.context.mutation():
                    member.status = "associated"
        status = datastore.settled_status()
        if status != datastore.status and not datastore.promoting:
            with self.context.mutation():
                if datastore.status != "deleting":
                    datastore.status = status

    def _keep_following(self, group: Group, primary: Group) -> None:
        """Makes a secondary replicate the node that is the primary now, with the tokens that are valid now."""
        upstream = self._upstream(primary, group)
        if (group.upstream, group.auth) != (upstream, primary.auth):
            with self.context.mutation():
                group.upstream, group.auth, group.token_changed = upstream, primary.auth, primary.token_changed
                group.change("creating" if group.status == "creating" else "modifying")

    def _forget(self, member: GlobalMember, group: Group) -> None:
        with self.context.mutation():
            self.datastore.members = [other for other in self.datastore.members if other is not member]
            group.datastore = ""
        self._note(group, "Replication group left its global datastore")

    def _delete(self) -> None:
        with self.context.mutation():
            for member in self.datastore.members:
                self._group(member).datastore = ""
            self.state_of(self.datastore.region).datastores.pop(self.datastore.name, None)

    def _switch(self) -> None:
        """Completes a failover, from wherever it is; undoes it when the chosen server cannot be started."""
        datastore = self.datastore
        chosen = next(member for member in datastore.members if member.region == datastore.promoting)
        former = datastore.primary
        groups = self._group(former), self._group(chosen)
        with ExitStack() as turns:
            for arn in sorted(group.arn for group in groups):
                turns.enter_context(turn(arn))
            promoted = self._is_promoted(*groups)
            self._record(former, chosen, promoted)
        if not promoted:
            raise EngineFailed(f"{chosen.group} in {chosen.region} cannot be started; the primary stays")

    def _is_promoted(self, former: Group, chosen: Group) -> bool:
        """Whether the servers of `chosen` take the writes now; False when those of `former` have to go on."""
        old, new = self._server(former), self._server(chosen)
        deadline = time.monotonic() + _SWITCH_SECONDS
        while time.monotonic() < deadline:
            lost = self.context.loss.lost(former.region)  # one that is cut off may take writes: nobody can stop it
            before = None if lost else old.replication()
            step = next_step(before, new.replication())
            if before is None and not lost and step in (Step.PROMOTE, Step.START_ALONE):
                old.process.kill()  # one that hangs must not wake up as a second primary
            if step is Step.DONE:
                return True
            if step is Step.WAIT:
                time.sleep(0.05)
            elif step is Step.HAND_OVER:
                old.hand_over(new)
            elif step is Step.DEMOTE:
                old.follow(new)
            elif step is Step.PROMOTE:
                new.promote()
            elif not self._is_started(chosen, alone=step is Step.START_ALONE):
                return False
        raise EngineFailed(f"the failover of {self.datastore.name} is not done after {_SWITCH_SECONDS:.0f} s")

    def _is_started(self, chosen: Group, alone: bool) -> bool:
        server = self._server(chosen)
        if alone:
            server.primary = None
        try:
            server.start()
        except EngineFailed:
            return False
        return True

    def _record(self, former: GlobalMember, chosen: GlobalMember, promoted: bool) -> None:
        with self.context.mutation():
            if promoted:
                former.primary, chosen.primary = False, True
                self._group(chosen).upstream = None
                for member in self.datastore.secondaries:
                    group = self._group(member)
                    group.upstream = self._upstream(self._group(chosen), group)
            for member in (former, chosen):
                group = self._group(member)
                group.held = False
                group.change("modifying")
            self.datastore.promoting = ""
        done = "completed" if promoted else "failed, nothing has changed"
        self._note(self._group(chosen), f"Failover of the global datastore to {chosen.region} {done}")

    def _measure(self, group: Group) -> None:
        """The lag of a secondary, as its region's CloudWatch has it."""
        if not self.context.reach(self.datastore.primary.region, group.region):
            return
        primary, secondary = (self._server(one) for one in (self._group(self.datastore.primary), group))
        probe = self.lags.probes.setdefault(group.arn, LagProbe())
        written = primary.replication()
        if written is None:
            return  # how much it has written since is not known
        probe.primary_at(written["master_repl_offset"], time.monotonic())
        has = secondary.replication()
        lag = probe.replica_at(has.get("slave_repl_offset", 0), time.monotonic()) if has else None
        now = time.monotonic()
        if lag is None or now - self.lags.published.get(group.arn, -METRIC_SECONDS) < METRIC_SECONDS:
            return
        self.lags.published[group.arn] = now
        with self.context.mutation():
            dimensions = {"CacheClusterId": group.primary.name}
            put(group.region, "AWS/ElastiCache", METRIC, dimensions, lag, datetime.now(UTC))

    def copies(self) -> list[Copy]:
        """Of its secondaries. Raises EngineFailed."""
        return [self._copy(member) for member in self.datastore.secondaries]

    def _copy(self, member: GlobalMember) -> Copy:
        home = self.datastore.primary
        self.context.need(home.region, member.region)
        primary, secondary = (self._server(self._group(one)).replication() for one in (home, member))
        if primary is None or secondary is None:
            raise EngineFailed(f"a server of {self.datastore.name} does not answer")
        lacking = max(0, primary["master_repl_offset"] - secondary.get("slave_repl_offset", 0))
        has = self.lags.probes.setdefault(self._group(member).arn, LagProbe())
        has.primary_at(primary["master_repl_offset"], time.monotonic())
        seconds = has.replica_at(secondary.get("slave_repl_offset", 0), time.monotonic())
        after = "" if secondary.get("master_link_status") == "up" else "it does not replicate"
        places = home.region, member.region
        return Copy(
            self.key, "ElastiCache", self.datastore.name, *places, seconds, lacking, "bytes", time.time(), after
        )

    def _group(self, member: GlobalMember) -> Group:
        return self.state_of(member.region).groups[member.group]

    def _server(self, group: Group) -> Redis:
        """That of the primary node."""
        return Engines(self.context, self.state_of(group.region), group).of(group.primary)

    def _upstream(self, primary: Group, secondary: Group) -> Upstream:
        """Where the nodes of `secondary` find the primary: over the link between the regions."""
        address, port = primary.primary.address, self._server(primary).own_port
        return Upstream(*self.context.link(primary.region).route(address, port, secondary.region))

    def _note(self, group: Group, message: str) -> None:
        with self.context.mutation():
            note(self.state_of(group.region), group.name, "replication-group", message, datetime.now(UTC))
