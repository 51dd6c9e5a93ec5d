"""Drills on the platform of `make up`, one after the other: switchover and failover in turn, each with its way back.

    python -m bench.drill [--rounds 10] [--users 2000] [--minutes 8]

Prints a table, writes `.aura/bench/drill.json` after each drill. Stops at the first that does not end.
"""

from __future__ import annotations

import argparse
import itertools
import sys

from rich.console import Console

from bench import figures
from cli.drill.command import DrillFailed, drill
from cli.drill.figures import Drill, table
from cli.recovery.commands import STOPS

MODES = ("switchover", "failover")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.drill", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--users", type=int, default=2000, help="people who stream during each")
    parser.add_argument("--minutes", type=float, default=8, help="for how long they do")
    options = parser.parse_args()
    drills: list[Drill] = []
    for number, mode in enumerate(itertools.islice(itertools.cycle(MODES), options.rounds), 1):
        print(f"drill {number} of {options.rounds}: {mode}", file=sys.stderr, flush=True)
        try:
            drills.append(drill(mode, options.users, options.minutes))
        except (DrillFailed, *STOPS) as error:
            print(f"drill {number}: {error}", file=sys.stderr)
            break
        figures.write("drill", {"drills": drills})
    if drills:
        Console().print(table(drills))
        print(f"figures: {figures.file('drill.json')}")
    sys.exit(0 if len(drills) == options.rounds and all(one.good for one in drills) else 1)


if __name__ == "__main__":
    main()
