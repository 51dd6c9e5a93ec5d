"""Gives the server of a Cluster the role that its spec wants, step by step."""

from __future__ import annotations

import time

import psycopg
import structlog

from local.cloudnativepg import cluster as model
from local.cloudnativepg import tokens
from local.cloudnativepg.base_backups import BaseBackups, StoreFailed
from local.cloudnativepg.cluster import Cluster
from local.cloudnativepg.server import Access, Server
from local.cloudnativepg.tokens import Token
from local.cloudnativepg.topology import Found, Role, Standing, Step, Wanted, diverged, next_step
from local.engines.postgres import Control, Postgres

log = structlog.stdlib.get_logger(__name__)
_LOOK_SECONDS = 5.0
_SETTLED = (Step.RUN, Step.REMAIN, Step.REST)


class Unsettled(Exception):
    """The server cannot have the role that is wanted, or not yet; `phase` is that of the Cluster."""

    def __init__(self, phase: str, reason: str, runs: bool) -> None:
        super().__init__(reason)
        self.phase, self.runs = phase, runs


class Transitions:
    """Remembers when it last looked whether a replica can follow."""

    def __init__(self) -> None:
        self._looked: dict[str, float] = {}

    def settle(self, cluster: Cluster, server: Server, access: Access) -> Unsettled | None:
        """Takes steps until none is left that can be taken now; what is in the way of the last one.

        Raises EngineFailed.
        """
        while True:
            step, why = next_step(_wanted(cluster), self._found(cluster, server, access))
            if step in _SETTLED:
                break
            log.info("role", cluster=cluster.metadata.name, step=step.name, why=why)
            take(step, cluster, server)
        if step is Step.REMAIN:
            return Unsettled(model.PROMOTING, why, runs=True)
        if step is Step.REST:
            server.engine().stop()
            return Unsettled(model.UNRECOVERABLE, why, runs=False)
        return None

    def _found(self, cluster: Cluster, server: Server, access: Access) -> Found:
        stands, engine = server.standing, server.engine()
        if not engine.initialized or (not stands.archive and not cluster.is_replica):
            return Found(stands.role, stands.archive)
        running = engine.process.pid() is not None
        recovering = _recovering(engine) if running else None
        if stands.role is not Role.REPLICA:
            control = None if running else engine.control()
            return Found(stands.role, stands.archive, running, recovering, control)
        if not cluster.is_replica:
            control = _restartpoint(engine) if recovering else None
            return Found(stands.role, stands.archive, running, recovering, control)
        apart, name = "", cluster.metadata.name
        if not running or time.monotonic() - self._looked.get(name, -_LOOK_SECONDS) > _LOOK_SECONDS:
            self._looked[name] = time.monotonic()
            apart = _parted(stands, engine.control(), access)
        return Found(stands.role, stands.archive, running, recovering, diverged=apart)


def _wanted(cluster: Cluster) -> Wanted:
    archive, replica = cluster.follows, cluster.spec.replica
    token = tokens.parse(replica.promotion_token) if replica and replica.promotion_token else None
    known = token if isinstance(token, Token) else None  # `unsupported` has refused what is none
    return Wanted(not cluster.is_replica, archive.server if archive else "", known)


def _recovering(engine: Postgres) -> bool | None:
    try:
        return engine.in_recovery()
    except psycopg.Error:
        return None


def _restartpoint(engine: Postgres) -> Control:
    """Of a standby: up to where it has replayed, at least."""
    engine.checkpoint()
    return engine.control()


def _parted(stands: Standing, control: Control, access: Access) -> str:
    """Asks for the history of each timeline after its own; a store that does not answer says nothing."""
    if access.trouble:
        return ""
    backups, timeline, newest = BaseBackups(access.url, access.token, stands.archive), control.timeline, ""
    try:
        while history := backups.history(timeline + 1):
            timeline, newest = timeline + 1, history
    except StoreFailed:
        return ""
    return diverged(control, timeline, newest) if newest else ""


def take(step: Step, cluster: Cluster, server: Server) -> None:
    """Does one step. It may be interrupted, and done again. Raises EngineFailed."""
    stands, source = server.standing, cluster.follows
    archive = source.server if source else ""
    match step:
        case Step.RETARGET:
            server.stand(Standing(Role.REPLICA, archive, token=stands.token))
        case Step.BEGIN_PROMOTION:
            server.stand(Standing(Role.PROMOTING, stands.archive))
        case Step.PROMOTE:
            server.engine().promote()
        case Step.END_PROMOTION:
            server.stand(Standing())
            server.reconfigure(cluster.spec.postgresql.parameters)
        case Step.BEGIN_DEMOTION:
            server.stand(Standing(Role.DEMOTING, archive))
        case Step.SHUT_DOWN:
            server.shut_down()
        case Step.END_DEMOTION:
            server.archive_rest()
            token = Token.of(server.engine().control()).encode()
            server.stand(Standing(Role.REPLICA, archive, token=token))
        case Step.UNDO_DEMOTION:
            server.stand(Standing())
        case Step.RUN | Step.REMAIN | Step.REST:
            raise AssertionError(step)
