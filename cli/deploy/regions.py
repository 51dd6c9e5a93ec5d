"""How many regions this site has. That is decided when it is made: a stack that is to be a pair has to begin as one."""

from __future__ import annotations

import os

from cli.aws import stacks
from cli.deploy.stack import STACK
from cli.progress.steps import StepFailed
from local import plugins
from local.plugins import one_region
from local.site import Site

VARIABLE = "REGIONS"


def choose(site: Site) -> None:
    """As REGIONS says, 1 or 2; without it as the site has them, and both in a new one. Raises StepFailed.

    A site without a record was made when there was one region here.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked not in ("", "1", "2"):
        raise StepFailed(f"REGIONS is {asked}; it must be 1 or 2, or not be set")
    record = site.home / "pulumi" / "regions"
    made = None
    if plugins.has_stack(site):
        made = record.read_text() if record.exists() else "1"
    if made and asked and asked != made:
        raise StepFailed(
            f"this platform was made with {made} of 2 regions, and REGIONS is {asked}. It was left as it is. "
            "`make clean` deletes it and its data; the next `make up` makes another one."
        )
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(asked or made or "2")
    if record.read_text() == "1":
        one_region.write(site)


def serving(site: Site) -> tuple[str, ...]:
    """The regions with a cluster, the active one first."""
    stack = stacks.read(STACK)
    return stack.serving[:1] if one_region.file(site).exists() else stack.serving
