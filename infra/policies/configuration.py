"""Configuration of a stack as its file has it: the SDK shows policies none.

Where pulumi was given another file of that name (--config-file), AURA_CONFIG_FILE names it here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_CHECKOUT = Path(__file__).resolve().parents[2]
_PROJECTS = {"aura": _CHECKOUT, "aura-bootstrap": _CHECKOUT / "infra" / "bootstrap"}


@functools.cache
def configuration(project: str, stack: str) -> Mapping[str, Any]:
    """What stands there in plain text; {} without a file. Encrypted values are left out."""
    file = _PROJECTS.get(project, _CHECKOUT) / f"Pulumi.{stack}.yaml"
    other = Path(os.environ.get("AURA_CONFIG_FILE", ""))
    file = other if project == "aura" and other.name == file.name else file
    found = yaml.safe_load(file.read_text()).get("config", {}) if file.exists() else {}
    return without_secrets(found)


def without_secrets(value: Any) -> Any:
    """A secret is {secure: <encrypted text>}."""
    if isinstance(value, Mapping):
        return {key: without_secrets(item) for key, item in value.items() if not _encrypted(item)}
    return [without_secrets(item) for item in value if not _encrypted(item)] if isinstance(value, list) else value


def _encrypted(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"secure"}
