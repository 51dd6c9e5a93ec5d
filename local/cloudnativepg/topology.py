"""What is done next so that a Cluster's server has the role that its spec wants (`spec.replica`). Pure.

Every step is decided from what is on disk and what the server says, so one that was interrupted is done again. A
promotion that has begun is completed, whatever the spec says by then: it is not known how far PostgreSQL has come. A
demotion is undone by wanting the primary again, until its token is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto

from local.cloudnativepg.tokens import Token, Verdict
from local.engines.postgres.positions import Control, fork, lsn


class Role(StrEnum):
    PRIMARY = "primary"
    RECOVERING = "recovering"
    """Becomes a primary as soon as it has replayed what it is recovered from."""
    REPLICA = "replica"
    PROMOTING = "promoting"
    """Was a replica and becomes a primary: this is not undone."""
    DEMOTING = "demoting"
    """Was a primary and becomes a replica; until then it may become the primary again that it was."""


@dataclass(frozen=True)
class Standing:
    role: Role = Role.PRIMARY
    archive: str = ""
    """Name of the server in the object store whose WAL it replays."""
    until: str | None = None
    """The moment until which it is recovered, ISO 8601; None: all that there is."""
    token: str = ""
    """Of the demotion that made it a replica."""

    @property
    def target(self) -> datetime | None:
        return datetime.fromisoformat(self.until) if self.until else None

    @property
    def follows(self) -> bool:
        """Whether its data are those of a standby."""
        return self.role in (Role.REPLICA, Role.PROMOTING)


class Step(Enum):
    RUN = auto()
    """The server runs as it stands; nothing else."""
    REMAIN = auto()
    """As RUN, and says why it cannot be what is wanted."""
    REST = auto()
    """The server does not run, and what is said is why: somebody has to do something."""
    RETARGET = auto()
    """The archive that a replica follows is another one."""
    BEGIN_PROMOTION = auto()
    PROMOTE = auto()
    END_PROMOTION = auto()
    BEGIN_DEMOTION = auto()
    SHUT_DOWN = auto()
    END_DEMOTION = auto()
    """Archives the last of the WAL, and is a replica from then on."""
    UNDO_DEMOTION = auto()


@dataclass(frozen=True)
class Wanted:
    primary: bool
    archive: str = ""
    """What a replica follows."""
    token: Token | None = None
    """Of the cluster that was the primary; without one a promotion does not wait for anything."""


@dataclass(frozen=True)
class Found:
    role: Role
    archive: str = ""
    running: bool = False
    recovering: bool | None = None
    """Whether the server is a standby; None while it does not answer."""
    control: Control | None = None
    """After a restartpoint, if it is a standby that answers."""
    diverged: str = ""
    """Why this server cannot follow its archive, whatever it does."""


def next_step(wanted: Wanted, found: Found) -> tuple[Step, str]:
    """The step, and what to say meanwhile."""
    match found.role:
        case Role.PRIMARY | Role.RECOVERING:
            return (Step.RUN, "") if wanted.primary else (Step.BEGIN_DEMOTION, "")
        case Role.REPLICA:
            return _replica(wanted, found)
        case Role.PROMOTING:
            if found.recovering is None:
                return Step.RUN, ""
            return (Step.PROMOTE, "") if found.recovering else (Step.END_PROMOTION, "")
        case Role.DEMOTING:
            if wanted.primary:
                return Step.UNDO_DEMOTION, ""
            ended = not found.running and found.control is not None and found.control.shut_down
            return (Step.END_DEMOTION, "") if ended else (Step.SHUT_DOWN, "")


def _replica(wanted: Wanted, found: Found) -> tuple[Step, str]:
    if found.running and found.recovering is False:
        return Step.SHUT_DOWN, "it took writes as a replica"
    if not wanted.primary:
        if found.archive != wanted.archive:
            return Step.RETARGET, ""
        return (Step.REST, found.diverged) if found.diverged else (Step.RUN, "")
    if wanted.token is None:
        return (Step.BEGIN_PROMOTION, "") if found.recovering else (Step.RUN, "")
    if found.recovering is None or found.control is None:
        return Step.RUN, ""
    verdict, why = wanted.token.against(found.control)
    return (Step.BEGIN_PROMOTION, "") if verdict is Verdict.READY else (Step.REMAIN, why)


def diverged(control: Control, timeline: int, history: str) -> str:
    """Why a server that was shut down, or restarted, at `control` cannot replay `timeline`, whose history file this is.

    "" when it can: it has nothing that the new timeline lacks.
    """
    if control.timeline >= timeline:
        return ""
    left = fork(history, control.timeline)
    if left is not None and lsn(control.redo) < lsn(left):
        return ""
    where = f"which left timeline {control.timeline} at {left}" if left else "which does not descend from it"
    return (
        f"its data have timeline {control.timeline} up to {control.redo} at least, and the primary goes on with"
        f" timeline {timeline}, {where}: it cannot follow. The data are intact and nothing runs on them; keep what the"
        " new primary lacks, then delete this Cluster and create it again with bootstrap.recovery"
    )
