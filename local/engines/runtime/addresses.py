"""Which loopback address an engine has: its own, the same for life, and never at once somebody else's."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager

from local.site import Site

FIRST, LAST = 16, 4094
"""Engine numbers that are given out here; lower ones belong to programs with a fixed address."""


def next_number(taken: set[int], last: int) -> int:
    """The first number after `last` that is not taken, round and round: a freed address rests as long as possible."""
    span = LAST - FIRST + 1
    for step in range(1, span + 1):
        number = FIRST + (last - FIRST + step) % span
        if number not in taken:
            return number
    raise RuntimeError(f"all {span} engine addresses of the region are taken")


class AddressRegistry:
    """The addresses of one region's engines, by the engine's name, shared by all processes of the site."""

    def __init__(self, site: Site, region: str) -> None:
        self.site = site
        self.region = region
        self._file = site.home / "addresses" / f"{region}.json"

    def of(self, name: str) -> str:
        """The address of engine `name`, which is given one on the first call."""
        with self._allocations() as claims:
            if name not in claims.numbers:
                claims.last = next_number(set(claims.numbers.values()), claims.last)
                claims.numbers[name] = claims.last
            return self.site.engine_address(self.region, claims.numbers[name])

    def release(self, name: str) -> None:
        """Gives the address back; an unknown name has none."""
        with self._allocations() as claims:
            claims.numbers.pop(name, None)

    @contextmanager
    def _allocations(self) -> Iterator[_Allocations]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            before = self._file.read_text() if self._file.exists() else '{"last": 15, "numbers": {}}'
            claims = _Allocations(**json.loads(before))
            yield claims
            after = json.dumps(vars(claims))
            if after != before:
                unfinished = self._file.with_suffix(".new")
                unfinished.write_text(after)
                unfinished.replace(self._file)


class _Allocations:
    def __init__(self, last: int, numbers: dict[str, int]) -> None:
        self.last = last
        self.numbers = numbers
