"""Starts the stack's program as Pulumi's language host does, with the configuration of the site's one region."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from local.plugins import one_region

_CONFIG = "PULUMI_CONFIG"


def stack_of(arguments: Sequence[str]) -> str:
    """The value of --stack; "" without it."""
    return next((value for name, value in itertools.pairwise(arguments) if name == "--stack"), "")


def main() -> None:
    """Replaces this process by Python with the arguments, by which the language host names the program's stack."""
    chosen = Path(os.environ[one_region.VARIABLE])
    if chosen.name == f"Pulumi.{stack_of(sys.argv)}.yaml" and _CONFIG in os.environ:
        values = yaml.safe_load(chosen.read_text())["config"]
        os.environ[_CONFIG] = json.dumps(one_region.given(json.loads(os.environ[_CONFIG]), values))
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


if __name__ == "__main__":
    main()
