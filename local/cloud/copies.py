"""Measures every few seconds what each copy in another region lacks, as long as both regions are there."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from local.cloud.context import CloudContext
from local.cloud.control_loop import Source
from local.loss.copies import CopiesFile, Copy, remembered

log = logging.getLogger(__name__)
SECONDS = 5.0


@runtime_checkable
class Copied(Protocol):
    """A backing whose resource is a copy, or has some."""

    @property
    def key(self) -> str: ...

    def copies(self) -> list[Copy]:
        """What each lacks now. May raise whatever an engine raises that does not answer."""
        ...


@dataclass
class Measuring:
    """The only backing; `sources` are those of the control loop."""

    context: CloudContext
    sources: Iterable[Source]
    _measured_at: float = field(default=-SECONDS)
    _known: list[Copy] | None = None

    @property
    def key(self) -> str:
        """AWS has no name for it; it belongs to no region."""
        return "arn:aws:::copies"

    def backings(self) -> list[Measuring]:
        """Called under the lock."""
        return [self]

    def reconcile(self) -> None:
        now = time.monotonic()
        if now - self._measured_at < SECONDS:
            return
        self._measured_at = now
        file = CopiesFile(self.context.site)
        if self._known is None:
            self._known = file.read()
        with self.context.lock:
            backings = [backing for source in self.sources for backing in source.backings()]
        measured = {backing.key: _copies(backing) for backing in backings if isinstance(backing, Copied)}
        after = remembered(self._known, measured)
        if after != self._known:
            file.write(after)
        self._known = after


def _copies(backing: Copied) -> list[Copy] | None:
    """None of one that does not answer, or whose other region is lost."""
    try:
        return backing.copies()
    except Exception as error:
        log.debug("%s cannot be measured: %s", backing.key, error)
        return None
