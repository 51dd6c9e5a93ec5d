"""A campaign: seeded cases until its time is over, and what they find, each with the command that repeats it."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

SEED, SECONDS, CASE, CASES = "AURA_FUZZ_SEED", "AURA_FUZZ_SECONDS", "AURA_FUZZ_CASE", "AURA_FUZZ_CASES"
SHORT_SECONDS, SHORT_SEED = 5.0, 1
"""Of a run by pytest alone, which no tier makes: the same cases every time."""
WHOLE = -1
"""In place of a case's number: what only the campaign as a whole shows."""
_SHOWN = 20
_PROGRESS_SECONDS = 15.0


@dataclass
class Campaign:
    """`seconds` is for new cases; what is under way is finished. `only`: the one case to run. `count`: so many cases,
    however long they take."""

    name: str
    seed: int
    seconds: float
    only: int | None = None
    count: int | None = None
    findings: dict[str, str] = field(default_factory=dict)
    """The first reproducer of each, by what was found."""
    ran: int = 0

    @classmethod
    def of_environment(cls, name: str) -> Campaign:
        one, count = os.environ.get(CASE), os.environ.get(CASES)
        return cls(
            name,
            int(os.environ.get(SEED, SHORT_SEED)),
            float(os.environ.get(SECONDS, SHORT_SECONDS)),
            int(one) if one else None,
            int(count) if count else None,
        )

    def cases(self) -> Iterator[tuple[int, random.Random]]:
        """Number and source of chance of each case: a case depends on its number and the seed alone."""
        begun = shown = time.monotonic()
        deadline = begun + self.seconds
        timed = self.only is None and self.count is None
        numbers = [self.only] if self.only is not None else range(self.count or 1_000_000_000)
        for number in numbers:
            if timed and time.monotonic() > deadline:
                return
            if time.monotonic() > shown + _PROGRESS_SECONDS:
                shown = time.monotonic()
                done = f"{self.ran} cases, {len(self.findings)} findings"
                print(f"{shown - begun:6.0f} s  {self.name}: {done}", flush=True)
            self.ran += 1
            yield number, random.Random(f"{self.seed}/{self.name}/{number}")

    def found(self, case: int, what: str, detail: object = "") -> None:
        """Records and prints a finding; `what` is the same for all cases of its kind."""
        if what in self.findings:
            return
        one = "" if case == WHOLE else f" --case {case}"
        repeat = f"python -m tests.fuzz --only {self.name} --seed {self.seed}{one}"
        self.findings[what] = f"{what}\n    {str(detail)[:1500]}\n    repeat: {repeat}"
        print(f"\nFOUND {self.findings[what]}", flush=True)

    def report(self) -> None:
        """Fails with everything that was found."""
        print(f"\n{self.name}: seed {self.seed}, {self.ran} cases, {len(self.findings)} findings", flush=True)
        shown = list(self.findings.values())[:_SHOWN]
        assert not shown, f"{len(self.findings)} findings of seed {self.seed}:\n" + "\n".join(shown)
