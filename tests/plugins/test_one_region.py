"""A platform of one region has the stack's configuration without the passive one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.config import parse
from local.plugins import one_region
from local.site import CHECKOUT, Site

PAIR = yaml.safe_load((CHECKOUT / "Pulumi.local.yaml").read_text())["config"]


def stack(config: dict[str, Any]) -> Any:
    return parse({key.removeprefix("aura:"): value for key, value in config.items()})


def test_the_program_takes_it_and_differs_in_the_regions_alone() -> None:
    one = one_region.narrowed(PAIR)
    assert (stack(PAIR).pair.serving, stack(one).pair.serving) == (("us-west-2", "us-east-1"), ("us-west-2",))
    assert list(one["aura:regions"]) == ["us-west-2"]
    assert stack(one).regions["us-west-2"] == stack(PAIR).regions["us-west-2"]
    assert {key for key in PAIR if one[key] != PAIR[key]} == {"aura:pair", "aura:regions"}


def test_the_region_that_is_active_stays_whichever_it_is() -> None:
    roles = {"active": "us-east-1", "passive": "us-west-2", "witness": "us-east-2"}
    assert stack(one_region.narrowed({**PAIR, "aura:pair": roles})).pair.serving == ("us-east-1",)


@pytest.mark.parametrize(("named", "serving"), [("local", 1), ("prod", 2)])
def test_a_program_gets_the_values_of_its_own_stacks_file(tmp_path: Path, named: str, serving: int) -> None:
    """Run as the language host runs it. Another stack's program gets what pulumi gives it."""
    site = Site(tmp_path)
    one_region.write(site)
    given = {key: value if isinstance(value, str) else json.dumps(value) for key, value in PAIR.items()}
    program = "import json, os; print(json.loads(os.environ['PULUMI_CONFIG'])['aura:regions'])"
    done = subprocess.run(
        [str(CHECKOUT / "local" / "plugins" / "python"), "-c", program, "--stack", named],
        env={
            **os.environ,
            one_region.VARIABLE: str(one_region.file(site)),
            "PULUMI_CONFIG": json.dumps(given),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert (len(json.loads(done.stdout)), done.stderr) == (serving, "")
