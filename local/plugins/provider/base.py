"""What a provider is, without the wire: the engine's questions as plain calls."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from local.plugins.provider.values import Values


class Failure(Exception):
    """A call can't be done; the message reaches the person who ran Pulumi."""


class Cancelled(Failure):
    """Someone pressed Ctrl-C while a call was waiting."""


class PartlyDone(Failure):
    """The resource exists but isn't as declared: the engine must keep its id, or it would be orphaned."""

    def __init__(self, message: str, id: str, state: Values) -> None:
        super().__init__(message)
        self.id, self.state = id, state


@dataclass(frozen=True)
class Resource:
    """Which resource a call is about; `type` is Pulumi's token, such as "aws:ec2/vpc:Vpc"."""

    urn: str
    type: str
    name: str


@dataclass(frozen=True)
class Problem:
    """Why inputs are refused at preview; `input` names the offending one ("" for the whole)."""

    input: str
    reason: str


@dataclass(frozen=True)
class Difference:
    """Dotted paths of inputs that changed, and those of them that force a replacement."""

    changed: list[str] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    delete_first: bool = False


@dataclass(frozen=True)
class Work:
    """A running call: how to tell progress, when to give up."""

    say: Callable[[str], None]
    cancelled: threading.Event
    deadline: float

    def pause(self, seconds: float, waiting_for: str) -> None:
        """Sleep a little. Raises Cancelled or, past the deadline, Failure."""
        if time.monotonic() > self.deadline:
            raise Failure(f"gave up waiting for {waiting_for}; it goes on by itself, `pulumi refresh` shows its state")
        if self.cancelled.wait(seconds):
            raise Cancelled(f"cancelled while waiting for {waiting_for}")


class Backend(ABC):
    """A provider of one package. Inputs are what Check returned, state is what Create, Update and Read returned."""

    package: str
    version: str
    identity: frozenset[str] = frozenset()
    """Provider settings that mean other resources altogether when they change (such as the region)."""

    @abstractmethod
    def configure(self, settings: Values) -> None: ...

    @abstractmethod
    def check(
        self, resource: Resource, old: Values, new: Values, propose_name: Callable[[], str]
    ) -> tuple[Values, list[Problem]]:
        """Inputs completed with names and defaults, and what is wrong with them."""

    @abstractmethod
    def diff(self, resource: Resource, old: Values, new: Values) -> Difference: ...

    @abstractmethod
    def preview_create(self, resource: Resource, inputs: Values) -> Values: ...

    @abstractmethod
    def create(self, resource: Resource, inputs: Values, work: Work) -> tuple[str, Values]:
        """Id and state, once the resource is usable."""

    @abstractmethod
    def preview_update(self, resource: Resource, state: Values, old: Values, new: Values) -> Values: ...

    @abstractmethod
    def update(self, resource: Resource, id: str, state: Values, old: Values, new: Values, work: Work) -> Values: ...

    @abstractmethod
    def read(self, resource: Resource, id: str, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        """State and inputs as they really are, or None when the resource is gone."""

    @abstractmethod
    def delete(self, resource: Resource, id: str, state: Values, inputs: Values, work: Work) -> None:
        """Ends once the resource is gone; a resource gone before is fine."""

    def invoke(self, function: str, arguments: Values) -> Values:
        raise Failure(f"the function {function} is not provided on this machine")
