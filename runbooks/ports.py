"""What steps need of a region and of the witness. Adapters answer on AWS, a model in tests.

Every method raises Unreachable when there is no answer: that says nothing about what is the case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.pair import Pair
from runbooks.model import Facts, Observation, Plan, Step


class Unreachable(RuntimeError):
    """No answer within its time, or one that may be another next time; the text says of whom."""


class Refused(RuntimeError):
    """The API refused an operation, and will again."""


class Outrun(RuntimeError):
    """Another writer was first: the object is no longer as it was read."""


@dataclass(frozen=True)
class Stored:
    body: bytes
    etag: str
    now: float
    """Unix seconds of the witness's own clock when it answered (header Date, whole seconds, so at most the true time).
    Against it alone it is decided whether a lease has expired: nobody's clock on this side counts."""


class Witness(Protocol):
    def read(self, key: str) -> Stored | None: ...

    def write(self, key: str, body: bytes, etag: str | None) -> str:
        """Over what has this ETag, or where nothing is; returns the new one. Raises Outrun."""
        ...


@dataclass(frozen=True)
class Database:
    name: str
    status: str
    """RDS's, such as `available`."""
    source: str
    """ARN of the instance that it follows; "" of one that takes writes."""
    streaming: bool
    resource: str
    """RDS's id of this very instance (DbiResourceId): another one of the same name has another."""


class Databases(Protocol):
    """Of one region."""

    def find(self, name: str) -> Database | None: ...

    def promote(self, name: str) -> None: ...

    def delete(self, name: str, snapshot: str) -> None:
        """Keeps a final snapshot of that name. To be called until it is gone; raises Outrun while it changes."""
        ...

    def settings(self, name: str) -> str | None:
        """What an instance must be made anew with, as text for the journal; None when there is none."""
        ...

    def make_replica(self, name: str, source: str, settings: str) -> None:
        """Of the instance with the ARN `source`."""
        ...

    def differs(self, name: str, settings: str) -> bool:
        """Whether the instance lacks some of its settings, as a new replica does."""
        ...

    def complete(self, name: str, settings: str) -> None: ...


class Cache(Protocol):
    """The global datastore, as the API of one region answers."""

    def primary(self) -> tuple[str, str]:
        """The region whose group takes writes, and the datastore's status."""
        ...

    def fail_over(self, region: str) -> None: ...


class Cluster(Protocol):
    """Kubernetes of one region."""

    def role(self) -> str: ...

    def set_role(self, role: str) -> None: ...

    def unready(self) -> Sequence[str]:
        """Custom resources that are not Ready, each with the reason."""
        ...


@dataclass(frozen=True)
class StoreState:
    """The time-series store of a region, as its Cluster says."""

    uid: str
    """Of the Cluster: another one of the same name is another one."""
    ready: bool
    primary: bool
    """Whether it is to take writes; it does once it is ready and not `promoting`."""
    promoting: bool
    reason: str
    """Why it is not ready, or cannot be what it is to be."""
    unready_since: float
    """Unix seconds of the cluster's clock; 0 while it is ready."""
    token: str
    """Of the demotion that made it a replica: who is promoted with it has everything that this one had."""
    promotion: str
    """The token that it was given to be promoted with, or that there is none; "" while nobody has said."""


class Store(Protocol):
    """The time-series store of one region."""

    def find(self) -> StoreState | None: ...

    def promote(self, token: str) -> None:
        """Says with which token the operators promote it, once the region is the active one."""
        ...

    def manifest(self) -> str | None:
        """What makes it anew as a replica of the other region's, as text for the journal; None when there is none."""
        ...

    def delete(self) -> None: ...

    def create(self, manifest: str) -> None: ...


class Probe(Protocol):
    """One look at a region from outside, by a way of its own."""

    @property
    def name(self) -> str: ...

    def answers(self) -> str | None:
        """What answered; None when nothing did within a few seconds."""
        ...


@dataclass(frozen=True)
class Region:
    name: str
    databases: Databases
    cache: Cache
    cluster: Cluster
    store: Store
    probes: Sequence[Probe]
    serves: Probe
    """Whether its gateway answers `/active` with 200, and what health checks ask does."""


@dataclass(frozen=True)
class Situation:
    """What a step is given: the environment, and what the execution has seen so far."""

    plan: Plan
    execution: str
    pair: Pair
    witness: Witness
    regions: Mapping[str, Region]
    facts: Mapping[str, Facts]
    answers: Mapping[str, str]
    now: float
    """Unix seconds of the runner, for reports; no decision about writers depends on it."""

    @property
    def giving(self) -> Region:
        return self.regions[self.plan.giving]

    @property
    def taking(self) -> Region:
        return self.regions[self.plan.taking]

    def fact(self, step: str, name: str) -> object:
        """What an earlier step saw; None when it was skipped or did not say."""
        return self.facts.get(step, {}).get(name)


@dataclass(frozen=True)
class Environment:
    pair: Pair
    witness: Witness
    regions: Mapping[str, Region]
    clock: Callable[[], float]
    """Unix seconds."""
    sleep: Callable[[float], None]
    side_by_side: Callable[[Sequence[Callable[[], object]]], list[object]]


class Action(Protocol):
    """One step as code. All three may be repeated at any time.

    `observe` reads, and says what is to be done; `verify` is asked once `observe` says done, and looks at the result
    from another side. Both may raise Unreachable.
    """

    @property
    def step(self) -> Step: ...

    def observe(self, at: Situation) -> Observation: ...

    def act(self, at: Situation) -> None: ...

    def verify(self, at: Situation) -> Observation: ...
