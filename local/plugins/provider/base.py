"""The interface of a provider: the engine's calls, without their wire format."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from local.plugins.provider.values import Values


class ProviderError(Exception):
    """A call failed; the message is shown to the user of Pulumi."""


class OperationCancelled(ProviderError):
    """The update was cancelled while a call was waiting."""


class ResourceInitFailed(ProviderError):
    """The resource exists but isn't as declared: the engine must record its id, or it would be orphaned."""

    def __init__(self, message: str, id: str, state: Values) -> None:
        super().__init__(message)
        self.id, self.state = id, state


@dataclass(frozen=True)
class Resource:
    """The resource of a call; `type` is Pulumi's token, such as "aws:ec2/vpc:Vpc"."""

    urn: str
    type: str
    name: str


@dataclass(frozen=True)
class Child:
    """A resource that a component consists of."""

    type: str
    name: str
    inputs: Values


@dataclass(frozen=True)
class CheckFailure:
    """Why inputs are invalid; `property` names the invalid one ("" for the whole)."""

    property: str
    reason: str


@dataclass(frozen=True)
class DiffResult:
    """Dotted paths of changed inputs, and those of them that force a replacement."""

    changed: list[str] = field(default_factory=list)
    replaces: list[str] = field(default_factory=list)
    delete_before_replace: bool = False


@dataclass(frozen=True)
class Operation:
    """A running call: its progress output, what stays on the screen, cancellation and deadline."""

    report: Callable[[str], None]
    inform: Callable[[str], None]
    cancelled: threading.Event
    deadline: float

    def pause(self, seconds: float, waiting_for: str) -> None:
        """Sleep. Raises OperationCancelled or, past the deadline, ProviderError."""
        if time.monotonic() > self.deadline:
            raise ProviderError(
                f"timed out waiting for {waiting_for}; it continues by itself, `pulumi refresh` shows its state"
            )
        if self.cancelled.wait(seconds):
            raise OperationCancelled(f"cancelled while waiting for {waiting_for}")


class Provider(ABC):
    """A provider of one package. Inputs are what Check returned, state is what Create, Update and Read returned."""

    package: str
    version: str
    accepts_secrets = False
    """Whether the engine says which values are secrets. It then no longer marks those of the answers by itself."""
    identity: frozenset[str] = frozenset()
    """Provider settings whose change means different resources (such as the region)."""

    @abstractmethod
    def configure(self, settings: Values) -> None: ...

    @abstractmethod
    def check(
        self, resource: Resource, old: Values, new: Values, propose_name: Callable[[], str]
    ) -> tuple[Values, list[CheckFailure]]:
        """Inputs completed with names and defaults, and their check failures."""

    @abstractmethod
    def diff(self, resource: Resource, old: Values, new: Values) -> DiffResult: ...

    @abstractmethod
    def preview_create(self, resource: Resource, inputs: Values) -> Values: ...

    @abstractmethod
    def create(self, resource: Resource, inputs: Values, operation: Operation) -> tuple[str, Values]:
        """Id and state, once the resource is usable."""

    @abstractmethod
    def preview_update(self, resource: Resource, state: Values, old: Values, new: Values) -> Values: ...

    @abstractmethod
    def update(
        self, resource: Resource, id: str, state: Values, old: Values, new: Values, operation: Operation
    ) -> Values: ...

    @abstractmethod
    def read(self, resource: Resource, id: str, inputs: Values, state: Values) -> tuple[Values, Values] | None:
        """Actual state and inputs, or None when the resource does not exist."""

    def id_of(self, id: str, state: Values) -> str:
        """Under which a resource is recorded that was read as `id`."""
        return id

    @abstractmethod
    def delete(self, resource: Resource, id: str, state: Values, inputs: Values, operation: Operation) -> None:
        """Returns once the resource is deleted; does nothing when it does not exist."""

    def children(self, type: str, name: str, inputs: Values) -> list[Child]:
        """The resources of a component of the package. Raises ProviderError for one that it does not have."""
        raise ProviderError(f"the component {type} is not provided on this machine")

    def invoke(self, function: str, arguments: Values) -> Values:
        raise ProviderError(f"the function {function} is not provided on this machine")
