"""A platform of one region, for a small machine: the stack's configuration without its passive region.

The file of the checkout stays as it is. A site of one region has its own, which AURA_CONFIG_FILE names: plain pulumi
would take it by --config-file only, so the program of the stack is given its values here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.site import CHECKOUT, Site

VARIABLE = "AURA_CONFIG_FILE"
_NAME = "Pulumi.local.yaml"


def file(site: Site) -> Path:
    """It exists when the site has one region."""
    return site.home / "pulumi" / _NAME


def write(site: Site) -> None:
    """Writes the site's file anew, from the checkout's."""
    content = yaml.safe_load((CHECKOUT / _NAME).read_text())
    content["config"] = narrowed(content["config"])
    file(site).parent.mkdir(parents=True, exist_ok=True)
    draft = file(site).with_suffix(".new")
    draft.write_text(yaml.safe_dump(content, sort_keys=False))
    draft.replace(file(site))


def narrowed(config: Mapping[str, Any]) -> dict[str, Any]:
    """With the active region alone."""
    roles = {key: value for key, value in config["aura:pair"].items() if key != "passive"}
    active = roles["active"]
    return {
        **config,
        "aura:pair": roles,
        "aura:home": active,
        "aura:regions": {active: config["aura:regions"][active]},
    }


def given(config: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """What a program reads of PULUMI_CONFIG, with the file's `values`: texts as they are, all others as JSON."""
    known = {key: value for key, value in values.items() if key in config}
    return {**config, **{key: value if isinstance(value, str) else json.dumps(value) for key, value in known.items()}}
