"""Random inputs against real engines: `python -m tests.fuzz [--seconds S] [--seed N] [--only NAME]`.

Prints the seed; each finding names the command that repeats it. Ends by itself, and leaves no process behind.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.campaign import CASE, CASES, SECONDS, SEED
from tests.tiers import SECONDS_TO_END, end_leftovers

CAMPAIGNS = ("resources", "stream", "http", "aws", "pair", "workers")
TEN_MINUTES = 600.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=TEN_MINUTES, help="for all campaigns together (600)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="repeats the cases of a run")
    parser.add_argument("--only", choices=CAMPAIGNS, help="one campaign instead of all")
    parser.add_argument("--case", type=int, help="one case of this campaign")
    parser.add_argument("--cases", type=int, help="as many cases of this campaign, however long they take")
    options = parser.parse_args()
    chosen = [options.only] if options.only else list(CAMPAIGNS)
    if (options.case is not None or options.cases is not None) and not options.only:
        parser.error("--case and --cases need --only: each campaign numbers its own cases")
    print(f"seed {options.seed}: {', '.join(chosen)}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="aura-f"))  # short: a Unix socket's path below it has at most 107 bytes
    env = {**os.environ, "TMPDIR": str(folder), SEED: str(options.seed)}
    env[SECONDS] = str(options.seconds / len(chosen))
    if options.case is not None:
        env[CASE] = str(options.case)
    if options.cases is not None:
        env[CASES] = str(options.cases)
    files = [f"tests/fuzz/test_{name}.py" for name in chosen]
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-m", "fuzz", "--basetemp", folder / "p", *files]
    code = subprocess.run(command, env=env, check=False).returncode
    left = end_leftovers(folder, SECONDS_TO_END)
    for each in left:
        print(f"left behind (killed now): {each}")
    if code:
        print(f"seed {options.seed}; logs and data are in {folder}")
    else:
        shutil.rmtree(folder)
    return code or len(left)


if __name__ == "__main__":
    sys.exit(main())
