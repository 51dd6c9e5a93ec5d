"""Loopback addresses of engines. An engine keeps its address until it is released; released ones are reused last.

An engine that is made again under its name gets the address that it had, as AWS gives it the same DNS name.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.site import Site

FIRST, LAST = 16, 4094
"""Engine numbers that are allocated here; lower ones belong to programs with a fixed address."""


def next_number(allocated: set[int], last: int) -> int:
    """The first free number after `last`, cyclically, so that a released address is reused as late as possible."""
    span = LAST - FIRST + 1
    for step in range(1, span + 1):
        number = FIRST + (last - FIRST + step) % span
        if number not in allocated:
            return number
    raise RuntimeError(f"all {span} engine addresses of the region are allocated")


class AddressRegistry:
    """The addresses of one region's engines by name; a locked file shares them with all processes of the site."""

    def __init__(self, site: Site, region: str) -> None:
        self.site = site
        self.region = region
        self._file = site.home / "addresses" / f"{region}.json"

    def of(self, name: str) -> str:
        """The address of engine `name`, allocated on the first call."""
        with self._allocations() as allocations:
            if name not in allocations.numbers:
                allocations.numbers[name] = allocations.take(name)
            return self.site.engine_address(self.region, allocations.numbers[name])

    def release(self, name: str) -> None:
        """Releases the address of `name`; an unknown name is ignored."""
        with self._allocations() as allocations:
            if name in allocations.numbers:
                allocations.released[name] = allocations.numbers.pop(name)

    @contextmanager
    def _allocations(self) -> Iterator[Allocations]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self._file.read_text() if self._file.exists() else '{"last": 15, "numbers": {}}'
            allocations = Allocations(**json.loads(before))
            yield allocations
            after = json.dumps(vars(allocations))
            if after != before:
                temporary = self._file.with_suffix(".new")
                temporary.write_text(after)
                temporary.replace(self._file)


class Allocations:
    def __init__(self, last: int, numbers: dict[str, int], released: dict[str, int] | None = None) -> None:
        self.last = last
        self.numbers = numbers
        self.released = released or {}
        """Numbers that nobody has taken since, by the name that had them."""

    def take(self, name: str) -> int:
        number = self.released.pop(name, None)
        if number is None:
            number = self.last = next_number(set(self.numbers.values()), self.last)
            self.released = {other: had for other, had in self.released.items() if had != number}
        return number
